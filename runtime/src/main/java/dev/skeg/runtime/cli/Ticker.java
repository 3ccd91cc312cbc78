package dev.skeg.runtime.cli;

import dev.skeg.registry.Progress;
import java.time.Duration;
import java.util.Locale;

/**
 * Says on standard error how far a transfer has come, again and again once it takes long.
 *
 * <p><b>Threads.</b> The transfer's thread tells; a virtual thread prints, until this is closed.
 */
final class Ticker implements Progress, AutoCloseable {
  private record State(String path, long doneBytes, long totalBytes) {}

  private final Console console;
  private final String what;
  private final Repeating printing;
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
    this.printing = new Repeating(every, every, this::print, () -> {});
  }

  @Override
  public void moved(String path, long doneBytes, long totalBytes) {
    state = new State(path, doneBytes, totalBytes);
  }

  private void print() {
    console.problem(what + describe(state));
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
    printing.close();
  }
}
