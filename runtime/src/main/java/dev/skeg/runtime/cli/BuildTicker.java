package dev.skeg.runtime.cli;

import dev.skeg.monitor.baseline.BuildProgress;
import java.time.Duration;
import java.util.Locale;

/**
 * Draws on standard error how far the building of a baseline has come, once it takes long: on a
 * terminal in one line, which is gone in the end; elsewhere in a line now and then.
 *
 * <p><b>Threads.</b> Any tells; a virtual thread draws, until this is closed.
 */
final class BuildTicker implements BuildProgress, AutoCloseable {
  private static final int WIDTH = 20; // So that the line is within 80 columns.
  private static final int REDRAWS = 4;
  private static final int PAUSES = 10;
  private static final String CLEARED = "\r\u001b[K";

  private record State(int pass, long rows, long doneBytes, long totalBytes, long nanos) {}

  private final Console console;
  private final boolean isTerminal;
  private final Repeating drawing;
  private final long begunNanos = System.nanoTime();
  private volatile State state = new State(1, 0, 0, 1, begunNanos);
  private volatile long passBegunNanos = begunNanos;

  /**
   * Starts.
   *
   * @param after how long until it is drawn on a terminal; elsewhere that takes longer
   * @param isTerminal whether a line can be drawn again
   */
  BuildTicker(Console console, Duration after, boolean isTerminal) {
    this.console = console;
    this.isTerminal = isTerminal;
    Duration first = isTerminal ? after : after.multipliedBy(PAUSES);
    Duration pause = isTerminal ? after.dividedBy(REDRAWS) : first;
    this.drawing = new Repeating(first, pause, this::draw, this::clear);
  }

  @Override
  public void moved(int pass, long rows, long doneBytes, long totalBytes) {
    long now = System.nanoTime();
    if (pass != state.pass()) {
      passBegunNanos = now;
    }
    state = new State(pass, rows, doneBytes, totalBytes, now);
  }

  void draw() {
    String line = describe(state, passBegunNanos);
    if (isTerminal) {
      console.err().print(CLEARED + line);
      console.err().flush();
    } else {
      console.problem(line);
    }
  }

  void clear() {
    if (isTerminal) {
      console.err().print(CLEARED);
      console.err().flush();
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
    drawing.close();
  }
}
