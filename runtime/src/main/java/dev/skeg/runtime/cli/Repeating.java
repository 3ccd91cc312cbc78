package dev.skeg.runtime.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Does something again and again, while something else takes its time.
 *
 * <p><b>Threads.</b> A virtual thread of its own does it; it is over when {@link #close} returns.
 */
final class Repeating implements AutoCloseable {
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;

  /**
   * Starts.
   *
   * @param first how long until the first time
   * @param pause between two times
   * @param last done in the end, if it came to the first time
   */
  Repeating(Duration first, Duration pause, Runnable each, Runnable last) {
    thread = Thread.ofVirtual().name("progress").start(() -> repeat(first, pause, each, last));
  }

  private void repeat(Duration first, Duration pause, Runnable each, Runnable last) {
    try {
      if (!closed.await(first.toNanos(), TimeUnit.NANOSECONDS)) {
        do {
          each.run();
        } while (!closed.await(pause.toNanos(), TimeUnit.NANOSECONDS));
        last.run();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    closed.countDown();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
