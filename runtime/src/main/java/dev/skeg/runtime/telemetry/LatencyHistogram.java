package dev.skeg.runtime.telemetry;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * How many times took how long.
 *
 * <p><b>Buckets.</b> Upper bounds are 1, 2, 5, 10, 20, 50 … µs up to 50 s, and one without a bound:
 * {@value #BUCKETS} in all. A time is counted in one bucket only; reading sums up.
 *
 * <p><b>Threads.</b> Any may record: one of {@value #STRIPES} stripes, chosen by thread, is added
 * to atomically, so threads rarely meet and none waits. Readers see every record that happened
 * before.
 */
public final class LatencyHistogram {
  static final int BUCKETS = 25;

  private static final int STRIPES = 4;

  /** Bucket counts and the sum, and room to the next cache line. */
  private static final int STRIPE_LENGTH = 32;

  private static final int SUM = BUCKETS;
  private static final long[] BOUNDS_NANOS = new long[BUCKETS - 1];

  static {
    long decade = 1_000;
    for (int i = 0; i < BOUNDS_NANOS.length; i += 3) {
      BOUNDS_NANOS[i] = decade;
      BOUNDS_NANOS[i + 1] = 2 * decade;
      BOUNDS_NANOS[i + 2] = 5 * decade;
      decade *= 10;
    }
  }

  private final AtomicLongArray cells = new AtomicLongArray(STRIPES * STRIPE_LENGTH);

  /** Returns the upper bound of a bucket in seconds; infinite for the last. */
  static double boundSeconds(int bucket) {
    return bucket < BOUNDS_NANOS.length ? BOUNDS_NANOS[bucket] / 1e9 : Double.POSITIVE_INFINITY;
  }

  /** Counts one time, 0 ns or more. */
  void record(long nanos) {
    int stripe = (int) (Thread.currentThread().threadId() & (STRIPES - 1)) * STRIPE_LENGTH;
    cells.getAndIncrement(stripe + bucket(nanos));
    cells.getAndAdd(stripe + SUM, nanos);
  }

  private static int bucket(long nanos) {
    int bucket = 0;
    while (bucket < BOUNDS_NANOS.length && nanos > BOUNDS_NANOS[bucket]) {
      bucket++;
    }
    return bucket;
  }

  /** Returns how many times fell into that bucket alone. */
  long count(int bucket) {
    return sum(bucket);
  }

  /** Returns how many times there were. */
  long count() {
    long total = 0;
    for (int i = 0; i < BUCKETS; i++) {
      total += sum(i);
    }
    return total;
  }

  /** Returns all times together. */
  long totalNanos() {
    return sum(SUM);
  }

  private long sum(int cell) {
    long total = 0;
    for (int stripe = 0; stripe < STRIPES; stripe++) {
      total += cells.get(stripe * STRIPE_LENGTH + cell);
    }
    return total;
  }
}
