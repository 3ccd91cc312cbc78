package dev.skeg.benchmarks;

import com.google.protobuf.ByteString;
import dev.skeg.proto.onnx.AttributeProto;
import dev.skeg.proto.onnx.GraphProto;
import dev.skeg.proto.onnx.ModelProto;
import dev.skeg.proto.onnx.NodeProto;
import dev.skeg.proto.onnx.OperatorSetIdProto;
import dev.skeg.proto.onnx.TensorProto;
import dev.skeg.proto.onnx.TensorShapeProto;
import dev.skeg.proto.onnx.TypeProto;
import dev.skeg.proto.onnx.ValueInfoProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Writes the models that benchmarks run, one for each regime, as a repository: {@code BenchModels
 * DIR}. Their weights come from a seed and mean nothing.
 *
 * <ul>
 *   <li>{@code bench-identity}: as many floats as a request has back as they came; the cost of a
 *       request itself
 *   <li>{@code bench-mlp}: 32 → 128 → 64 → 1; some microseconds a row, far cheaper in batches
 *   <li>{@code bench-encoder}: a transformer encoder of two layers over 128-wide tokens, of which a
 *       request chooses the number
 *   <li>{@code bench-medium}: a small residual network, a few milliseconds a row
 *   <li>{@code bench-cnn}: a residual network of ResNet-18's shape, tens of milliseconds a row
 * </ul>
 */
final class BenchModels {
  private static final int FLOAT = TensorProto.DataType.FLOAT_VALUE;
  private static final int INT64 = TensorProto.DataType.INT64_VALUE;

  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("bench");
  private final SplittableRandom random;
  private int names;

