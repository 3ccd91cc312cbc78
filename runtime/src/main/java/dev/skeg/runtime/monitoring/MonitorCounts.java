package dev.skeg.runtime.monitoring;

import dev.skeg.monitor.drift.Evidence;
import dev.skeg.monitor.drift.FeatureVerdict;
import dev.skeg.monitor.drift.WindowVerdict;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.runtime.telemetry.MonitorMetrics.FeatureSample;
import dev.skeg.runtime.telemetry.MonitorMetrics.KeySample;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What is counted of one key since the start. <b>Threads.</b> One writer; a reader takes {@link
 * #sample} from wherever the writer has published this.
 *
 * @param windows that have closed
 * @param rows in them
 * @param dropped rows that were not recorded
 * @param late rows that came after their window had closed
 * @param sample as it is exported
 */
record MonitorCounts(long windows, long rows, long dropped, long late, KeySample sample) {
  static MonitorCounts of(MonitorCounts before, Profile profile, WindowVerdict verdict) {
    long windows = before.windows + 1;
    long rows = before.rows + profile.counts().recorded();
    long dropped = before.dropped + profile.counts().dropped();
    long late = before.late + profile.counts().late();
    ProfileKey key = profile.key();
    List<FeatureSample> features = new ArrayList<>();
    verdict.features().forEach(each -> features.add(sample(each)));
    verdict.outputs().forEach(each -> features.add(sample(each)));
    return new MonitorCounts(
        windows,
        rows,
        dropped,
        late,
        new KeySample(
            key.model(),
            Long.toString(key.version()),
            key.arm(),
            key.segment(),
            windows,
            rows,
            dropped,
            late,
            profile.window().endMillis() / 1e3,
            features));
  }

  static MonitorCounts none(ProfileKey key) {
    return new MonitorCounts(
        0,
        0,
        0,
        0,
        new KeySample(
            key.model(),
            Long.toString(key.version()),
            key.arm(),
            key.segment(),
            0,
            0,
            0,
            0,
            0,
            List.of()));
  }

  private static FeatureSample sample(FeatureVerdict verdict) {
    double ratio = Double.NaN;
    for (Evidence evidence : verdict.evidence().values()) {
      double own = evidence.logDetector() / Math.max(1e-9, evidence.logThreshold());
      ratio = Double.isNaN(ratio) ? own : Math.max(ratio, own);
    }
    return new FeatureSample(
        verdict.spec().name(),
        verdict.spec().role().name().toLowerCase(Locale.ROOT),
        verdict.state().name().toLowerCase(Locale.ROOT),
        ratio);
  }
}
