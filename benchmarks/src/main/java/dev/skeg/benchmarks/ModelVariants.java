package dev.skeg.benchmarks;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.skeg.proto.onnx.GraphProto;
import dev.skeg.proto.onnx.ModelProto;
import dev.skeg.proto.onnx.NodeProto;
import dev.skeg.proto.onnx.TensorProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Versions of one model that can be told apart by their answers: version {@code n} adds {@code (n -
 * 1) / 1024} to the first output, which must be of floats.
 */
final class ModelVariants {
  private static final String RAW = "benchmark_raw_output";
  private static final String ADDED = "benchmark_added";
  private static final float STEP = 1 / 1024f;

  private final ModelProto model;

  ModelVariants(byte[] model) throws InvalidProtocolBufferException {
    this.model = ModelProto.parseFrom(model);
  }

  /** Returns what a version adds; exact. */
  static float added(long number) {
    return (number - 1) * STEP;
  }

  /** Returns a version's file. */
  byte[] version(long number) {
    GraphProto.Builder graph = model.getGraph().toBuilder();
    String output = graph.getOutput(0).getName();
    for (NodeProto.Builder node : graph.getNodeBuilderList()) {
      for (int i = 0; i < node.getOutputCount(); i++) {
        if (node.getOutput(i).equals(output)) {
          node.setOutput(i, RAW);
        }
      }
      for (int i = 0; i < node.getInputCount(); i++) {
        if (node.getInput(i).equals(output)) {
          node.setInput(i, RAW);
        }
      }
    }
    byte[] added = new byte[Float.BYTES];
    ByteBuffer.wrap(added).order(ByteOrder.LITTLE_ENDIAN).putFloat(added(number));
    graph.addInitializer(
        TensorProto.newBuilder()
            .setName(ADDED)
            .setDataType(TensorProto.DataType.FLOAT_VALUE)
            .addDims(1)
            .setRawData(ByteString.copyFrom(added)));
    graph.addNode(
        NodeProto.newBuilder().setOpType("Add").addInput(RAW).addInput(ADDED).addOutput(output));
    return model.toBuilder().setGraph(graph).build().toByteArray();
  }
}
