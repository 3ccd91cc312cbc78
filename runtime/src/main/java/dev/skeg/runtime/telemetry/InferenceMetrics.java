package dev.skeg.runtime.telemetry;

import dev.skeg.runtime.model.ModelVersion;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * What is counted of all versions. Series exist only for versions that the server has loaded, so no
 * client can make more of them. <b>Threads.</b> Any.
 */
public final class InferenceMetrics {
  private final ConcurrentHashMap<ModelVersion, ModelMetrics> versions = new ConcurrentHashMap<>();
  private final LongAdder unknownModels = new LongAdder();
  private final LongAdder malformed = new LongAdder();

  /** Returns the counters of a version that is loaded. */
  public ModelMetrics forVersion(ModelVersion version) {
    ModelMetrics metrics = versions.get(version);
    return metrics != null ? metrics : versions.computeIfAbsent(version, ModelMetrics::new);
  }

  /** Forgets a version that is no longer served. */
  public void remove(ModelVersion version) {
    versions.remove(version);
  }

  /** Counts a request for a model or version that is not served. */
  public void recordUnknownModel() {
    unknownModels.increment();
  }

  /** Counts a request that could not be read; which model it meant may not even be known. */
  public void recordMalformed() {
    malformed.increment();
  }

  long malformed() {
    return malformed.sum();
  }

  long unknownModels() {
    return unknownModels.sum();
  }

  Collection<ModelMetrics> all() {
    List<ModelMetrics> all = List.copyOf(versions.values());
    return all.stream()
        .sorted(
            Comparator.comparing((ModelMetrics each) -> each.version().model())
                .thenComparingLong(each -> each.version().number()))
        .toList();
  }
}
