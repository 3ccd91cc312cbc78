package dev.skeg.runtime.server;

import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.profile.Bins;
import dev.skeg.monitor.profile.ProfileConsumer;
import dev.skeg.monitor.record.Centroid;
import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.runtime.config.MonitorConfig;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** What becomes of windows that have closed. <b>Threads.</b> Any; must not block for long. */
interface WindowJudge extends ProfileConsumer {
  /**
   * A version is watched from now on; its windows follow.
   *
   * @param failures how often its rows could not be recorded
   * @param centroids of its rows so far, where the baseline has none
   * @return to be run when its last window has been handed over; the version may have been loaded
   *     again meanwhile, and is then watched on
   */
  Runnable watch(
      String model,
      long version,
      MonitorConfig config,
      Optional<Baseline> baseline,
      LongSupplier failures,
      Supplier<List<Centroid>> centroids);

  /** Returns the bins that features are best counted in, where there is no baseline of them. */
  Map<FeatureSpec, Bins> earlierBins(String model, long version);
}
