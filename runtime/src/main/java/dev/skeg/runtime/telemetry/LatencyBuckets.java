package dev.skeg.runtime.telemetry;

/**
 * The buckets that times are sorted into. Upper bounds are 1, 2, 5, 10, 20, 50 … µs up to 50 s, and
 * the last has none: {@value #COUNT} in all. A bound belongs to its bucket.
 */
final class LatencyBuckets {
  static final int COUNT = 25;

  private static final long[] BOUNDS_NANOS = new long[COUNT - 1];

  static {
    long decade = 1_000;
    for (int i = 0; i < BOUNDS_NANOS.length; i += 3) {
      BOUNDS_NANOS[i] = decade;
      BOUNDS_NANOS[i + 1] = 2 * decade;
      BOUNDS_NANOS[i + 2] = 5 * decade;
      decade *= 10;
    }
  }

  private LatencyBuckets() {}

  /** Returns the bucket of a time. */
  static int of(long nanos) {
    int bucket = 0;
    while (bucket < BOUNDS_NANOS.length && nanos > BOUNDS_NANOS[bucket]) {
      bucket++;
    }
    return bucket;
  }

  /** Returns the upper bound of a bucket in seconds; infinite for the last. */
  static double boundSeconds(int bucket) {
    return bucket < BOUNDS_NANOS.length ? BOUNDS_NANOS[bucket] / 1e9 : Double.POSITIVE_INFINITY;
  }
}
