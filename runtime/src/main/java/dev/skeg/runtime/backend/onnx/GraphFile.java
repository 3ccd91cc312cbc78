package dev.skeg.runtime.backend.onnx;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.WireFormat;
import dev.skeg.proto.onnx.GraphProto;
import dev.skeg.proto.onnx.ModelProto;
import dev.skeg.proto.onnx.NodeProto;
import dev.skeg.proto.onnx.TensorProto;
import dev.skeg.proto.onnx.ValueInfoProto;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Reads the graph of a model's file without its weights, which are skipped where they lie: of a
 * file of any size no more is held than its operators.
 */
final class GraphFile {
  /** Longer constants are weights: nothing looks at their values. */
  private static final int MAX_VALUE_BYTES = 4 << 10;

  private static final ExtensionRegistryLite NONE = ExtensionRegistryLite.getEmptyRegistry();

  private GraphFile() {}

  /** Returns the graph; empty if the file is not of ONNX's own format. */
  static Optional<GraphProto> read(Path file) {
    try (InputStream stream = Files.newInputStream(file)) {
      CodedInputStream in = CodedInputStream.newInstance(stream);
      GraphProto.Builder graph = GraphProto.newBuilder();
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (isMessage(tag, ModelProto.GRAPH_FIELD_NUMBER)) {
          int limit = in.pushLimit(in.readRawVarint32());
          readGraph(in, graph);
          in.popLimit(limit);
        } else if (!in.skipField(tag)) {
          return Optional.empty();
        }
      }
      return Optional.of(graph.build());
    } catch (IOException otherFormat) {
      return Optional.empty();
    }
  }

  private static boolean isMessage(int tag, int field) {
    return tag == (field << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED);
  }

  private static void readGraph(CodedInputStream in, GraphProto.Builder graph) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (isMessage(tag, GraphProto.NODE_FIELD_NUMBER)) {
        NodeProto.Builder node = graph.addNodeBuilder();
        in.readMessage(node, NONE);
      } else if (isMessage(tag, GraphProto.INPUT_FIELD_NUMBER)) {
        ValueInfoProto.Builder input = graph.addInputBuilder();
        in.readMessage(input, NONE);
      } else if (isMessage(tag, GraphProto.OUTPUT_FIELD_NUMBER)) {
        ValueInfoProto.Builder output = graph.addOutputBuilder();
        in.readMessage(output, NONE);
      } else if (isMessage(tag, GraphProto.VALUE_INFO_FIELD_NUMBER)) {
        ValueInfoProto.Builder value = graph.addValueInfoBuilder();
        in.readMessage(value, NONE);
      } else if (isMessage(tag, GraphProto.INITIALIZER_FIELD_NUMBER)) {
        readInitializer(in, graph.addInitializerBuilder());
      } else {
        var _ = in.skipField(tag);
      }
    }
  }

  /** Reads a constant: its values only if they are few. */
  private static void readInitializer(CodedInputStream in, TensorProto.Builder tensor)
      throws IOException {
    int length = in.readRawVarint32();
    int limit = in.pushLimit(length);
    if (length <= MAX_VALUE_BYTES) {
      tensor.mergeFrom(in, NONE);
    } else {
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (isMessage(tag, TensorProto.NAME_FIELD_NUMBER)) {
          tensor.setName(in.readStringRequireUtf8());
        } else if (tag == (TensorProto.DATA_TYPE_FIELD_NUMBER << 3 | WireFormat.WIRETYPE_VARINT)) {
          tensor.setDataType(in.readInt32());
        } else {
          var _ = in.skipField(tag);
        }
      }
    }
    in.popLimit(limit);
  }
}
