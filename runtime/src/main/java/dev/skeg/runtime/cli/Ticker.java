package dev.skeg.runtime.cli;

import dev.skeg.registry.Progress;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Says on standard error how far a transfer has come, again and again once it takes long.
 *
 * <p><b>Threads.</b> The transfer's thread tells; a virtual thread prints, until this is closed.
 */
final class Ticker implements Progress, AutoCloseable {
  private record State(String path, long doneBytes, long totalBytes) {}

  private final Console console;
  private final String what;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread printer;
  private volatile State state = new State("", 0, -1);

  /**
   * Starts.
   *
   * @param what is done, as {@code publishing}
   * @param every how long until the first line, and between two
   */
  Ticker(Console console, String what, Duration every) {
    this.console = console;
    this.what = what;
    this.printer = Thread.ofVirtual().name("progress").start(() -> print(every));
  }

  @Override
  public void moved(String path, long doneBytes, long totalBytes) {
    state = new State(path, doneBytes, totalBytes);
  }

  private void print(Duration every) {
    try {
      while (!closed.await(every.toNanos(), TimeUnit.NANOSECONDS)) {
        console.problem(what + describe(state));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String describe(State now) {
    if (now.path().isEmpty()) {
      return "";
    }
    String total = now.totalBytes() < 0 ? "" : " of " + megabytes(now.totalBytes());
    return ": " + now.path() + " " + megabytes(now.doneBytes()) + total + " MB";
  }

  private static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f", bytes / 1e6);
  }

  /** Prints nothing any more. */
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
