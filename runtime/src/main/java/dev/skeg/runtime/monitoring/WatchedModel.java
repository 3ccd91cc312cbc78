package dev.skeg.runtime.monitoring;

import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.drift.DriftConfig;
import java.util.Map;
import java.util.Optional;

/**
 * A model as it is to be judged.
 *
 * @param baselines of each version that is watched; empty for one that has none
 */
record WatchedModel(DriftConfig config, Map<Long, Optional<Baseline>> baselines) {
  WatchedModel {
    baselines = Map.copyOf(baselines);
  }

  Optional<Baseline> baseline(long version) {
    Optional<Baseline> baseline = baselines.get(version);
    return baseline == null ? Optional.empty() : baseline;
  }
}
