package dev.skeg.runtime.batch;

import dev.skeg.runtime.backend.RunControl;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One run, as long as it lasts: ends it when the last request that it serves has been abandoned.
 *
 * <p><b>Threads.</b> {@link #lose} may be called by any; {@link #end} by the one that runs, which
 * leaves no termination behind for the next run of the same lane.
 */
final class RunToken {
  private static final int RUNNING = 0;
  private static final int TERMINATING = 1;
  private static final int TERMINATED = 2;
  private static final int ENDED = 3;

  private final RunControl control;
  private final AtomicInteger served;
  private final AtomicInteger state = new AtomicInteger(RUNNING);

  /**
   * @param served requests
   */
  RunToken(RunControl control, int served) {
    this.control = control;
    this.served = new AtomicInteger(served);
  }

  /** One request fewer is served. */
  void lose() {
    if (served.decrementAndGet() == 0 && state.compareAndSet(RUNNING, TERMINATING)) {
      try {
        control.terminate();
      } finally {
        state.set(TERMINATED);
      }
    }
  }

  /** Returns whether nobody waits for the answer. */
  boolean isLost() {
    return served.get() == 0;
  }

  /** The run is over; returns whether it was made to end. */
  boolean end() {
    if (state.compareAndSet(RUNNING, ENDED)) {
      return false;
    }
    while (state.get() == TERMINATING) {
      Thread.onSpinWait(); // For the one call that sets a flag.
    }
    control.clear();
    return true;
  }
}
