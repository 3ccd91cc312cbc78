package dev.skeg.runtime.monitoring;

import dev.skeg.monitor.drift.Evidence;
import dev.skeg.monitor.drift.FeatureVerdict;
import dev.skeg.monitor.drift.WindowVerdict;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.RowCounts;
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
  /** Returns the counts after a window that is over. */
  MonitorCounts closed(RowCounts counts, WindowVerdict verdict) {
    return seen(windows + 1, counts, verdict);
  }

  /** Returns the counts after the first part of a window, which counts when it is over. */
  MonitorCounts cut(RowCounts counts, WindowVerdict verdict) {
    return seen(windows, counts, verdict);
  }

  private MonitorCounts seen(long windowsThen, RowCounts counts, WindowVerdict verdict) {
    List<FeatureSample> features = new ArrayList<>();
    verdict.features().forEach(each -> features.add(sample(each)));
    verdict.outputs().forEach(each -> features.add(sample(each)));
    return of(
        verdict.key(),
        windowsThen,
        rows + counts.recorded(),
        dropped + counts.dropped(),
        late + counts.late(),
        verdict.window().endMillis() / 1e3,
        features);
  }

  /** Returns the counts after rows of a window that is kept already with more. */
  MonitorCounts late(ProfileKey key, RowCounts counts) {
    return of(
        key,
        windows,
        rows,
        dropped + counts.dropped(),
        late + counts.late() + counts.recorded(),
        sample.lastWindowEnd(),
        sample.features());
  }

  static MonitorCounts none(ProfileKey key) {
    return of(key, 0, 0, 0, 0, 0, List.of());
  }

  private static MonitorCounts of(
      ProfileKey key,
      long windows,
      long rows,
      long dropped,
      long late,
      double lastWindowEnd,
      List<FeatureSample> features) {
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
            lastWindowEnd,
            features));
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
