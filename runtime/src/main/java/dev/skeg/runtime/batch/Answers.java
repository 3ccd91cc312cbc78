package dev.skeg.runtime.batch;

import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.tap.LaneTap;
import dev.skeg.runtime.tap.TapLayout;

/**
 * What a run of a batch gave, to be cut up among its requests.
 *
 * <p><b>Ownership.</b> {@link #part} gives each request its own, once, in the batch's order;
 * closing frees what no part has. <b>Threads.</b> The baton holder's.
 */
abstract sealed class Answers implements AutoCloseable permits SlotAnswers, TensorAnswers {
  private final long inputNanos;
  private final long inferNanos;
  private final long endNanos;

  Answers(long inputNanos, long inferNanos, long endNanos) {
    this.inputNanos = inputNanos;
    this.inferNanos = inferNanos;
    this.endNanos = endNanos;
  }

  /** Returns what preparing the inputs took. */
  final long inputNanos() {
    return inputNanos;
  }

  /** Returns what the engine took. */
  final long inferNanos() {
    return inferNanos;
  }

  /** Returns when the run was over, by {@link System#nanoTime()}. */
  final long endNanos() {
    return endNanos;
  }

  /**
   * Returns the outputs of the batch's request of that index; if they are all that it is answered,
   * its claim is theirs from now on.
   */
  abstract InferenceOutputs part(int index);

  /**
   * Records the batch's rows for those who watch: all that the model has answered, also of a
   * request whose other rows, which run apart, fail.
   *
   * @param isHandedOver whether all answers have been handed over, or none has
   * @param index of the request to record; -1 for all of the batch
   */
  abstract void record(LaneTap tap, TapLayout layout, boolean isHandedOver, int index);

  @Override
  public abstract void close();
}
