package dev.skeg.runtime.server;

import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.drift.DriftConfig;
import dev.skeg.monitor.drift.EffectFloors;
import dev.skeg.monitor.profile.Bins;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.record.Centroid;
import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.runtime.config.MonitorConfig;
import dev.skeg.runtime.monitoring.Judging;
import dev.skeg.runtime.monitoring.Monitors;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Has closed windows judged, as their model's configuration says. <b>Threads.</b> Any. */
final class JudgedWindows implements WindowJudge {
  private final Monitors monitors;

  JudgedWindows(Monitors monitors) {
    this.monitors = monitors;
  }

  @Override
  public Runnable watch(
      String model,
      long version,
      MonitorConfig config,
      Optional<Baseline> baseline,
      LongSupplier failures,
      Supplier<List<Centroid>> centroids) {
    Judging judging = new Judging(drift(config), config.alerts(), config.allowedLateness());
    return monitors.watch(model, version, judging, baseline, failures, centroids);
  }

  /** Returns a configuration in the library's words. */
  static DriftConfig drift(MonitorConfig config) {
    EffectFloors all = config.floors();
    TreeSet<String> features = new TreeSet<>();
    config.thresholds().values().forEach(byFeature -> features.addAll(byFeature.keySet()));
    Map<String, EffectFloors> floors = new TreeMap<>();
    for (String feature : features) {
      floors.put(feature, floors(config, feature, all));
    }
    return new DriftConfig(
        config.falsePagesPerMonth(),
        config.window(),
        all,
        floors,
        DriftConfig.ofWindow(config.window()).minRows(),
        config.compatibility());
  }

  private static EffectFloors floors(MonitorConfig config, String feature, EffectFloors all) {
    return new EffectFloors(
        floor(config, "mean", feature, all.mean()),
        floor(config, "log-sd", feature, all.logSd()),
        floor(config, "mass", feature, all.mass()),
        floor(config, "ks", feature, all.ks()),
        floor(config, "tvd", feature, all.tvd()));
  }

  private static double floor(MonitorConfig config, String metric, String feature, double all) {
    return config.thresholds().getOrDefault(metric, Map.of()).getOrDefault(feature, all);
  }

  @Override
  public Map<FeatureSpec, Bins> earlierBins(String model, long version) {
    return monitors.earlierBins(model, version);
  }

  @Override
  public void closed(Profile profile) {
    monitors.closed(profile);
  }
}
