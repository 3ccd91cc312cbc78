package dev.skeg.runtime.http;

import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import org.jspecify.annotations.Nullable;

/**
 * The JSON document before binary outputs, written straight into the buffer, where all outputs are
 * binary and no name needs an escape. Byte for byte what a JSON library would write.
 */
final class BinaryReplyHead {
  private BinaryReplyHead() {}

  /**
   * The document last written: answers of one version and shape differ in their data alone. What it
   * was made from is compared by identity, which a version and its shapes keep.
   */
  @SuppressWarnings(
      "ReferenceEquality") // That is the point: it is cheaper, and a miss costs little.
  private static final class Last {
    private static final ThreadLocal<Last> OWN = ThreadLocal.withInitial(Last::new);

    private @Nullable ModelVersion version;
    private Shape[] shapes = new Shape[0];
    private String[] names = new String[0];
    private byte[] document = new byte[0];

    boolean fits(InferCall call, InferenceResult.Completed result) {
      InferenceOutputs outputs = result.outputs();
      if (result.servedBy() != version
          || outputs.size() != shapes.length
          || !call.request().id().isEmpty()) {
        return false;
      }
      for (int i = 0; i < shapes.length; i++) {
        Tensor output = outputs.get(i);
        if (output.shape() != shapes[i]
            || output.name() != names[i]
            || !output.type().isFixedSize()
            || !call.isBinary(i)) {
          return false;
        }
      }
      return true;
    }

    void keep(InferCall call, InferenceResult.Completed result, ByteBuf head, int start) {
      if (!call.request().id().isEmpty()) {
        return;
      }
      InferenceOutputs outputs = result.outputs();
      version = result.servedBy();
      shapes = new Shape[outputs.size()];
      names = new String[outputs.size()];
      for (int i = 0; i < shapes.length; i++) {
        shapes[i] = outputs.get(i).shape();
        names[i] = outputs.get(i).name();
      }
      document = new byte[head.writerIndex() - start];
      head.getBytes(start, document);
    }
  }

  /** Writes the document; false, with nothing written, if that takes a JSON library. */
  static boolean write(ByteBuf head, InferCall call, InferenceResult.Completed result) {
    Last last = Last.OWN.get();
    if (last.fits(call, result)) {
      head.writeBytes(last.document);
      return true;
    }
    int start = head.writerIndex();
    if (!writeNew(head, call, result)) {
      return false;
    }
    last.keep(call, result, head, start);
    return true;
  }

  /** Writes the document; false, with nothing written, if that takes a JSON library. */
  private static boolean writeNew(ByteBuf head, InferCall call, InferenceResult.Completed result) {
    InferenceOutputs outputs = result.outputs();
    if (!isPlain(call.request().id()) || !isPlain(result.servedBy().model())) {
      return false;
    }
    for (int i = 0; i < outputs.size(); i++) {
      if (!call.isBinary(i) || !isPlain(outputs.get(i).name())) {
        return false;
      }
    }
    text(head, "{");
    if (!call.request().id().isEmpty()) {
      text(head, "\"id\":\"");
      text(head, call.request().id());
      text(head, "\",");
    }
    text(head, "\"model_name\":\"");
    text(head, result.servedBy().model());
    text(head, "\",\"model_version\":\"");
    text(head, result.servedBy().numberText());
    text(head, "\",\"outputs\":[");
    for (int i = 0; i < outputs.size(); i++) {
      Tensor output = outputs.get(i);
      text(head, i == 0 ? "{\"name\":\"" : ",{\"name\":\"");
      text(head, output.name());
      text(head, "\",\"datatype\":\"");
      text(head, output.type().name());
      text(head, "\",\"shape\":[");
      for (int dim = 0; dim < output.shape().rank(); dim++) {
        if (dim > 0) {
          head.writeByte(',');
        }
        number(head, output.shape().dim(dim));
      }
      text(head, "],\"parameters\":{\"binary_data_size\":");
      number(head, output.data().byteSize());
      text(head, "}}");
    }
    text(head, "]}");
    return true;
  }

  private static boolean isPlain(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < ' ' || c > '~' || c == '"' || c == '\\') {
        return false;
      }
    }
    return true;
  }

  private static void text(ByteBuf head, String ascii) {
    var _ = ByteBufUtil.writeAscii(head, ascii);
  }

  private static void number(ByteBuf head, long value) {
    if (value >= 0 && value < 10) {
      head.writeByte('0' + (int) value);
    } else {
      text(head, Long.toString(value));
    }
  }
}
