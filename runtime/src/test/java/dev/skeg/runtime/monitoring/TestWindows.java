package dev.skeg.runtime.monitoring;

import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.baseline.BlockVariation;
import dev.skeg.monitor.baseline.FeatureBaseline;
import dev.skeg.monitor.baseline.Seasons;
import dev.skeg.monitor.profile.DistinctEstimate;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.HeavyValues;
import dev.skeg.monitor.profile.Moments;
import dev.skeg.monitor.profile.NumericBins;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.Reservoir;
import dev.skeg.monitor.profile.RowCounts;
import dev.skeg.monitor.profile.Window;
import dev.skeg.monitor.record.FeatureSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Windows of an hour with one feature, normally distributed, and a baseline of it. */
final class TestWindows {
  static final long HOUR = 3_600_000;
  static final long START = 1_790_000_000_000L / HOUR * HOUR;
  static final ProfileKey KEY = ProfileKey.of("fraud", 1);
  static final FeatureSpec AMOUNT =
      new FeatureSpec("amount", FeatureSpec.Role.INPUT, FeatureSpec.Kind.NUMERIC);
  static final NumericBins BINS =
      new NumericBins(new double[0], new double[] {-4, -1.5, -1, -.5, 0, .5, 1, 1.5, 4});
  static final int ROWS = 20_000;

  private TestWindows() {}

  static Window window(int hour) {
    return new Window(START + hour * HOUR, START + (hour + 1) * HOUR);
  }

  static FeatureProfile feature(NumericBins bins, int rows, long seed, double mean) {
    Random random = new Random(seed);
    double[] values = new double[rows];
    Arrays.setAll(values, i -> mean + random.nextGaussian());
    long[] counts = new long[bins.size()];
    for (double value : values) {
      counts[bins.binOf(value)]++;
    }
    return new FeatureProfile(
        AMOUNT,
        bins,
        counts,
        Moments.of(values),
        DistinctEstimate.EMPTY,
        HeavyValues.NONE,
        Reservoir.EMPTY);
  }

  static Profile profile(ProfileKey key, int hour, double mean) {
    return new Profile(
        key, window(hour), RowCounts.of(ROWS), List.of(feature(BINS, ROWS, 100 + hour, mean)));
  }

  /** Returns a window that was not watched from its start to its end. */
  static Profile part(int hour, double mean) {
    Profile whole = profile(KEY, hour, mean);
    return new Profile(
        KEY, whole.window(), new RowCounts(ROWS, ROWS, 0, 0, true), whole.features());
  }

  static Baseline baseline() {
    return new Baseline(
        ROWS,
        Optional.empty(),
        HOUR,
        List.of(new FeatureBaseline(feature(BINS, ROWS, 1, 0), Seasons.NONE, BlockVariation.NONE)));
  }
}
