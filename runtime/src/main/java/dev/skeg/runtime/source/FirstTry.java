package dev.skeg.runtime.source;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Whether a source's first version was tried, and when something last happened on the way there: a
 * finding, bytes that came, a load. <b>Threads.</b> Any.
 */
final class FirstTry {
  private static final Duration SHORTEST_WAIT = Duration.ofMillis(10);

  private final CountDownLatch tried = new CountDownLatch(1);
  private volatile long activeNanos = System.nanoTime();
  private volatile boolean isLoading;

  /** Says that something happened. */
  void active() {
    activeNanos = System.nanoTime();
  }

  /** Says that a load begins or ends, which may take its time. */
  void loading(boolean begins) {
    isLoading = begins;
    active();
  }

  /** Says that the first version was tried. */
  void done() {
    tried.countDown();
  }

  /**
   * Waits until it was tried, or nothing has happened for longer than {@code patience}.
   *
   * @return whether it was tried
   */
  boolean await(Duration patience) throws InterruptedException {
    while (true) {
      long leftNanos = patience.toNanos() - (System.nanoTime() - activeNanos);
      if (tried.await(Math.max(leftNanos, SHORTEST_WAIT.toNanos()), TimeUnit.NANOSECONDS)) {
        return true;
      }
      if (!isLoading && System.nanoTime() - activeNanos >= patience.toNanos()) {
        return false;
      }
    }
  }
}
