package dev.skeg.registry.watch;

import java.time.Duration;

/**
 * How a pointer is watched.
 *
 * @param interval between two looks, less or more a tenth at random
 * @param longestBackOff between two looks while they fail, at least {@code interval}; it is doubled
 *     with each failure up to here
 * @param settle after which a change is looked at again before it counts
 */
public record WatchConfig(Duration interval, Duration longestBackOff, Duration settle) {
  public WatchConfig {
    if (interval.toMillis() < 1) {
      throw new IllegalArgumentException("interval: " + interval + " (expected: 1 ms or more)");
    }
    if (longestBackOff.compareTo(interval) < 0) {
      throw new IllegalArgumentException(
          "longestBackOff: "
              + longestBackOff
              + " (expected: at least the interval, "
              + interval
              + ")");
    }
    if (settle.toMillis() < 1) {
      throw new IllegalArgumentException("settle: " + settle + " (expected: 1 ms or more)");
    }
  }

  /** Every 15 s, up to 5 min while failing, one second to settle. */
  public static WatchConfig defaults() {
    return new WatchConfig(Duration.ofSeconds(15), Duration.ofMinutes(5), Duration.ofSeconds(1));
  }
}
