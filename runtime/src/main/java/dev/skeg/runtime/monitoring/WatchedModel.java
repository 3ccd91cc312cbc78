package dev.skeg.runtime.monitoring;

import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.record.Centroid;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A model as it is to be judged: as its newest version says that is watched, for an older one may
 * be loaded later only to go back to.
 *
 * @param versions those that are watched, 1 or more, each by the load of it that is
 */
record WatchedModel(Map<Long, Watch> versions) {
  WatchedModel {
    versions = Map.copyOf(versions);
  }

  /** One load of a version, told from other loads of the same number by being itself. */
  static final class Watch {
    private final Judging judging;
    private final Optional<Baseline> baseline;
    private final LongSupplier failures;
    private final Supplier<List<Centroid>> centroids;

    /**
     * @param failures how often rows could not be recorded
     * @param centroids of the rows so far, where the baseline has none
     */
    Watch(
        Judging judging,
        Optional<Baseline> baseline,
        LongSupplier failures,
        Supplier<List<Centroid>> centroids) {
      this.judging = judging;
      this.baseline = baseline;
      this.failures = failures;
      this.centroids = centroids;
    }

    long failures() {
      return failures.getAsLong();
    }
  }

  static WatchedModel with(@Nullable WatchedModel before, long version, Watch watch) {
    Map<Long, Watch> versions = new HashMap<>(before == null ? Map.of() : before.versions);
    versions.put(version, watch);
    return new WatchedModel(versions);
  }

  /** Returns how the model is judged. */
  Judging judging() {
    return Collections.max(versions.entrySet(), Map.Entry.comparingByKey()).getValue().judging;
  }

  /** Returns how long after its end a version's window may still get rows. */
  long latenessMillis(long version) {
    Watch watch = versions.get(version);
    return watch == null ? 0 : watch.judging.allowedLateness().toMillis();
  }

  boolean isWatched(long version) {
    return versions.containsKey(version);
  }

  boolean isCurrent(long version, Watch watch) {
    return versions.get(version) == watch;
  }

  /** Returns the model without a version; null if nothing of it is watched then. */
  @Nullable WatchedModel without(long version) {
    Map<Long, Watch> left = new HashMap<>(versions);
    left.remove(version);
    return left.isEmpty() ? null : new WatchedModel(left);
  }

  /** Returns the centroids of a version's rows so far, where its baseline has none. */
  List<Centroid> centroids(long version) {
    Watch watch = versions.get(version);
    return watch == null ? List.of() : watch.centroids.get();
  }

  /**
   * Returns what a key's windows are held against: the version's baseline, or nothing for a
   * segment, since a part differs from the whole.
   */
  Optional<Baseline> baseline(ProfileKey key) {
    Watch watch = versions.get(key.version());
    return watch == null || !key.segment().equals(ProfileKey.ALL)
        ? Optional.empty()
        : watch.baseline;
  }
}
