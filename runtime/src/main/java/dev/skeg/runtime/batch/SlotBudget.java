package dev.skeg.runtime.batch;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/**
 * How much memory the slots of one version may take together, whatever shapes clients send.
 *
 * <p><b>Threads.</b> Any.
 */
final class SlotBudget {
  /** A lane's slot of 4 MiB a tensor and its like lent to answers, for a dozen shapes or so. */
  static final long MAX_BYTES = 128L << 20;

  private final AtomicLong taken = new AtomicLong();
  private final LongConsumer trim;

  /**
   * @param trim frees slots that are not used at the moment, of so many bytes if there are
   */
  SlotBudget(LongConsumer trim) {
    this.trim = trim;
  }

  /** Takes memory for a slot; false if there is none even after a trim. */
  boolean take(long bytes) {
    if (fits(bytes)) {
      return true;
    }
    trim.accept(bytes);
    return fits(bytes);
  }

  private boolean fits(long bytes) {
    if (taken.addAndGet(bytes) <= MAX_BYTES) {
      return true;
    }
    taken.addAndGet(-bytes);
    return false;
  }

  /** Gives back what a slot took. */
  void giveBack(long bytes) {
    taken.addAndGet(-bytes);
  }
}
