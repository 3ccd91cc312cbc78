package dev.skeg.monitor.drift;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.baseline.BlockVariation;
import dev.skeg.monitor.baseline.FeatureBaseline;
import dev.skeg.monitor.baseline.Seasons;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.Moments;
import dev.skeg.monitor.profile.NumericBins;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.RowCounts;
import dev.skeg.monitor.profile.Window;
import dev.skeg.monitor.record.FeatureSpec;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A value without a bin of its own, .7, that comes often in some windows of a normal feature. */
final class HeavySharesTest {
  private static final int ROWS = 1_000;
  private static final int MONDAY_3 = 3;
  private static final int MONDAY_3_SINCE_EPOCH = 4 * 24 + 3; // The epoch was a Thursday.
  private static final int WEEK = 168;

  private final Random random = new Random(5);
  private final FeatureSpec spec = Columns.numeric("amount");

  private double[] values(int rows, double share) {
    double[] values = new double[rows];
    for (int i = 0; i < rows; i++) {
      values[i] = random.nextDouble() < share ? .7 : random.nextGaussian();
    }
    return values;
  }

  /** A baseline in which the value holds 40 % of one hour of the week, and .24 % of all rows. */
  private Baseline seasonal(NumericBins bins) {
    double[] all = new double[WEEK * ROWS];
    long[][] cells = new long[WEEK][];
    Moments[] moments = new Moments[WEEK];
    for (int hour = 0; hour < WEEK; hour++) {
      double[] own = values(ROWS, hour == MONDAY_3 ? .4 : 0);
      FeatureProfile profile = Columns.profile(spec, bins, own);
      cells[hour] = profile.counts();
      moments[hour] = profile.moments();
      System.arraycopy(own, 0, all, hour * ROWS, ROWS);
    }
    FeatureProfile whole = Columns.profile(spec, bins, all);
    FeatureBaseline feature =
        new FeatureBaseline(whole, new Seasons(cells, moments), BlockVariation.NONE);
    return new Baseline(all.length, Optional.empty(), Columns.HOUR, List.of(feature));
  }

  @Test
  void aValueOfOneHourOfTheWeekIsUsualInThatHourOnly() {
    NumericBins bins = Columns.bins(values(20_000, 0));
    Baseline baseline = seasonal(bins);
    Judge judge =
        new Judge(DriftConfig.ofWindow(Duration.ofHours(1)), key -> Optional.of(baseline));
    for (int week = 0; week < 4; week++) {
      int hour = MONDAY_3_SINCE_EPOCH + week * WEEK;
      FeatureProfile usual = Columns.profile(spec, bins, values(ROWS, .4));
      FeatureVerdict verdict = judge.judge(Columns.hour(hour, usual)).features().getFirst();

      assertThat(verdict.state()).isEqualTo(DriftState.OK);
      assertThat(verdict.quality()).isEmpty();
    }
    FeatureProfile unusual = Columns.profile(spec, bins, values(ROWS, .4));

    assertThat(
            judge
                .judge(Columns.hour(MONDAY_3_SINCE_EPOCH + 3 * WEEK + 1, unusual))
                .features()
                .getFirst()
                .state())
        .isEqualTo(DriftState.DRIFT);
  }

  @Test
  void aValueThatHasComeForWeeksIsWhatEarlierWindowsHave() {
    NumericBins bins = Columns.bins(values(20_000, 0));
    Judge judge = new Judge(DriftConfig.ofWindow(Duration.ofDays(1)), key -> Optional.empty());
    int change = 35;
    DriftState state = DriftState.OK;
    for (int day = 0; day < 15 * 7; day++) {
      FeatureProfile profile =
          Columns.profile(spec, bins, values(2 * ROWS, day < change ? 0 : .04));
      Window window = new Window(day * 24L * Columns.HOUR, (day + 1) * 24L * Columns.HOUR);
      WindowVerdict verdict =
          judge.judge(
              new Profile(
                  ProfileKey.of("m", 1), window, RowCounts.of(profile.rows()), List.of(profile)));
      state = verdict.features().getFirst().state();
      if (day == change) {
        assertThat(state).isEqualTo(DriftState.DRIFT);
      }
    }
    assertThat(state).isEqualTo(DriftState.OK);
  }

  @Test
  void aFewEqualValuesOfAFewRowsAreNoCertainEffectHoweverManyWindowsThereWere() {
    NumericBins bins = Columns.bins(values(20_000, 0));
    Baseline baseline = Columns.baseline(Columns.profile(spec, bins, values(20_000, 0)));
    Judge judge =
        new Judge(DriftConfig.ofWindow(Duration.ofHours(1)), key -> Optional.of(baseline));
    for (int hour = 0; hour < 40; hour++) {
      double[] values = values(100, 0);
      values[0] = .7;
      values[1] = .7;
      FeatureProfile profile = Columns.profile(spec, bins, values);
      FeatureVerdict verdict = judge.judge(Columns.hour(hour, profile)).features().getFirst();

      assertThat(requireNonNull(verdict.effects().get(DriftKind.SKEW)))
          .filteredOn(effect -> effect.metric() == Effect.Metric.ATOM)
          .noneMatch(Effect::isOverFloor);
    }
  }
}
