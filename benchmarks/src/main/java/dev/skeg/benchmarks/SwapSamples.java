package dev.skeg.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * Every latency of a run with the time at which the request was meant to be sent, pooled later over
 * windows of time.
 *
 * <p><b>Threads.</b> One records; read when it has ended.
 */
final class SwapSamples implements LoadRun.Answered {
  private final List<Window> with = new ArrayList<>();
  private final List<Window> without = new ArrayList<>();
  private long[] meant = new long[1 << 16];
  private long[] latency = new long[1 << 16];
  private int count;

  /** A span of monotonic time. */
  record Window(long startNanos, long endNanos) {
    boolean contains(long nanos) {
      return nanos - startNanos >= 0 && nanos - endNanos < 0;
    }
  }

  @Override
  public void answered(long meantNanos, long nowNanos) {
    if (count == meant.length) {
      meant = Arrays.copyOf(meant, 2 * count);
      latency = Arrays.copyOf(latency, 2 * count);
    }
    meant[count] = meantNanos;
    latency[count++] = nowNanos - meantNanos;
  }

  /** Adds a window in which something happened, and as long a one in which nothing did. */
  void add(Window happened, Window calm) {
    with.add(happened);
    without.add(calm);
  }

  Histogram with() {
    return pooled(with);
  }

  Histogram without() {
    return pooled(without);
  }

  private Histogram pooled(List<Window> windows) {
    Histogram pool = new Histogram(LoadCounts.MAX_LATENCY_NANOS, 3);
    for (int i = 0; i < count; i++) {
      long at = meant[i];
      if (windows.stream().anyMatch(window -> window.contains(at))) {
        pool.recordValue(Math.min(latency[i], LoadCounts.MAX_LATENCY_NANOS));
      }
    }
    return pool;
  }
}
