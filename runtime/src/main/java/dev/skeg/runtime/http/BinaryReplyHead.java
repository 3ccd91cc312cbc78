package dev.skeg.runtime.http;

import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.Tensor;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;

/**
 * The JSON document before binary outputs, written straight into the buffer, where all outputs are
 * binary and no name needs an escape. Byte for byte what a JSON library would write.
 */
final class BinaryReplyHead {
  private BinaryReplyHead() {}

  /** Writes the document; false, with nothing written, if that takes a JSON library. */
  static boolean write(ByteBuf head, InferCall call, InferenceResult.Completed result) {
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
