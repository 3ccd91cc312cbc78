package dev.skeg.monitor.baseline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.monitor.profile.Bins;
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
import dev.skeg.monitor.record.FeatureSpec.Kind;
import dev.skeg.monitor.record.FeatureSpec.Role;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class LiveBaselineTest {
  private static final long HOUR = 3_600_000;
  private static final int ROWS = 300;
  private static final FeatureSpec SPEC = new FeatureSpec("x", Role.INPUT, Kind.NUMERIC);
  private static final NumericBins BINS =
      new NumericBins(new double[0], new double[] {-9, -1, -.5, 0, .5, 1, 9});

  private static Profile window(long start, long length, double mean, Random random) {
    double[] values = new double[ROWS];
    long[] counts = new long[BINS.size()];
    for (int i = 0; i < ROWS; i++) {
      values[i] = mean + random.nextGaussian();
      counts[BINS.binOf(values[i])]++;
    }
    FeatureProfile feature =
        new FeatureProfile(
            SPEC,
            BINS,
            counts,
            Moments.of(values),
            DistinctEstimate.EMPTY,
            HeavyValues.NONE,
            Reservoir.EMPTY);
    return new Profile(
        ProfileKey.of("m", 1),
        new Window(start, start + length),
        RowCounts.of(ROWS),
        List.of(feature));
  }

  @Test
  void sumsWindowsUpByHourAndTakesThemForBlocks() {
    Random random = new Random(1);
    List<Profile> windows = new ArrayList<>();
    for (int i = 0; i < 4 * Seasons.HOURS; i++) {
      // Nights differ from days, and that is a season, no variation.
      windows.add(window(i * HOUR, HOUR, i % 24 < 8 ? 1 : 0, random));
    }
    Collections.shuffle(windows, random);

    Baseline baseline = LiveBaseline.of(windows, List.of());

    FeatureBaseline feature = baseline.features().getFirst();
    assertThat(baseline.rows()).isEqualTo(4L * Seasons.HOURS * ROWS);
    assertThat(baseline.blockMillis()).isEqualTo(HOUR);
    assertThat(baseline.span()).contains(new Window(0, 4 * Seasons.HOURS * HOUR));
    SeasonCell night = feature.cell(new Window(2 * HOUR, 3 * HOUR));
    SeasonCell day = feature.cell(new Window(12 * HOUR, 13 * HOUR));
    assertThat(night.rows()).isEqualTo(4 * ROWS);
    assertThat(night.moments().mean()).isBetween(.9, 1.1);
    assertThat(day.moments().mean()).isBetween(-.1, .1);
    assertThat(feature.variation().blocks()).isEqualTo(4 * Seasons.HOURS);
    assertThat(feature.variation().designEffect()).isBetween(1.0, 1.1);
    assertThat(feature.whole().count(Bins.MISSING)).isZero();
  }

  @Test
  void hasNoSeasonsIfAWindowIsLongerThanAnHour() {
    Random random = new Random(2);
    List<Profile> windows = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      windows.add(window(i * 24L * HOUR, 24 * HOUR, .5 * random.nextGaussian(), random));
    }

    FeatureBaseline feature = LiveBaseline.of(windows, List.of()).features().getFirst();

    assertThat(feature.seasons()).isEqualTo(Seasons.NONE);
    assertThat(feature.variation().designEffect()).isGreaterThan(5);
    assertThatThrownBy(() -> LiveBaseline.of(List.of(), List.of()))
        .hasMessage("windows: none (expected: 1 or more)");
  }
}
