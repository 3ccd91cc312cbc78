package dev.skeg.runtime.model;

/**
 * The tensors that a model answered with, in the order asked for.
 *
 * <p><b>Ownership.</b> Whoever receives them closes them, exactly once, after the last byte has
 * been written or copied; their memory is invalid afterwards. <b>Threads.</b> Any one thread at a
 * time.
 */
public interface InferenceOutputs extends AutoCloseable {
  /** Returns the number of tensors. */
  int size();

  /** Returns tensor {@code index}, 0 to {@link #size()} - 1. */
  Tensor get(int index);

  /** Returns what preparing the inputs took, in nanoseconds; 0 where the backend cannot tell. */
  default long inputNanos() {
    return 0;
  }

  /** Returns what preparing these outputs took, in nanoseconds; 0 where the backend cannot tell. */
  default long outputNanos() {
    return 0;
  }

  /** Frees the tensors' memory. */
  @Override
  void close();
}
