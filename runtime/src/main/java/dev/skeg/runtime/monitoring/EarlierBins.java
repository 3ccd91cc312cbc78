package dev.skeg.runtime.monitoring;

import dev.skeg.monitor.profile.Bins;
import dev.skeg.monitor.profile.CategoryBins;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.NumericBins;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileJson;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.state.WindowArchive;
import dev.skeg.runtime.state.WindowArchive.Kept;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bins that a version's features were last counted in. Bins that are learnt anew are other ones
 * each time, and windows in other bins cannot be compared: with the earlier ones a version goes on
 * where it was before a restart.
 *
 * <p>Bins that do not fit any more, since more than a fifth of the last rows have none of their
 * own, are left to be learnt again.
 */
final class EarlierBins {
  private static final Logger LOG = LoggerFactory.getLogger(EarlierBins.class);

  /** Windows that are looked at, at most. */
  private static final int LOOKED_AT = 12;

  /** A window with fewer rows may have had bins of its own. */
  private static final long FEW_ROWS = 1_000;

  private static final double MOST_OUTSIDE = .2;

  private EarlierBins() {}

  /**
   * Returns what is known, by feature: of a version without a window the inputs', as they were in
   * the model's version whose window closed last. May read some files.
   */
  static Map<FeatureSpec, Bins> of(WindowArchive archive, String model, long version) {
    try {
      List<ProfileKey> keys =
          archive.keys(model).stream()
              .filter(key -> key.segment().equals(ProfileKey.ALL))
              .sorted(Comparator.comparingLong(key -> -closed(archive, key)))
              .toList();
      for (ProfileKey key : keys) {
        if (key.version() == version) {
          Map<FeatureSpec, Bins> bins = of(archive, key);
          if (!bins.isEmpty()) {
            return bins;
          }
        }
      }
      // What another version answers may be on another scale.
      Map<FeatureSpec, Bins> others =
          keys.isEmpty() ? new HashMap<>() : of(archive, keys.getFirst());
      others.keySet().removeIf(spec -> spec.role() == FeatureSpec.Role.OUTPUT);
      return others;
    } catch (ServingException | IllegalArgumentException e) {
      LOG.atWarn()
          .addKeyValue("model", model)
          .addKeyValue("reason", e.getMessage())
          .log("Earlier windows cannot be read: their bins are learnt anew");
      return Map.of();
    }
  }

  private static long closed(WindowArchive archive, ProfileKey key) {
    return archive.lastClosed(key).stream().mapToLong(Kept::closedAtMillis).findFirst().orElse(0);
  }

  private static Map<FeatureSpec, Bins> of(WindowArchive archive, ProfileKey key) {
    @Nullable Profile later = null;
    for (Kept kept : archive.lastClosed(key).stream().limit(LOOKED_AT).toList()) {
      Optional<Profile> found = archive.profile(key, kept.window()).map(ProfileJson::read);
      if (found.isEmpty()) {
        continue;
      }
      Profile profile = found.get();
      if (profile.rows() >= FEW_ROWS || (later != null && hasSameBins(later, profile))) {
        return fitting(profile);
      }
      later = profile;
    }
    return new HashMap<>();
  }

  private static boolean hasSameBins(Profile one, Profile other) {
    return one.features().stream()
        .map(FeatureProfile::bins)
        .toList()
        .equals(other.features().stream().map(FeatureProfile::bins).toList());
  }

  private static Map<FeatureSpec, Bins> fitting(Profile profile) {
    Map<FeatureSpec, Bins> bins = new HashMap<>();
    for (FeatureProfile feature : profile.features()) {
      if (outside(feature) <= MOST_OUTSIDE * feature.rows()) {
        bins.put(feature.spec(), feature.bins());
      }
    }
    return bins;
  }

  private static long outside(FeatureProfile feature) {
    return switch (feature.bins()) {
      case NumericBins _ -> feature.count(NumericBins.BELOW) + feature.count(NumericBins.ABOVE);
      case CategoryBins _ -> feature.count(CategoryBins.UNSEEN);
    };
  }
}
