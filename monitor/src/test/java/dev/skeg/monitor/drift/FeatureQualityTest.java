package dev.skeg.monitor.drift;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.baseline.BlockVariation;
import dev.skeg.monitor.baseline.FeatureBaseline;
import dev.skeg.monitor.baseline.Seasons;
import dev.skeg.monitor.drift.QualityFinding.Check;
import dev.skeg.monitor.profile.Moments;
import dev.skeg.monitor.profile.NumericBins;
import dev.skeg.monitor.record.FeatureSpec;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.DoubleSupplier;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

/** How often {@link FeatureQuality} says that values are in another unit. */
final class FeatureQualityTest {
  private static final int WINDOWS = 40;

  private final FeatureSpec spec = Columns.numeric("length");
  private final Random random = new Random(3);

  private double[] values(int rows, DoubleSupplier from) {
    double[] values = new double[rows];
    Arrays.setAll(values, i -> from.getAsDouble());
    return values;
  }

  /** Returns of how many windows of 40 it is said. */
  private int units(DoubleSupplier training, DoubleUnaryOperator change, int rows) {
    double[] before = values(20_000, training);
    NumericBins bins = Columns.bins(before);
    Baseline baseline = Columns.baseline(Columns.profile(spec, bins, before));
    int found = 0;
    for (int window = 0; window < WINDOWS; window++) {
      double[] now = values(rows, () -> change.applyAsDouble(training.getAsDouble()));
      Judge judge =
          new Judge(DriftConfig.ofWindow(Duration.ofHours(1)), key -> Optional.of(baseline));
      FeatureVerdict verdict =
          judge.judge(Columns.hour(0, Columns.profile(spec, bins, now))).features().getFirst();
      found += verdict.quality().stream().anyMatch(each -> each.check() == Check.UNIT) ? 1 : 0;
    }
    return found;
  }

  private double around0() {
    return random.nextGaussian();
  }

  private double around10() {
    return 10 + random.nextGaussian();
  }

  private double heavyTailed() {
    return Math.exp(random.nextGaussian());
  }

  @Test
  void anOrdinaryChangeOfSpreadIsNoUnit() {
    for (double factor : new double[] {.9144, .95, 1, 1.09, 1.6, .62, 2.5}) {
      assertThat(units(this::around0, x -> factor * x, 200)).describedAs("× " + factor).isZero();
    }
    // The spread alone: in another unit the mean would have moved too.
    assertThat(units(this::around10, x -> 10 + 1.609 * (x - 10), 2_000)).isZero();
    // The spread of a few rows with a heavy tail is anything.
    assertThat(units(this::heavyTailed, x -> x, 200)).isZero();
  }

  @Test
  void aUnitIsFoundAgainstTheHoursOwnValues() {
    int hourRows = 1_000;
    double[] all = new double[Seasons.HOURS * hourRows];
    for (int row = 0; row < all.length; row++) {
      all[row] = (row / hourRows % 2 == 0 ? 1 : 10) * around10();
    }
    NumericBins bins = Columns.bins(all);
    long[][] cells = new long[Seasons.HOURS][];
    Moments[] moments = new Moments[Seasons.HOURS];
    for (int hour = 0; hour < Seasons.HOURS; hour++) {
      double[] own = Arrays.copyOfRange(all, hour * hourRows, (hour + 1) * hourRows);
      cells[hour] = Columns.profile(spec, bins, own).counts();
      moments[hour] = Moments.of(own);
    }
    Baseline baseline =
        new Baseline(
            all.length,
            Optional.empty(),
            Columns.HOUR,
            List.of(
                new FeatureBaseline(
                    Columns.profile(spec, bins, all),
                    new Seasons(cells, moments),
                    BlockVariation.NONE)));
    Judge judge =
        new Judge(DriftConfig.ofWindow(Duration.ofHours(1)), key -> Optional.of(baseline));
    double[] now = values(2_000, () -> 2.54 * around10());

    assertThat(
            judge.judge(Columns.hour(0, Columns.profile(spec, bins, now))).features().stream()
                .flatMap(feature -> feature.quality().stream()))
        .extracting(QualityFinding::check)
        .contains(Check.UNIT);
  }

  @Test
  void aUnitIsFoundByItsFactor() {
    assertThat(units(this::around10, x -> 2.54 * x, 2_000)).isEqualTo(WINDOWS);
    assertThat(units(this::around10, x -> x * .45359237, 2_000)).isEqualTo(WINDOWS);
    assertThat(units(this::around10, x -> 1.8 * x + 32, 2_000)).isEqualTo(WINDOWS);
    assertThat(units(this::around0, x -> 1_000 * x, 2_000)).isEqualTo(WINDOWS);
    assertThat(units(this::around0, x -> x / 100, 200)).isGreaterThan(WINDOWS / 2);
  }
}
