package dev.skeg.runtime.http;

import dev.skeg.runtime.model.InferenceRequest;
import io.netty.buffer.ByteBuf;
import java.util.List;

/**
 * A decoded infer request, and how its answer is wanted.
 *
 * @param request its inputs point into {@code memory}
 * @param binaryOutputs for each output asked for, whether as binary data; empty if none was named
 * @param binaryByDefault for the outputs when none was named
 * @param memory released once the request has been answered
 */
record InferCall(
    InferenceRequest request,
    List<Boolean> binaryOutputs,
    boolean binaryByDefault,
    List<ByteBuf> memory) {

  /** Returns whether output {@code index} of the answer is wanted as binary data. */
  boolean isBinary(int index) {
    return index < binaryOutputs.size() ? binaryOutputs.get(index) : binaryByDefault;
  }

  /** Frees the memory of the inputs. Call once. */
  void release() {
    for (ByteBuf buffer : memory) {
      buffer.release();
    }
  }
}
