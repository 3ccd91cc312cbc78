package dev.skeg.runtime.server;

import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.baseline.FeatureBaseline;
import dev.skeg.monitor.profile.Bins;
import dev.skeg.monitor.profile.CollectorConfig;
import dev.skeg.monitor.profile.ProfileCollector;
import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.runtime.config.MonitorConfig;
import dev.skeg.runtime.control.VersionObserver;
import dev.skeg.runtime.control.VersionPlan;
import dev.skeg.runtime.endpoint.VersionStatus;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.tap.MonitorDrain;
import dev.skeg.runtime.tap.TapLayout;
import dev.skeg.runtime.tap.VersionTap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has every version that is served watched, unless its model.yaml says otherwise.
 *
 * <p>A version whose directory has a {@code baseline.json} is counted in the baseline's bins; what
 * the baseline does not know, in the bins of earlier windows, or else in bins learnt of the first
 * rows. A version that cannot be watched is served all the same.
 *
 * <p><b>Threads.</b> Any.
 */
final class VersionMonitor implements VersionObserver {
  private static final Logger LOG = LoggerFactory.getLogger(VersionMonitor.class);

  private final MonitorDrain drain;
  private final WindowJudge judge;

  VersionMonitor(MonitorDrain drain, WindowJudge judge) {
    this.drain = drain;
    this.judge = judge;
  }

  @Override
  public void loaded(VersionPlan.Load load, VersionStatus.Ready ready) {
    ModelVersion version = load.request().version();
    MonitorConfig config = load.monitor();
    if (!config.isOn()) {
      return;
    }
    try {
      WatchPlan plan = WatchPlan.of(ready.servable(), config, load.request().versionDirectory());
      plan.problems().forEach(problem -> warn(version, problem));
      if (plan.layout().records().size() > 0) {
        watch(version, config, plan, ready.batcher().tap());
      }
    } catch (RuntimeException e) {
      warn(version, "its predictions are not watched: " + e.getMessage());
    }
  }

  private void watch(ModelVersion version, MonitorConfig config, WatchPlan plan, VersionTap tap) {
    TapLayout layout = plan.layout();
    Runnable whenGone =
        judge.watch(
            version.model(),
            version.number(),
            config,
            plan.baseline(),
            tap::failures,
            tap::centroids);
    ProfileCollector collector =
        new ProfileCollector(
            new CollectorConfig(
                version.model(),
                version.number(),
                layout.records(),
                bins(version, layout.records().features(), plan.baseline()),
                config.window().toMillis(),
                config.allowedLateness().toMillis(),
                config.sample(),
                config.segments()),
            judge);
    drain.watch(tap, layout, collector, whenGone);
  }

  private List<Optional<Bins>> bins(
      ModelVersion version, List<FeatureSpec> features, Optional<Baseline> baseline) {
    List<Optional<Bins>> known = features.stream().map(spec -> bins(baseline, spec)).toList();
    if (known.stream().allMatch(Optional::isPresent)) {
      return known;
    }
    Map<FeatureSpec, Bins> earlier = judge.earlierBins(version.model(), version.number());
    return features.stream()
        .map(spec -> bins(baseline, spec).or(() -> Optional.ofNullable(earlier.get(spec))))
        .toList();
  }

  private static Optional<Bins> bins(Optional<Baseline> baseline, FeatureSpec spec) {
    return baseline
        .flatMap(b -> b.feature(spec.role(), spec.name()))
        .filter(feature -> feature.spec().kind() == spec.kind())
        .map(FeatureBaseline::bins);
  }

  @Override
  public void gone(VersionStatus.Ready ready) {
    drain.forget(ready.batcher().tap());
  }

  private static void warn(ModelVersion version, String problem) {
    LOG.atWarn()
        .addKeyValue("model", version.model())
        .addKeyValue("version", version.number())
        .log("Monitoring: {}", problem);
  }
}
