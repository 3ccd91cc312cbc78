package dev.skeg.runtime.cli;

import dev.skeg.monitor.baseline.BuildProgress;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Draws on standard error how far the building of a baseline has come, once it takes long.
 *
 * <p><b>Threads.</b> Any tells; a virtual thread draws, until this is closed.
 */
final class BuildTicker implements BuildProgress, AutoCloseable {
  private static final int WIDTH = 30;

  private record State(int pass, long rows, long doneBytes, long totalBytes, long nanos) {}

  private final Console console;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread printer;
  private final long begunNanos = System.nanoTime();
  private volatile State state = new State(1, 0, 0, 1, begunNanos);
  private volatile long passBegunNanos = begunNanos;

  /**
   * Starts.
   *
   * @param every how long until the first line, and between two
   */
  BuildTicker(Console console, Duration every) {
    this.console = console;
    this.printer = Thread.ofVirtual().name("progress").start(() -> print(every));
  }

  @Override
  public void moved(int pass, long rows, long doneBytes, long totalBytes) {
    long now = System.nanoTime();
    if (pass != state.pass()) {
      passBegunNanos = now;
    }
    state = new State(pass, rows, doneBytes, totalBytes, now);
  }

  private void print(Duration every) {
    try {
      while (!closed.await(every.toNanos(), TimeUnit.NANOSECONDS)) {
        console.problem(describe(state, passBegunNanos));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String describe(State now, long begunNanos) {
    double share = Math.clamp((double) now.doneBytes() / Math.max(1, now.totalBytes()), 0, 1);
    int done = (int) (share * WIDTH);
    double seconds = Math.max(1e-3, (now.nanos() - begunNanos) / 1e9);
    return String.format(
        Locale.ROOT,
        "pass %d of 2 [%s%s] %3.0f %% %,d rows, %,.0f rows/s",
        now.pass(),
        "#".repeat(done),
        ".".repeat(WIDTH - done),
        100 * share,
        now.rows(),
        now.rows() / seconds);
  }

  /** Returns how long it has taken so far. */
  Duration elapsed() {
    return Duration.ofNanos(System.nanoTime() - begunNanos);
  }

  /** Draws nothing any more. */
  @Override
  public void close() {
    closed.countDown();
    try {
      printer.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
