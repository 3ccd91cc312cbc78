package dev.skeg.monitor.alert;

import dev.skeg.monitor.drift.DriftKind;
import dev.skeg.monitor.drift.DriftState;
import dev.skeg.monitor.drift.Effect;
import dev.skeg.monitor.drift.Evidence;
import dev.skeg.monitor.drift.FeatureVerdict;
import dev.skeg.monitor.drift.QualityFinding;
import dev.skeg.monitor.drift.WindowVerdict;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.Window;
import dev.skeg.monitor.record.FeatureSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Writes verdicts down, as {@code at(3).drift("age", mean(.3)).ok("amount").verdict()}. */
final class Verdicts {
  static final ProfileKey KEY = ProfileKey.of("fraud", 3);
  private static final long HOUR = 3_600_000;

  private final Window window;
  private long rows = 5_000;
  private final List<FeatureVerdict> features = new ArrayList<>();
  private final List<FeatureVerdict> outputs = new ArrayList<>();
  private final List<QualityFinding> quality = new ArrayList<>();

  private Verdicts(Window window) {
    this.window = window;
  }

  /** Begins the verdict of the hour of that number since the epoch. */
  static Verdicts at(int hour) {
    return new Verdicts(new Window(hour * HOUR, (hour + 1) * HOUR));
  }

  Verdicts ok(String... names) {
    for (String name : names) {
      features.add(verdict(input(name), DriftState.OK, List.of(), List.of()));
    }
    return this;
  }

  Verdicts insufficient(String name) {
    features.add(verdict(input(name), DriftState.INSUFFICIENT, List.of(), List.of()));
    return this;
  }

  Verdicts insufficientAnd(String name, QualityFinding.Check check) {
    features.add(verdict(input(name), DriftState.INSUFFICIENT, List.of(), List.of(finding(check))));
    return this;
  }

  Verdicts drift(String name, Effect... effects) {
    features.add(verdict(input(name), DriftState.DRIFT, List.of(effects), List.of()));
    return this;
  }

  Verdicts driftAnd(String name, QualityFinding finding, Effect... effects) {
    features.add(verdict(input(name), DriftState.DRIFT, List.of(effects), List.of(finding)));
    return this;
  }

  Verdicts odd(String name, QualityFinding.Check check) {
    features.add(verdict(input(name), DriftState.OK, List.of(), List.of(finding(check))));
    return this;
  }

  Verdicts outputOk(String... names) {
    for (String name : names) {
      outputs.add(verdict(output(name), DriftState.OK, List.of(), List.of()));
    }
    return this;
  }

  Verdicts outputDrift(String name, Effect... effects) {
    outputs.add(verdict(output(name), DriftState.DRIFT, List.of(effects), List.of()));
    return this;
  }

  Verdicts rows(QualityFinding.Check check) {
    quality.add(finding(check));
    return this;
  }

  Verdicts ofOneRow() {
    rows = 1;
    return this;
  }

  WindowVerdict verdict() {
    return new WindowVerdict(KEY, window, rows, features, outputs, quality);
  }

  static QualityFinding finding(QualityFinding.Check check) {
    return new QualityFinding(check, .1, 0, "found by " + check);
  }

  static Effect mean(double lower) {
    return new Effect(Effect.Metric.MEAN, "", lower + .02, lower, .05);
  }

  static Effect tvd(double lower) {
    return new Effect(Effect.Metric.TVD, "", lower + .02, lower, .02);
  }

  static Effect mass(Effect.Metric metric, double lower) {
    return new Effect(metric, metric == Effect.Metric.ATOM ? "0.0" : "", lower + .01, lower, .005);
  }

  private static FeatureSpec input(String name) {
    return new FeatureSpec(name, FeatureSpec.Role.INPUT, FeatureSpec.Kind.NUMERIC);
  }

  private static FeatureSpec output(String name) {
    return new FeatureSpec(name, FeatureSpec.Role.OUTPUT, FeatureSpec.Kind.NUMERIC);
  }

  private static FeatureVerdict verdict(
      FeatureSpec spec, DriftState state, List<Effect> effects, List<QualityFinding> quality) {
    Set<DriftKind> kinds = state == DriftState.DRIFT ? Set.of(DriftKind.SKEW) : Set.of();
    return new FeatureVerdict(
        spec,
        state,
        kinds,
        kinds,
        Map.of(),
        Map.of(DriftKind.SKEW, new Evidence(12, 13, 9.6, 1, 1, 20_000)),
        Map.of(DriftKind.SKEW, effects),
        quality);
  }
}
