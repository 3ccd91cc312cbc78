package dev.skeg.runtime.testing;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.skeg.proto.onnx.ModelProto;
import dev.skeg.proto.onnx.StringStringEntryProto;
import dev.skeg.proto.onnx.TensorProto;
import dev.skeg.proto.onnx.TensorShapeProto;
import dev.skeg.proto.onnx.TypeProto;
import dev.skeg.runtime.model.DataType;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Tiny ONNX models that are ready; others are built with {@link OnnxGraph}. */
public final class OnnxModels {
  /** What {@link #ragged} is served by, without {@code max_batch_size}; quotes are single. */
  public static final String RAGGED_CONFIG =
      """
      input { name: 'INPUT' data_type: TYPE_FP32 dims: -1 allow_ragged_batch: true }
      batch_input {
        kind: BATCH_ACCUMULATED_ELEMENT_COUNT
        target_name: 'INDEX'
        data_type: TYPE_FP32
        source_input: 'INPUT'
      }
      batch_input {
        kind: BATCH_ELEMENT_COUNT
        target_name: 'COUNT'
        data_type: TYPE_INT32
        source_input: 'INPUT'
      }
      """;

  private OnnxModels() {}

  /**
   * Returns a model that gives each tensor back as it came: one pair {@code <type>_in/_out} each.
   */
  public static byte[] identity(List<DataType> types, Object... dims) {
    OnnxGraph model = new OnnxGraph();
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
    return new OnnxGraph()
        .input("x", DataType.FP32, "n", 3)
        .output("y", DataType.FP32, "n", 3)
        .node(
            "ReduceMean",
            List.of("x"),
            List.of("mean"),
            OnnxGraph.ints("axes", 0),
            OnnxGraph.integer("keepdims", 1))
        .node("Sub", List.of("x", "mean"), List.of("y"))
        .build();
  }

  /** Returns {@code y = the largest value of each row of x}: rows of any width. */
  public static byte[] largestOfRow() {
    return new OnnxGraph()
        .input("x", DataType.FP32, "n", "k")
        .output("y", DataType.FP32, "n", 1)
        .node(
            "ReduceMax",
            List.of("x"),
            List.of("y"),
            OnnxGraph.ints("axes", 1),
            OnnxGraph.integer("keepdims", 1))
        .build();
  }

  /** Returns a model that takes two rows and no other number: {@code y = -x}, both [2,3]. */
  public static byte[] fixedBatch() {
    return new OnnxGraph()
        .input("x", DataType.FP32, 2, 3)
        .output("y", DataType.FP32, 2, 3)
        .node("Neg", List.of("x"), List.of("y"))
        .build();
  }

  /** Returns a perceptron of one hidden layer, seeded weights: 64 → 128 → 1, a probability. */
  public static byte[] perceptron() {
    return new OnnxGraph()
        .input("features", DataType.FP32, "batch", 64)
        .output("score", DataType.FP32, "batch", 1)
        .floats("w1", new long[] {64, 128}, 11)
        .floats("b1", new long[] {128}, 12)
        .floats("w2", new long[] {128, 1}, 13)
        .floats("b2", new long[] {1}, 14)
        .node("Gemm", List.of("features", "w1", "b1"), List.of("z1"))
        .node("Relu", List.of("z1"), List.of("a1"))
        .node("Gemm", List.of("a1", "w2", "b2"), List.of("z2"))
        .node("Sigmoid", List.of("z2"), List.of("score"))
        .build();
  }

  /**
   * Returns the model of Triton's page on ragged batches, of {@link #RAGGED_CONFIG}: {@code INPUT}
   * has the elements of all requests, {@code INDEX} where those of each end, and {@code COUNT} how
   * many each has. For each request it gives {@code OUTPUT = -INPUT} and {@code ENDS = INDEX}.
   */
  public static byte[] ragged() {
    return new OnnxGraph()
        .input("INPUT", DataType.FP32, "elements")
        .input("INDEX", DataType.FP32, "requests")
        .input("COUNT", DataType.INT32, "requests")
        .output("OUTPUT", DataType.FP32, "requests", "elements")
        .output("ENDS", DataType.FP32, "requests", "ends")
        .longs("row", 1, -1)
        .longs("column", -1, 1)
        .node("Cast", List.of("COUNT"), List.of("counts"), OnnxGraph.integer("to", 1))
        .node("Div", List.of("counts", "counts"), List.of("ones"))
        .node("Reshape", List.of("ones", "column"), List.of("each"))
        .node("Neg", List.of("INPUT"), List.of("negative"))
        .node("Reshape", List.of("negative", "row"), List.of("elements"))
        .node("MatMul", List.of("each", "elements"), List.of("OUTPUT"))
        .node("Reshape", List.of("INDEX", "row"), List.of("ends"))
        .node("MatMul", List.of("each", "ends"), List.of("ENDS"))
        .build();
  }