  private BenchModels(long seed) {
    this.random = new SplittableRandom(seed);
  }

  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 1) {
      System.err.println("usage: BenchModels DIR");
      System.exit(2);
    }
    Path directory = Path.of(arguments[0]);
    write(directory, "bench-identity", identity());
    write(directory, "bench-mlp", perceptron());
    write(directory, "bench-encoder", encoder());
    write(directory, "bench-medium", residual(32, 40));
    write(directory, "bench-cnn", residual(224, 64));
  }

  private static void write(Path directory, String name, byte[] model) throws IOException {
    Path version = Files.createDirectories(directory.resolve(name).resolve("1"));
    Files.write(version.resolve("model.onnx"), model);
  }

  static byte[] identity() {
    BenchModels model = new BenchModels(1);
    model.input("x", "batch", "width");
    model.output("y", "batch", "width");
    model.node("Identity", "y", List.of("x"));
    return model.build();
  }

  static byte[] perceptron() {
    BenchModels model = new BenchModels(2);
    model.input("features", "batch", 32);
    model.output("score", "batch", 1);
    String hidden = model.relu(model.dense("features", 32, 128));
    hidden = model.relu(model.dense(hidden, 128, 64));
    model.node("Sigmoid", "score", List.of(model.dense(hidden, 64, 1)));
    return model.build();
  }

  /** Returns two layers of attention with four heads and a hidden layer of four times the width. */
  static byte[] encoder() {
    int width = 128;
    int heads = 4;
    BenchModels model = new BenchModels(3);
    model.input("tokens", "batch", "length", width);
    model.output("embedding", "batch", width);
    String at = "tokens";
    for (int layer = 0; layer < 2; layer++) {
      String query = model.heads(model.dense(at, width, width), heads, width / heads, 0, 2, 1, 3);
      String key = model.heads(model.dense(at, width, width), heads, width / heads, 0, 2, 3, 1);
      String value = model.heads(model.dense(at, width, width), heads, width / heads, 0, 2, 1, 3);
      String scores = model.node("MatMul", List.of(query, key));
      String scaled =
          model.node("Mul", List.of(scores, model.scalar(1 / Math.sqrt((double) width / heads))));
      String weights = model.node("Softmax", List.of(scaled), attribute("axis", -1));
      String mixed = model.node("MatMul", List.of(weights, value));
      String back = model.node("Transpose", List.of(mixed), attribute("perm", 0, 2, 1, 3));
      String joined = model.node("Reshape", List.of(back, model.longs(0, 0, width)));
      at =
          model.normalized(
              model.node("Add", List.of(at, model.dense(joined, width, width))), width);
      String hidden = model.relu(model.dense(at, width, 4 * width));
      at =
          model.normalized(
              model.node("Add", List.of(at, model.dense(hidden, 4 * width, width))), width);
    }
    model.node(
        "ReduceMean",
        "embedding",
        List.of(at),
        integers("axes", List.of(1L)),
        attribute("keepdims", 0));
    return model.build();
  }

  /**
   * Returns a network of ResNet-18's shape.
   *
   * @param size of the square image, of three channels
   * @param width channels of the first stage; ResNet-18 has 64
   */
  static byte[] residual(int size, int width) {
    BenchModels model = new BenchModels(4);
    model.input("image", "batch", 3, size, size);
    model.output("logits", "batch", 1000);
    String at;
    if (size < 64) { // As such networks are built for small images.
      at = model.relu(model.convolution("image", 3, width, 3, 1));
    } else {
      at =
          model.node(
              "MaxPool",
              List.of(model.relu(model.convolution("image", 3, width, 7, 2))),
              attribute("kernel_shape", 3, 3),
              attribute("strides", 2, 2),
              attribute("pads", 1, 1, 1, 1));
    }
    int channels = width;
    for (int stage = 0; stage < 4; stage++) {
      int wider = width << stage;
      for (int block = 0; block < 2; block++) {
        int stride = stage > 0 && block == 0 ? 2 : 1;
        String inner = model.relu(model.convolution(at, channels, wider, 3, stride));
        inner = model.convolution(inner, wider, wider, 3, 1);
        String shortcut =
            stride == 1 && channels == wider
                ? at
                : model.convolution(at, channels, wider, 1, stride);
        at = model.relu(model.node("Add", List.of(inner, shortcut)));
        channels = wider;
      }
    }
    String pooled = model.node("GlobalAveragePool", List.of(at));
    String flat = model.node("Flatten", List.of(pooled), attribute("axis", 1));
    String weights = model.weights(channels, channels, 1000);
    model.node("MatMul", "logits", List.of(flat, weights));
    return model.build();
  }

  private String convolution(String input, int from, int to, int kernel, int stride) {
    int pad = kernel / 2;
    return node(
        "Conv",
        List.of(input, weights(from * kernel * kernel, to, from, kernel, kernel), weights(100, to)),
        attribute("kernel_shape", kernel, kernel),
        attribute("strides", stride, stride),
        attribute("pads", pad, pad, pad, pad));
  }

  private String dense(String input, int from, int to) {
    String product = node("MatMul", List.of(input, weights(from, from, to)));
    return node("Add", List.of(product, weights(100, to)));
  }

  private String relu(String input) {
    return node("Relu", List.of(input));
  }

  private String heads(String input, int heads, int width, long... order) {
    String split = node("Reshape", List.of(input, longs(0, 0, heads, width)));
    return node("Transpose", List.of(split), attribute("perm", order));
  }

  private String normalized(String input, int width) {
    return node(
        "LayerNormalization",
        List.of(input, weights(1, width), weights(100, width)),
        attribute("axis", -1));
  }

  /** Adds constants from a normal distribution of variance 2 / {@code fanIn}. */
  private String weights(int fanIn, long... dims) {
    int count = 1;
    for (long dim : dims) {
      count = Math.multiplyExact(count, Math.toIntExact(dim));
    }
    ByteBuffer data = ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    double scale = Math.sqrt(2.0 / fanIn);
    for (int i = 0; i < count; i++) {
      data.putFloat((float) (random.nextGaussian() * scale));
    }
    return constant(FLOAT, data, dims);
  }

  private String scalar(double value) {
    ByteBuffer data = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    return constant(FLOAT, data.putFloat((float) value));
  }

  private String longs(long... values) {
    ByteBuffer data =
        ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) {
      data.putLong(value);
    }
    return constant(INT64, data, values.length);
  }

  private String constant(int type, ByteBuffer data, long... dims) {
    String name = "c" + names++;
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(type)
            .setRawData(ByteString.copyFrom(data.flip()));
    for (long dim : dims) {
      tensor.addDims(dim);
    }
    graph.addInitializer(tensor);
    return name;
  }

  private String node(String operator, List<String> inputs, AttributeProto... attributes) {
    return node(operator, "t" + names++, inputs, attributes);
  }

  private String node(
      String operator, String output, List<String> inputs, AttributeProto... attributes) {
    graph.addNode(
        NodeProto.newBuilder()
            .setOpType(operator)
            .addAllInput(inputs)
            .addOutput(output)
            .addAllAttribute(Arrays.asList(attributes)));
    return output;
  }

  private static AttributeProto attribute(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  private static AttributeProto attribute(String name, long first, long... rest) {
    List<Long> values = new ArrayList<>();
    values.add(first);
    for (long value : rest) {
      values.add(value);
    }
    return integers(name, values);
  }

  private static AttributeProto attribute(String name, long[] values) {
    return integers(name, Arrays.stream(values).boxed().toList());
  }

  private static AttributeProto integers(String name, List<Long> values) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INTS)
        .addAllInts(values)
        .build();
  }

  private void input(String name, Object... dims) {
    graph.addInput(value(name, dims));
  }

  private void output(String name, Object... dims) {
    graph.addOutput(value(name, dims));
  }

  private static ValueInfoProto value(String name, Object... dims) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (Object dim : dims) {
      if (dim instanceof Integer extent) {
        shape.addDimBuilder().setDimValue(extent);
      } else {
        shape.addDimBuilder().setDimParam(dim.toString());
      }
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(TypeProto.Tensor.newBuilder().setElemType(FLOAT).setShape(shape)))
        .build();
  }

  private byte[] build() {
    return ModelProto.newBuilder()
        .setIrVersion(8)
        .setProducerName("skeg-benchmarks")
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(17))
        .setGraph(graph)
        .build()
        .toByteArray();
  }
}
