package dev.skeg.runtime.telemetry;

import java.util.List;

/**
 * What the monitor counts, as it is at one moment.
 *
 * @param keys each model version, arm and segment that is watched
 * @param alerts that are open
 * @param raised alerts since the start
 * @param failures of each version that is watched
 * @param unjudged windows that were not judged since the judge was behind
 */
public record MonitorMetrics(
    List<KeySample> keys,
    List<AlertSample> alerts,
    List<AlertSample> raised,
    List<FailureSample> failures,
    long unjudged) {
  public static final MonitorMetrics NONE =
      new MonitorMetrics(List.of(), List.of(), List.of(), List.of(), 0);

  public MonitorMetrics {
    keys = List.copyOf(keys);
    alerts = List.copyOf(alerts);
    raised = List.copyOf(raised);
    failures = List.copyOf(failures);
  }

  /**
   * One model version, arm and segment.
   *
   * @param windows to {@code late}: since the start
   * @param lastWindowEnd in seconds since the epoch; 0 before the first
   * @param features of the last window
   */
  public record KeySample(
      String model,
      String version,
      String arm,
      String segment,
      long windows,
      long rows,
      long dropped,
      long late,
      double lastWindowEnd,
      List<FeatureSample> features) {
    public KeySample {
      features = List.copyOf(features);
    }
  }

  /**
   * A feature or output in the last window.
   *
   * @param role {@code input} or {@code output}
   * @param state {@code ok}, {@code drift} or {@code insufficient}
   * @param evidence as a part of what a page needs; NaN if it was not judged
   */
  public record FeatureSample(String name, String role, String state, double evidence) {}

  /** How often rows of a version could not be recorded, since it was loaded. */
  public record FailureSample(String model, String version, long count) {}

  /**
   * How many alerts there are of a sort.
   *
   * @param state as {@code raised}; empty where all are meant
   */
  public record AlertSample(
      String model, String severity, String cause, String state, double count) {}
}
