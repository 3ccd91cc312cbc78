package dev.skeg.runtime.config;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How the versions of a model follow one another.
 *
 * @param keepPrevious versions that stay loaded after others have taken their place, 0 to {@value
 *     #MAX_KEEP_PREVIOUS}, so that going back needs no load
 * @param maxLatency what one case of the golden set or the declared warm-up may take, for a version
 *     to be served
 * @param labels names by which clients may call versions, with the number that each is to have
 */
public record VersionsConfig(
    SwapPolicy swap, int keepPrevious, Optional<Duration> maxLatency, Map<String, Long> labels) {
  static final Duration MIN_LATENCY = Duration.ofNanos(1000);
  static final Duration MAX_LATENCY = Duration.ofMinutes(10);

  static final int MAX_KEEP_PREVIOUS = 16;
  static final int DEFAULT_KEEP_PREVIOUS = 2;

  /** What a model has that does not say. */
  public static final VersionsConfig DEFAULT =
      new VersionsConfig(SwapPolicy.LOAD_FIRST, DEFAULT_KEEP_PREVIOUS);

  /** A handling that demands nothing of a version. */
  public VersionsConfig(SwapPolicy swap, int keepPrevious) {
    this(swap, keepPrevious, Optional.empty(), Map.of());
  }

  /** Returns the same with other labels, which stand before its own of the same names. */
  public VersionsConfig withLabels(Map<String, Long> others) {
    Map<String, Long> all = new HashMap<>(labels);
    all.putAll(others);
    return new VersionsConfig(swap, keepPrevious, maxLatency, all);
  }

  public VersionsConfig {
    labels = Map.copyOf(labels);
    if (keepPrevious < 0 || keepPrevious > MAX_KEEP_PREVIOUS) {
      throw new IllegalArgumentException(
          "keepPrevious: " + keepPrevious + " (expected: 0 to " + MAX_KEEP_PREVIOUS + ")");
    }
    if (keepPrevious > 0 && swap == SwapPolicy.UNLOAD_FIRST) {
      throw new IllegalArgumentException(
          "keepPrevious: " + keepPrevious + " (expected: 0 where versions are unloaded first)");
    }
  }
}
