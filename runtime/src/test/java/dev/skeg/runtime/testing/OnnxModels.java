package dev.skeg.runtime.testing;

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
import dev.skeg.runtime.model.DataType;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/** Tiny ONNX models, built in memory. */
public final class OnnxModels {
  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("test");

  /** Begins a model of nothing. */
  public OnnxModels() {}

  /**
   * Returns a model that gives each tensor back as it came: one pair {@code <type>_in/_out} each.
   */
  public static byte[] identity(List<DataType> types, Object... dims) {
    OnnxModels model = new OnnxModels();
    for (DataType type : types) {
      String name = type.name().toLowerCase(Locale.ROOT);
      model
          .input(name + "_in", type, dims)
          .output(name + "_out", type, dims)
          .node("Identity", List.of(name + "_in"), List.of(name + "_out"));
    }
    return model.build();
  }

  /** Returns {@code y = mean of x over its rows}: variable rows that are not independent. */
  public static byte[] meanOverRows() {
    return new OnnxModels()
        .input("x", DataType.FP32, "n", 3)
        .output("y", DataType.FP32, "n", 3)
        .node("ReduceMean", List.of("x"), List.of("mean"), ints("axes", 0), integer("keepdims", 1))
        .node("Sub", List.of("x", "mean"), List.of("y"))
        .build();
  }

  /** Returns {@code y = relu(x · w + b)}, seeded weights: rows are independent. */
  public static byte[] dense(int inputs, int outputs) {
    return new OnnxModels()
        .input("x", DataType.FP32, "batch", inputs)
        .output("y", DataType.FP32, "batch", outputs)
        .floats("w", new long[] {inputs, outputs}, 1)
        .floats("b", new long[] {outputs}, 2)
        .node("Gemm", List.of("x", "w", "b"), List.of("h"))
        .node("Relu", List.of("h"), List.of("y"))
        .build();
  }

  /** Returns a model with a scalar in and out: {@code y = x + x}. */
  public static byte[] scalar() {
    return new OnnxModels()
        .input("x", DataType.FP32)
        .output("y", DataType.FP32)
        .node("Add", List.of("x", "x"), List.of("y"))
        .build();
  }

  /** Returns {@code y = x + bias}, where bias has a default of 1 and may be left out. */
  public static byte[] optionalInput() {
    OnnxModels model =
        new OnnxModels()
            .input("x", DataType.FP32, "n")
            .input("bias", DataType.FP32, 1)
            .output("y", DataType.FP32, "n")
            .node("Add", List.of("x", "bias"), List.of("y"));
    model.graph.addInitializer(
        TensorProto.newBuilder()
            .setName("bias")
            .setDataType(1)
            .addDims(1)
            .setRawData(ByteString.copyFrom(new byte[] {0, 0, (byte) 0x80, 0x3f})));
    return model.build();
  }

  /** Returns a model that fails while it runs if an index is 3 or more. */
  public static byte[] gather() {
    return new OnnxModels()
        .input("index", DataType.INT64, "n")
        .output("value", DataType.FP32, "n")
        .floats("table", new long[] {3}, 1)
        .node("Gather", List.of("table", "index"), List.of("value"))
        .build();
  }

  /** Returns a model with a tensor output and one that is a sequence. */
  public static byte[] sequenceOutput() {
    OnnxModels model =
        new OnnxModels()
            .input("x", DataType.FP32, "n")
            .output("y", DataType.FP32, "n")
            .node("Identity", List.of("x"), List.of("y"))
            .node("SequenceConstruct", List.of("x", "x"), List.of("pair"));
    model.graph.addOutput(
        ValueInfoProto.newBuilder()
            .setName("pair")
            .setType(
                TypeProto.newBuilder()
                    .setSequenceType(
                        TypeProto.Sequence.newBuilder()
                            .setElemType(tensorType(DataType.FP32, "n")))));
    return model.build();
  }

  /** Declares an input; each dimension is a number or a name. */
  public OnnxModels input(String name, DataType type, Object... dims) {
    graph.addInput(ValueInfoProto.newBuilder().setName(name).setType(tensorType(type, dims)));
    return this;
  }

  /** Declares an output; each dimension is a number or a name. */
  public OnnxModels output(String name, DataType type, Object... dims) {
    graph.addOutput(ValueInfoProto.newBuilder().setName(name).setType(tensorType(type, dims)));
    return this;
  }

  /** Adds an operator of the standard domain. */
  public OnnxModels node(
      String operator, List<String> inputs, List<String> outputs, AttributeProto... attributes) {
    graph.addNode(
        NodeProto.newBuilder()
            .setOpType(operator)
            .addAllInput(inputs)
            .addAllOutput(outputs)
            .addAllAttribute(List.of(attributes)));
    return this;
  }

  /** Adds a constant of floats from a normal distribution. */
  public OnnxModels floats(String name, long[] dims, long seed) {
    int count = 1;
    for (long dim : dims) {
      count *= Math.toIntExact(dim);
    }
    SplittableRandom random = new SplittableRandom(seed);
    ByteBuffer data = ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      data.putFloat((float) random.nextGaussian());
    }
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(1)
            .setRawData(ByteString.copyFrom(data.array()));
    for (long dim : dims) {
      tensor.addDims(dim);
    }
    graph.addInitializer(tensor);
    return this;
  }

  /** Returns the model's file. */
  public byte[] build() {
    return ModelProto.newBuilder()
        .setIrVersion(8)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(13))
        .setGraph(graph)
        .build()
        .toByteArray();
  }

  private static TypeProto tensorType(DataType type, Object... dims) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (Object dim : dims) {
      TensorShapeProto.Dimension.Builder dimension = TensorShapeProto.Dimension.newBuilder();
      if (dim instanceof Number number) {
        dimension.setDimValue(number.longValue());
      } else {
        dimension.setDimParam(dim.toString());
      }
      shape.addDim(dimension);
    }
    return TypeProto.newBuilder()
        .setTensorType(TypeProto.Tensor.newBuilder().setElemType(elementType(type)).setShape(shape))
        .build();
  }

  private static int elementType(DataType type) {
    return switch (type) {
      case FP32 -> 1;
      case UINT8 -> 2;
      case INT8 -> 3;
      case UINT16 -> 4;
      case INT16 -> 5;
      case INT32 -> 6;
      case INT64 -> 7;
      case BYTES -> 8;
      case BOOL -> 9;
      case FP16 -> 10;
      case FP64 -> 11;
      case UINT32 -> 12;
      case UINT64 -> 13;
      case BF16 -> 16;
    };
  }

  /** Returns an attribute that is a list of integers. */
  public static AttributeProto ints(String name, long... values) {
    AttributeProto.Builder attribute =
        AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS);
    for (long value : values) {
      attribute.addInts(value);
    }
    return attribute.build();
  }

  /** Returns an attribute that is an integer. */
  public static AttributeProto integer(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  /** Returns a BYTES tensor's wire form. */
  public static byte[] wireStrings(byte[]... strings) {
    ByteArrayOutputStream wire = new ByteArrayOutputStream();
    for (byte[] string : strings) {
      wire.writeBytes(
          ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(string.length).array());
      wire.writeBytes(string);
    }
    return wire.toByteArray();
  }

  /** Returns a BYTES tensor's wire form of texts. */
  public static byte[] wireStrings(String... strings) {
    byte[][] bytes = new byte[strings.length][];
    for (int i = 0; i < strings.length; i++) {
      bytes[i] = strings[i].getBytes(StandardCharsets.UTF_8);
    }
    return wireStrings(bytes);
  }
}
