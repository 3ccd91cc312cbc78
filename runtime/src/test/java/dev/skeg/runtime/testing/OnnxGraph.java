package dev.skeg.runtime.testing;

import com.google.protobuf.ByteString;
import dev.skeg.proto.onnx.AttributeProto;
import dev.skeg.proto.onnx.GraphProto;
import dev.skeg.proto.onnx.ModelProto;
import dev.skeg.proto.onnx.NodeProto;
import dev.skeg.proto.onnx.OperatorSetIdProto;
import dev.skeg.proto.onnx.StringStringEntryProto;
import dev.skeg.proto.onnx.TensorProto;
import dev.skeg.proto.onnx.TensorShapeProto;
import dev.skeg.proto.onnx.TypeProto;
import dev.skeg.proto.onnx.ValueInfoProto;
import dev.skeg.runtime.model.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A tiny ONNX model that is built in memory, operator by operator.
 *
 * <pre>{@code
 * byte[] file = new OnnxGraph()
 *     .input("x", DataType.FP32, "n", 3)
 *     .output("y", DataType.FP32, "n", 3)
 *     .node("Neg", List.of("x"), List.of("y"))
 *     .build();
 * }</pre>
 */
public final class OnnxGraph {
  /** The domain of classical models' operators. */
  static final String CLASSICAL = "ai.onnx.ml";

  final GraphProto.Builder graph = GraphProto.newBuilder().setName("test");
  int irVersion = 8;
  private int operatorSet = 13;

  /** Begins a model of nothing. */
  public OnnxGraph() {}

  /** Declares an input; each dimension is a number or a name. */
  public OnnxGraph input(String name, DataType type, Object... dims) {
    graph.addInput(ValueInfoProto.newBuilder().setName(name).setType(tensorType(type, dims)));
    return this;
  }

  /** Declares an output; each dimension is a number or a name. */
  public OnnxGraph output(String name, DataType type, Object... dims) {
    graph.addOutput(ValueInfoProto.newBuilder().setName(name).setType(tensorType(type, dims)));
    return this;
  }

  /** Declares an input of any kind of type. */
  public OnnxGraph input(String name, TypeProto type) {
    graph.addInput(ValueInfoProto.newBuilder().setName(name).setType(type));
    return this;
  }

  /** Declares an output of any kind of type. */
  public OnnxGraph output(String name, TypeProto type) {
    graph.addOutput(ValueInfoProto.newBuilder().setName(name).setType(type));
    return this;
  }

  /** Chooses the version of the standard operators; 13 unless this is called. */
  public OnnxGraph operatorSet(int version) {
    operatorSet = version;
    return this;
  }

  /** Adds an operator of the standard domain. */
  public OnnxGraph node(
      String operator, List<String> inputs, List<String> outputs, AttributeProto... attributes) {
    return node("", operator, inputs, outputs, attributes);
  }

  /** Adds an operator of that domain: the standard one is empty. */
  public OnnxGraph node(
      String domain,
      String operator,
      List<String> inputs,
      List<String> outputs,
      AttributeProto... attributes) {
    graph.addNode(
        NodeProto.newBuilder()
            .setDomain(domain)
            .setOpType(operator)
            .addAllInput(inputs)
            .addAllOutput(outputs)
            .addAllAttribute(List.of(attributes)));
    return this;
  }

  /** Adds a constant of floats from a normal distribution. */
  public OnnxGraph floats(String name, long[] dims, long seed) {
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

  /** Adds a constant of floats that is all of a file beside the model's. */
  public OnnxGraph external(String name, String file, long... dims) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(1)
            .setDataLocation(TensorProto.DataLocation.EXTERNAL)
            .addExternalData(StringStringEntryProto.newBuilder().setKey("location").setValue(file));
    for (long dim : dims) {
      tensor.addDims(dim);
    }
    graph.addInitializer(tensor);
    return this;
  }

  /** Adds a constant list of 64-bit integers. */
  public OnnxGraph longs(String name, long... values) {
    ByteBuffer data =
        ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) {
      data.putLong(value);
    }
    graph.addInitializer(
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(7)
            .addDims(values.length)
            .setRawData(ByteString.copyFrom(data.array())));
    return this;
  }

  /** Returns the model's file. */
  public byte[] build() {
    return ModelProto.newBuilder()
        .setIrVersion(irVersion)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(operatorSet))
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain(CLASSICAL).setVersion(2))
        .setGraph(graph)
        .build()
        .toByteArray();
  }

  /** Returns a sequence type. */
  public static TypeProto sequenceOf(TypeProto element) {
    return TypeProto.newBuilder()
        .setSequenceType(TypeProto.Sequence.newBuilder().setElemType(element))
        .build();
  }

  /** Returns a map type. */
  public static TypeProto mapOf(DataType key, TypeProto value) {
    return TypeProto.newBuilder()
        .setMapType(TypeProto.Map.newBuilder().setKeyType(elementType(key)).setValueType(value))
        .build();
  }

  /** Returns an optional type. */
  public static TypeProto optionalOf(TypeProto content) {
    return TypeProto.newBuilder()
        .setOptionalType(TypeProto.Optional.newBuilder().setElemType(content))
        .build();
  }

  /** Returns a tensor type; each dimension is a number or a name. */
  public static TypeProto tensorType(DataType type, Object... dims) {
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

  /** Returns the number that ONNX has for a type. */
  static int elementType(DataType type) {
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
    AttributeProto.Builder attribute = attribute(name, AttributeProto.AttributeType.INTS);
    for (long value : values) {
      attribute.addInts(value);
    }
    return attribute.build();
  }

  /** Returns an attribute that is an integer. */
  public static AttributeProto integer(String name, long value) {
    return attribute(name, AttributeProto.AttributeType.INT).setI(value).build();
  }

  /** Returns an attribute that is a list of floats. */
  public static AttributeProto reals(String name, float... values) {
    AttributeProto.Builder attribute = attribute(name, AttributeProto.AttributeType.FLOATS);
    for (float value : values) {
      attribute.addFloats(value);
    }
    return attribute.build();
  }

  /** Returns an attribute that is a text. */
  public static AttributeProto text(String name, String value) {
    return attribute(name, AttributeProto.AttributeType.STRING)
        .setS(ByteString.copyFromUtf8(value))
        .build();
  }

  /** Returns an attribute that is a list of texts. */
  public static AttributeProto texts(String name, String... values) {
    AttributeProto.Builder attribute = attribute(name, AttributeProto.AttributeType.STRINGS);
    for (String value : values) {
      attribute.addStrings(ByteString.copyFromUtf8(value));
    }
    return attribute.build();
  }

  /** Returns an attribute that is a type. */
  public static AttributeProto type(String name, TypeProto value) {
    return attribute(name, AttributeProto.AttributeType.TYPE_PROTO).setTp(value).build();
  }

  private static AttributeProto.Builder attribute(String name, AttributeProto.AttributeType type) {
    return AttributeProto.newBuilder().setName(name).setType(type);
  }
}
