package dev.skeg.monitor.drift;

import java.time.Duration;
import java.util.Map;

/**
 * What a user may say about verdicts. One number matters: {@code falsePagesPerMonth}.
 *
 * @param falsePagesPerMonth pages in 30 days at most, in the mean, while nothing has changed, over
 *     all features and outputs of one model together; over 0
 * @param window the length of a window, by which the months are counted
 * @param floors the least effects worth a page
 * @param featureFloors floors of single features, by name, in place of {@code floors}
 * @param minRows rows below which a window is {@link DriftState#INSUFFICIENT} whatever it holds
 * @param compatibility whether the statistics of other tools are computed too
 */
public record DriftConfig(
    double falsePagesPerMonth,
    Duration window,
    EffectFloors floors,
    Map<String, EffectFloors> featureFloors,
    int minRows,
    boolean compatibility) {
  private static final Duration MONTH = Duration.ofDays(30);

  /** However many false pages are allowed: a window is judged at 5 % at most. */
  private static final double LEAST_WINDOWS = 20;

  public DriftConfig {
    featureFloors = Map.copyOf(featureFloors);
    if (!(falsePagesPerMonth > 0 && falsePagesPerMonth < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "falsePagesPerMonth: " + falsePagesPerMonth + " (expected: over 0)");
    }
    if (window.compareTo(Duration.ofSeconds(1)) < 0) {
      throw new IllegalArgumentException("window: " + window + " (expected: 1 s or longer)");
    }
    if (minRows < 1) {
      throw new IllegalArgumentException("minRows: " + minRows + " (expected: 1 or more)");
    }
  }

  /** The shipped defaults for windows of some length: one false page a month. */
  public static DriftConfig ofWindow(Duration window) {
    return new DriftConfig(1, window, EffectFloors.DEFAULT, Map.of(), 50, false);
  }

  /** Returns the same, with the statistics of other tools or without. */
  public DriftConfig withCompatibility(boolean other) {
    return new DriftConfig(falsePagesPerMonth, window, floors, featureFloors, minRows, other);
  }

  /** Returns how many windows there are for one false page: what the thresholds follow from. */
  public double windowsPerFalsePage() {
    return Math.max(
        LEAST_WINDOWS, (double) MONTH.toMillis() / window.toMillis() / falsePagesPerMonth);
  }

  EffectFloors floorsOf(String feature) {
    return featureFloors.getOrDefault(feature, floors);
  }
}