  /**
   * Returns a classifier as scikit-learn exports one: {@code label} [n] INT64, {@code scores} [n,2]
   * and {@code probabilities}, a sequence of maps from label to score.
   */
  public static byte[] classifier() {
    return classifier(true);
  }

  /** Returns that classifier with nothing but its sequence of maps for an output. */
  public static byte[] sequenceOutputOnly() {
    return classifier(false);
  }

  private static byte[] classifier(boolean withTensors) {
    OnnxGraph model = new OnnxGraph().input("x", DataType.FP32, "n", 2);
    if (withTensors) {
      model.output("label", DataType.INT64, "n").output("scores", DataType.FP32, "n", 2);
    }
    return model
        .output(
            "probabilities",
            OnnxGraph.sequenceOf(
                OnnxGraph.mapOf(DataType.INT64, OnnxGraph.tensorType(DataType.FP32))))
        .node(
            OnnxGraph.CLASSICAL,
            "LinearClassifier",
            List.of("x"),
            List.of("label", "scores"),
            OnnxGraph.reals("coefficients", 1, -1, -1, 1),
            OnnxGraph.reals("intercepts", 0, 0),
            OnnxGraph.ints("classlabels_ints", 7, 9),
            OnnxGraph.text("post_transform", "SOFTMAX"))
        .node(
            OnnxGraph.CLASSICAL,
            "ZipMap",
            List.of("scores"),
            List.of("probabilities"),
            OnnxGraph.ints("classlabels_int64s", 7, 9))
        .build();
  }

  /**
   * Returns a model that looks strings up by their bytes: {@code id} is the position of {@code
   * text} among {@code keys}, -1 if it is none of them.
   */
  public static byte[] lookup(String... keys) {
    long[] positions = new long[keys.length];
    for (int i = 0; i < keys.length; i++) {
      positions[i] = i;
    }
    return new OnnxGraph()
        .input("text", DataType.BYTES, "n")
        .output("id", DataType.INT64, "n")
        .node(
            OnnxGraph.CLASSICAL,
            "LabelEncoder",
            List.of("text"),
            List.of("id"),
            OnnxGraph.texts("keys_strings", keys),
            OnnxGraph.ints("values_int64s", positions),
            OnnxGraph.integer("default_int64", -1))
        .build();
  }

  /** Returns {@code y = x} converted from one datatype to another. */
  public static byte[] cast(DataType from, DataType to) {
    return new OnnxGraph()
        .input("x", from, "n")
        .output("y", to, "n")
        .node(
            "Cast", List.of("x"), List.of("y"), OnnxGraph.integer("to", OnnxGraph.elementType(to)))
        .build();
  }

  /** Returns a model whose one output is its input by the same name, with no operator between. */
  public static byte[] passThrough() {
    return new OnnxGraph()
        .input("x", DataType.FP32, "n")
        .output("x", DataType.FP32, "n")
        .output("y", DataType.FP32, "n")
        .node("Neg", List.of("x"), List.of("y"))
        .build();
  }

  /**
   * Returns a model without inputs that gives {@code count} constant floats, {@link
   * OnnxGraph#floats}.
   */
  public static byte[] constant(int count, long seed) {
    return new OnnxGraph()
        .output("c", DataType.FP32, count)
        .floats("c", new long[] {count}, seed)
        .build();
  }

  /** Returns {@code y = x + x} for an x of any shape: the file says nothing of its shape. */
  public static byte[] anyShape() {
    TypeProto type =
        TypeProto.newBuilder()
            .setTensorType(
                TypeProto.Tensor.newBuilder().setElemType(OnnxGraph.elementType(DataType.FP32)))
            .build();
    return new OnnxGraph()
        .input("x", type)
        .output("y", type)
        .node("Add", List.of("x", "x"), List.of("y"))
        .build();
  }

  /** Returns a model whose input and output are optional tensors; it gives what it takes. */
  public static byte[] optionalTypes() {
    TypeProto type = OnnxGraph.optionalOf(OnnxGraph.tensorType(DataType.FP32, "n"));
    return new OnnxGraph()
        .operatorSet(16)
        .input("x", type)
        .output("y", type)
        .node("Identity", List.of("x"), List.of("y"))
        .build();
  }

  /** Returns a model with an output that is optional and always empty, and {@code y = -x}. */
  public static byte[] emptyOptional() {
    TypeProto content = OnnxGraph.tensorType(DataType.FP32, "n");
    return new OnnxGraph()
        .operatorSet(15)
        .input("x", DataType.FP32, "n")
        .output("y", DataType.FP32, "n")
        .output("nothing", OnnxGraph.optionalOf(content))
        .node("Neg", List.of("x"), List.of("y"))
        .node("Optional", List.of(), List.of("nothing"), OnnxGraph.type("type", content))
        .build();
  }

