package dev.skeg.runtime.monitoring;

import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.baseline.LiveBaseline;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileJson;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.record.Centroid;
import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.monitor.record.VectorSummary;
import dev.skeg.runtime.state.WindowArchive;
import dev.skeg.runtime.state.WindowArchive.Kept;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Makes baselines of a version's windows that are kept: those of the stable arm, of all segments,
 * that were watched from their start to their end, in the bins of the one that closed last; with
 * the centroids that their distances were measured from, or, where there was none that fits, those
 * of the version's first rows.
 *
 * <p><b>Threads.</b> Any that may block; one at a time, for all the windows are in memory at once.
 */
public final class LiveBaselines {
  private final Monitors monitors;
  private final WindowArchive archive;

  public LiveBaselines(Monitors monitors) {
    this.monitors = monitors;
    this.archive = monitors.archive();
  }

  /**
   * Makes one.
   *
   * @param sinceMillis the first time that a window may start at, since the epoch
   * @return nothing where there is no such window
   */
  public synchronized Optional<Baseline> of(String model, long version, long sinceMillis) {
    ProfileKey key = ProfileKey.of(model, version);
    List<Profile> windows = new ArrayList<>();
    for (Kept kept : archive.lastClosed(key)) {
      if (kept.window().startMillis() < sinceMillis) {
        continue;
      }
      archive
          .profile(key, kept.window())
          .map(ProfileJson::read)
          .filter(window -> window.rows() > 0 && !window.counts().isPartial())
          .filter(window -> windows.isEmpty() || canMerge(windows.getFirst(), window))
          .ifPresent(windows::add);
    }
    if (windows.isEmpty()) {
      return Optional.empty();
    }
    Optional<Baseline> now = monitors.baseline(key);
    List<Centroid> ofFirstRows = monitors.centroids(key);
    List<Centroid> centroids = new ArrayList<>(now.map(Baseline::centroids).orElse(List.of()));
    // Where the baseline's does not fit the rows, no distance was measured from it.
    centroids.removeIf(known -> ofFirstRows.stream().anyMatch(first -> isOfSame(known, first)));
    centroids.addAll(ofFirstRows);
    List<Profile> comparable = windows.stream().map(window -> comparable(window, now)).toList();
    return Optional.of(LiveBaseline.of(comparable, centroids));
  }

  private static boolean isOfSame(Centroid one, Centroid other) {
    return one.role() == other.role() && one.tensor().equals(other.tensor());
  }

  /** Leaves distances out that were measured from other centroids than are known now. */
  private static Profile comparable(Profile window, Optional<Baseline> now) {
    Set<FeatureSpec> specs =
        window.features().stream().map(FeatureProfile::spec).collect(Collectors.toSet());
    List<FeatureProfile> left = new ArrayList<>();
    for (FeatureProfile feature : window.features()) {
      Optional<String> tensor = VectorSummary.measured(feature.spec(), specs);
      if (tensor.isEmpty() || now.filter(it -> isOf(it, tensor.get(), feature)).isPresent()) {
        left.add(feature);
      }
    }
    return new Profile(window.key(), window.window(), window.counts(), left);
  }

  /** Returns whether distances are to a baseline's centroid: then they are in its bins, too. */
  private static boolean isOf(Baseline baseline, String tensor, FeatureProfile distances) {
    FeatureSpec spec = distances.spec();
    return baseline.centroid(spec.role(), tensor).isPresent()
        && baseline
            .feature(spec.role(), spec.name())
            .map(known -> known.bins().equals(distances.bins()))
            .orElse(true);
  }

  private static boolean canMerge(Profile one, Profile other) {
    return keys(one).equals(keys(other));
  }

  private static List<List<Object>> keys(Profile profile) {
    List<List<Object>> keys = new ArrayList<>();
    for (FeatureProfile feature : profile.features()) {
      keys.add(List.of(feature.spec(), feature.bins()));
    }
    return keys;
  }
}
