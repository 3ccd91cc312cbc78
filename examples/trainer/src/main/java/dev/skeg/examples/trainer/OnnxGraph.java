package dev.skeg.examples.trainer;

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
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * An ONNX model that is being written: opset 20, IR version 9. A dimension is a number, or a name
 * where it varies.
 */
final class OnnxGraph {
  /** ONNX's numbers for element types, by the names of the inference protocol. */
  enum Type {
    FP32(1),
    UINT8(2),
    INT8(3),
    UINT16(4),
    INT16(5),
    INT32(6),
    INT64(7),
    BYTES(8),
    BOOL(9),
    FP16(10),
    FP64(11),
    UINT32(12),
    UINT64(13),
    BF16(16);

    private final int number;

    Type(int number) {
      this.number = number;
    }
  }

  private final GraphProto.Builder graph = GraphProto.newBuilder();
  private final String description;
  private final List<StringStringEntryProto> metadata = new ArrayList<>();

  OnnxGraph(String name, String description) {
    graph.setName(name);
    this.description = description;
  }

  OnnxGraph input(String name, Type type, Object... dims) {
    graph.addInput(value(name, type, dims));
    return this;
  }

  OnnxGraph output(String name, Type type, Object... dims) {
    graph.addOutput(value(name, type, dims));
    return this;
  }

  /** Adds a text about the model, which the server may read. */
  OnnxGraph metadata(String key, String value) {
    metadata.add(StringStringEntryProto.newBuilder().setKey(key).setValue(value).build());
    return this;
  }

  /** Adds an operator of the standard domain; returns the output's name. */
  String node(String operator, List<String> inputs, String output, AttributeProto... attributes) {
    return node("", operator, inputs, output, attributes);
  }

  /** Adds an operator; returns the output's name. */
  String node(
      String domain,
      String operator,
      List<String> inputs,
      String output,
      AttributeProto... attributes) {
    graph.addNode(
        NodeProto.newBuilder()
            .setDomain(domain)
            .setOpType(operator)
            .setName(output + "_node")
            .addAllInput(inputs)
            .addOutput(output)
            .addAllAttribute(List.of(attributes)));
    return output;
  }

  /** Adds an operator with several outputs. */
  void nodes(
      String operator, List<String> inputs, List<String> outputs, AttributeProto... attributes) {
    graph.addNode(
        NodeProto.newBuilder()
            .setOpType(operator)
            .setName(outputs.getFirst() + "_node")
            .addAllInput(inputs)
            .addAllOutput(outputs)
            .addAllAttribute(List.of(attributes)));
  }

  /** Adds a constant; returns its name. */
  String floats(String name, float[] values, long... dims) {
    ByteBuffer data =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    data.asFloatBuffer().put(values);
    return constant(name, Type.FP32, data.array(), dims);
  }

  /** Adds a constant; returns its name. */
  String longs(String name, long[] values, long... dims) {
    ByteBuffer data =
        ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    data.asLongBuffer().put(values);
    return constant(name, Type.INT64, data.array(), dims);
  }

  private String constant(String name, Type type, byte[] data, long... dims) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(type.number)
            .setRawData(ByteString.copyFrom(data));
    for (long dim : dims) {
      tensor.addDims(dim);
    }
    graph.addInitializer(tensor);
    return name;
  }

  /** Returns the file's bytes. */
  byte[] build() {
    return ModelProto.newBuilder()
        .setIrVersion(9)
        .setProducerName("skeg-example-trainer")
        .setDocString(description)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(20))
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("ai.onnx.ml").setVersion(3))
        .setGraph(graph)
        .addAllMetadataProps(metadata)
        .build()
        .toByteArray();
  }

  private static ValueInfoProto value(String name, Type type, Object... dims) {
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
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder().setElemType(type.number).setShape(shape)))
        .build();
  }

  static AttributeProto attribute(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  static AttributeProto attribute(String name, float value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.FLOAT)
        .setF(value)
        .build();
  }

  static AttributeProto attribute(String name, String value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.STRING)
        .setS(ByteString.copyFromUtf8(value))
        .build();
  }

  static AttributeProto longsAttribute(String name, long... values) {
    AttributeProto.Builder attribute =
        AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS);
    for (long value : values) {
      attribute.addInts(value);
    }
    return attribute.build();
  }

  static AttributeProto floatsAttribute(String name, List<Float> values) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.FLOATS)
        .addAllFloats(values)
        .build();
  }

  static AttributeProto textsAttribute(String name, List<String> values) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.STRINGS)
        .addAllStrings(values.stream().map(ByteString::copyFromUtf8).toList())
        .build();
  }
}
