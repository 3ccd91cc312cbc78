package dev.skeg.runtime.monitoring;

import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.baseline.LiveBaseline;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileJson;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.runtime.state.WindowArchive;
import dev.skeg.runtime.state.WindowArchive.Kept;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Makes baselines of a version's windows that are kept: those of the stable arm, of all segments,
 * that were watched from their start to their end, in the bins of the one that closed last.
 *
 * <p><b>Threads.</b> Any that may block; one at a time, for all the windows are in memory at once.
 */
public final class LiveBaselines {
  private final WindowArchive archive;

  public LiveBaselines(Monitors monitors) {
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
    return windows.isEmpty() ? Optional.empty() : Optional.of(LiveBaseline.of(windows));
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
