package dev.skeg.benchmarks;

import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.HdrHistogram.Histogram;

/**
 * What is counted of one measurement.
 *
 * <p>Answers a second are those that came in the measured time. Latencies and errors are those of
 * the requests that belong to it: at a constant rate, the ones meant to be sent in it, whenever
 * they ended; otherwise a stall at the end would go unseen. With a constant number in flight, the
 * ones that ended in it.
 *
 * <p><b>Threads.</b> The event loop of the run.
 */
final class LoadCounts {
  /** The longest latency told apart; longer ones count as this. */
  static final long MAX_LATENCY_NANOS = TimeUnit.MINUTES.toNanos(5);

  /** A request sent later than this after it was meant to be is late. */
  static final long LATE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private static final Pattern NUMBER = Pattern.compile("[0-9]+[.0-9]*");
  private static final int MAX_KINDS = 10;
  private static final int MAX_KIND_LENGTH = 160;

  private final long measureNanos;
  private final long endNanos;
  private final boolean isOpen;
  private final long deadlineNanos;
  private final Histogram latency = new Histogram(MAX_LATENCY_NANOS, 3);
  private final Map<String, Long> errors = new TreeMap<>();
  private long answered;
  private long inTime;
  private long late;

  /**
   * @param measureNanos monotonic time at which the warm-up is over
   * @param endNanos monotonic time at which the measured time is over
   * @param isOpen whether requests have a time at which they are meant to be sent
   * @param deadline answers later than this are no goodput; zero for any
   */
  LoadCounts(long measureNanos, long endNanos, boolean isOpen, Duration deadline) {
    this.measureNanos = measureNanos;
    this.endNanos = endNanos;
    this.isOpen = isOpen;
    this.deadlineNanos = deadline.isZero() ? Long.MAX_VALUE : deadline.toNanos();
  }

  /** A request leaves. */
  void sent(long meantNanos, long nowNanos) {
    if (isMeasured(meantNanos) && nowNanos - meantNanos > LATE_NANOS) {
      late++;
    }
  }

  /** A request was answered. */
  void answered(long meantNanos, long nowNanos) {
    long nanos = nowNanos - meantNanos;
    if (isMeasured(nowNanos)) {
      answered++;
      inTime += nanos <= deadlineNanos ? 1 : 0;
    }
    if (isMeasured(isOpen ? meantNanos : nowNanos)) {
      latency.recordValue(Math.min(nanos, MAX_LATENCY_NANOS));
    }
  }

  /** A request failed. */
  void failed(String error, long meantNanos, long nowNanos) {
    if (isMeasured(isOpen ? meantNanos : nowNanos)) {
      failed(error, 1);
    }
  }

  /** So many requests of the measured time failed in a way. */
  void failed(String error, long count) {
    String kind = kind(error);
    boolean hasRoom = errors.size() < MAX_KINDS || errors.containsKey(kind);
    errors.merge(hasRoom ? kind : "others", count, Long::sum);
  }

  boolean isMeasured(long nanos) {
    return nanos - measureNanos >= 0 && nanos - endNanos < 0;
  }

  /**
   * Returns the sum.
   *
   * @param concurrency requests in flight; 0 at a constant rate
   * @param rate arrivals a second; 0 at a constant concurrency
   * @param lost why the server could not be reached at the end; empty if it could
   */
  LoadResult result(int concurrency, double rate, String lost) {
    double seconds = (endNanos - measureNanos) / 1e9;
    return new LoadResult(
        concurrency,
        rate,
        answered / seconds,
        inTime / seconds,
        Map.copyOf(errors),
        late,
        latency,
        lost);
  }

  /** The first line, without the numbers in it that would make a kind of each error. */
  private static String kind(String error) {
    String line = error.lines().findFirst().orElse("");
    String start = line.substring(0, Math.min(MAX_KIND_LENGTH, line.length()));
    // A status is a kind; a duration or a position in a queue is not.
    return start.startsWith("HTTP ") && start.length() >= 8
        ? start.substring(0, 8) + numberless(start.substring(8))
        : numberless(start);
  }

  private static String numberless(String text) {
    return NUMBER.matcher(text).replaceAll("…");
  }
}
