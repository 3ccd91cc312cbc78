package dev.skeg.monitor.baseline;

import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.Moments;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.Window;
import dev.skeg.monitor.record.Centroid;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Makes a baseline of windows of live traffic: each window is a block. The bins stay those that the
 * traffic was counted in.
 */
public final class LiveBaseline {
  private static final long HOUR_MILLIS = 3_600_000;

  private LiveBaseline() {}

  /**
   * Makes one.
   *
   * @param windows closed ones of the same features in the same bins, 1 or more, in any order;
   *     those of other lengths than the first are fine, but only windows of an hour or less tell
   *     seasons apart
   * @param centroids that the windows' distances were measured from
   * @throws IllegalArgumentException if there is none, they differ in features or bins, or have no
   *     row
   */
  public static Baseline of(List<Profile> windows, List<Centroid> centroids) {
    if (windows.isEmpty()) {
      throw new IllegalArgumentException("windows: none (expected: 1 or more)");
    }
    List<Profile> ordered = new ArrayList<>(windows);
    ordered.sort(Comparator.comparingLong(profile -> profile.window().startMillis()));
    Profile whole = ordered.getFirst();
    for (Profile next : ordered.subList(1, ordered.size())) {
      whole = whole.merge(next);
    }
    boolean tellsHours = ordered.stream().allMatch(profile -> isWithinOneHour(profile.window()));
    List<FeatureBaseline> features = new ArrayList<>();
    for (int i = 0; i < whole.features().size(); i++) {
      int index = i;
      List<FeatureProfile> blocks =
          ordered.stream().map(profile -> profile.features().get(index)).toList();
      Seasons seasons = tellsHours ? seasons(ordered, blocks) : Seasons.NONE;
      FeatureProfile all = whole.features().get(i);
      BlockVariation variation =
          BlockComparison.of(
              all.bins(),
              all.counts(),
              seasons,
              ordered.size(),
              block -> ordered.get(block).window(),
              block -> blocks.get(block).counts());
      features.add(new FeatureBaseline(all, seasons, variation));
    }
    return new Baseline(
        whole.rows(),
        Optional.of(whole.window()),
        ordered.getFirst().window().lengthMillis(),
        features,
        centroids);
  }

  private static boolean isWithinOneHour(Window window) {
    return Math.floorDiv(window.startMillis(), HOUR_MILLIS)
        == Math.floorDiv(window.endMillis() - 1, HOUR_MILLIS);
  }

  private static Seasons seasons(List<Profile> windows, List<FeatureProfile> blocks) {
    long[][] counts = new long[Seasons.HOURS][blocks.getFirst().bins().size()];
    Moments[] moments = new Moments[Seasons.HOURS];
    Arrays.fill(moments, Moments.EMPTY);
    for (int i = 0; i < windows.size(); i++) {
      int hour = Seasons.hourOfWeek(windows.get(i).window().startMillis());
      FeatureProfile block = blocks.get(i);
      for (int bin = 0; bin < counts[hour].length; bin++) {
        counts[hour][bin] += block.count(bin);
      }
      moments[hour] = moments[hour].merge(block.moments());
    }
    return new Seasons(counts, moments);
  }
}