  /** Returns a model that takes a type that the protocol has not: an 8-bit float. */
  public static byte[] eightBitFloatInput() {
    TypeProto type =
        TypeProto.newBuilder()
            .setTensorType(
                TypeProto.Tensor.newBuilder()
                    .setElemType(TensorProto.DataType.FLOAT8E4M3FN_VALUE)
                    .setShape(
                        TensorShapeProto.newBuilder()
                            .addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(1))))
            .build();
    OnnxGraph model =
        new OnnxGraph()
            .operatorSet(19)
            .input("x", type)
            .output("y", DataType.FP32, 1)
            .node(
                "Cast",
                List.of("x"),
                List.of("y"),
                OnnxGraph.integer("to", OnnxGraph.elementType(DataType.FP32)));
    model.irVersion = 9;
    return model.build();
  }

  /** Returns the first half of a model's file. */
  public static byte[] truncated() {
    byte[] whole = perceptron();
    return Arrays.copyOf(whole, whole.length / 2);
  }

  /** Returns a model with an operator that exists nowhere. */
  public static byte[] unknownOperator() {
    return new OnnxGraph()
        .input("x", DataType.FP32, "n")
        .output("y", DataType.FP32, "n")
        .node("NoSuchOperator", List.of("x"), List.of("y"))
        .build();
  }

  /** Returns {@code y = relu(x · w + b)}, seeded weights: rows are independent. */
  public static byte[] dense(int inputs, int outputs) {
    return new OnnxGraph()
        .input("x", DataType.FP32, "batch", inputs)
        .output("y", DataType.FP32, "batch", outputs)
        .floats("w", new long[] {inputs, outputs}, 1)
        .floats("b", new long[] {outputs}, 2)
        .node("Gemm", List.of("x", "w", "b"), List.of("h"))
        .node("Relu", List.of("h"), List.of("y"))
        .build();
  }

  /** Returns {@code y = x + added}, of rows of one float. */
  public static byte[] adding(float added) {
    return addition(added).build();
  }

  /** Returns the same with so many floats that nothing needs, which make the file large. */
  public static byte[] adding(float added, int ballast) {
    return addition(added).floats("ballast", new long[] {ballast}, (long) added).build();
  }

  private static OnnxGraph addition(float added) {
    OnnxGraph model =
        new OnnxGraph()
            .input("x", DataType.FP32, "batch", 1)
            .output("y", DataType.FP32, "batch", 1)
            .node("Add", List.of("x", "added"), List.of("y"));
    model.graph.addInitializer(
        TensorProto.newBuilder()
            .setName("added")
            .setDataType(1)
            .addDims(1)
            .setRawData(
                ByteString.copyFrom(
                    ByteBuffer.allocate(Float.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putFloat(0, added)
                        .array())));
    return model;
  }

  /** Returns a model with a scalar in and out: {@code y = x + x}. */
  public static byte[] scalar() {
    return new OnnxGraph()
        .input("x", DataType.FP32)
        .output("y", DataType.FP32)
        .node("Add", List.of("x", "x"), List.of("y"))
        .build();
  }

  /** Returns {@code y = x + bias}, where bias has a default of 1 and may be left out. */
  public static byte[] optionalInput() {
    OnnxGraph model =
        new OnnxGraph()
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
    return gather(3);
  }

  /** Returns a model that fails while it runs if an index is {@code entries} or more. */
  public static byte[] gather(int entries) {
    return new OnnxGraph()
        .input("index", DataType.INT64, "n")
        .output("value", DataType.FP32, "n")
        .floats("table", new long[] {entries}, 1)
        .node("Gather", List.of("table", "index"), List.of("value"))
        .build();
  }

  /** Returns a model with a tensor output and one that is a sequence. */
  public static byte[] sequenceOutput() {
    OnnxGraph model =
        new OnnxGraph()
            .input("x", DataType.FP32, "n")
            .output("y", DataType.FP32, "n")
            .node("Identity", List.of("x"), List.of("y"))
            .node("SequenceConstruct", List.of("x", "x"), List.of("pair"));
    return model
        .output("pair", OnnxGraph.sequenceOf(OnnxGraph.tensorType(DataType.FP32, "n")))
        .build();
  }

  /** Returns a model's file with that under a key of its metadata, too. */
  public static byte[] withMetadata(byte[] file, String key, String value) {
    try {
      return ModelProto.parseFrom(file).toBuilder()
          .addMetadataProps(StringStringEntryProto.newBuilder().setKey(key).setValue(value))
          .build()
          .toByteArray();
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("file: no model (expected: one of these)", e);
    }
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
