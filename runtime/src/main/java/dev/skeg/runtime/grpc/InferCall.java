package dev.skeg.runtime.grpc;

import dev.skeg.runtime.model.InferenceRequest;
import io.grpc.Status;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/** What a message to {@code ModelInfer} turned out to be. */
sealed interface InferCall {
  /**
   * A request to pass on.
   *
   * @param memory the network's buffer that the tensors point into; null if they point to the heap
   */
  record Valid(InferenceRequest request, @Nullable Closeable memory) implements InferCall {
    /** Gives the tensors' memory back; once, after the last use of them. */
    void release() {
      InferCall.release(memory);
    }
  }

  /** Refused, for the reason given. */
  record Invalid(Status status) implements InferCall {}

  /** Closes a message's memory, if it is not on the heap. */
  static void release(@Nullable Closeable memory) {
    if (memory != null) {
      try {
        memory.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e); // A buffer in memory; it has no reason to.
      }
    }
  }
}
