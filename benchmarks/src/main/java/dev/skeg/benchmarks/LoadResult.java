package dev.skeg.benchmarks;

import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * What one measurement gave.
 *
 * @param concurrency requests in flight; 0 at a constant rate
 * @param rate arrivals a second; 0 at a constant concurrency
 * @param throughput answers a second
 * @param goodput answers a second that came within the deadline
 * @param errors how many of each kind
 * @param late requests sent more than 1 ms after they were meant to be, or never
 * @param latency of answers, in nanoseconds
 * @param lost why the server could not be reached at the end; empty if it could
 */
record LoadResult(
    int concurrency,
    double rate,
    double throughput,
    double goodput,
    Map<String, Long> errors,
    long late,
    Histogram latency,
    String lost) {
  /** Returns a latency in microseconds. */
  double micros(double percentile) {
    return latency.getValueAtPercentile(percentile) / 1e3;
  }

  long errorCount() {
    return errors.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Returns whether the server answered, and was there to the end. */
  boolean isWhole() {
    return latency.getTotalCount() > 0 && lost.isEmpty();
  }
}
