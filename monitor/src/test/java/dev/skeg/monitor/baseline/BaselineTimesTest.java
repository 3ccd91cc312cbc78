package dev.skeg.monitor.baseline;

import static dev.skeg.monitor.baseline.BaselineFixture.HOUR;
import static dev.skeg.monitor.baseline.BaselineFixture.MONDAY;
import static dev.skeg.monitor.baseline.BaselineFixture.build;
import static dev.skeg.monitor.baseline.BaselineFixture.feature;
import static dev.skeg.monitor.baseline.BaselineFixture.options;
import static dev.skeg.monitor.baseline.BaselineFixture.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.skeg.monitor.profile.NumericBins;
import dev.skeg.monitor.profile.Window;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@link BaselineBuilder} makes of rows that have times. */
final class BaselineTimesTest {
  @TempDir Path directory;

  @Test
  void countsByTheHourOfTheWeek() {
    MixedRows rows = new MixedRows(100_000, 4);
    BuiltBaseline built = build(options(2), write(directory, "t.csv", rows.csv));

    FeatureBaseline feature = feature(built, "n");
    double[] values = rows.column(0);
    long[][] counts = new long[Seasons.HOURS][feature.bins().size()];
    for (int i = 0; i < values.length; i++) {
      int hour = (int) ((rows.times.get(i) - MONDAY) / HOUR % Seasons.HOURS);
      counts[hour][((NumericBins) feature.bins()).binOf(values[i])]++;
    }
    for (int hour = 0; hour < Seasons.HOURS; hour++) {
      assertThat(feature.seasons().counts(hour)).isEqualTo(counts[hour]);
    }
    assertThat(built.baseline().span().orElseThrow().startMillis())
        .isEqualTo(rows.times.stream().mapToLong(time -> time).min().orElseThrow());
    SeasonCell cell = feature.cell(new Window(MONDAY + 5 * HOUR, MONDAY + 6 * HOUR));
    assertThat(cell.level()).isEqualTo(SeasonCell.Level.HOUR_OF_WEEK);
    assertThat(cell.counts()).isEqualTo(counts[5]);
    assertThat(cell.moments().count()).isEqualTo(cell.rows());
  }

  @Test
  void findsADesignEffectOfOneInIndependentRowsAndMoreWhereBlocksDiffer() {
    Random random = new Random(5);
    StringBuilder csv = new StringBuilder("alike,shifted,timestamp\n");
    double shift = 0;
    for (int hour = 0; hour < 600; hour++) {
      shift = .3 * random.nextGaussian();
      for (int i = 0; i < 200; i++) {
        csv.append(random.nextGaussian()).append(',');
        csv.append(shift + random.nextGaussian()).append(',');
        csv.append(MONDAY + hour * HOUR + random.nextInt((int) HOUR)).append('\n');
      }
    }

    BuiltBaseline built = build(options(2), write(directory, "t.csv", csv));

    BlockVariation alike = feature(built, "alike").variation();
    assertThat(alike.blocks()).isEqualTo(600);
    assertThat(alike.rowsPerBlock()).isEqualTo(200);
    assertThat(alike.designEffect()).isBetween(1.0, 1.02);
    // Σ(Δp)²/p of a shift of s is about s², so the statistic is about 1 + n s² / 31 with bins
    // pooled until 5 of 200 rows are expected in each.
    assertThat(feature(built, "shifted").variation().designEffect())
        .isCloseTo(1 + 200 * .09 / 31, within(.1));
    assertThat(alike.statistics()).hasSize(600).isSorted();
    assertThat(alike.conformal(0)).isEqualTo(1);
    assertThat(alike.conformal(1e9)).isEqualTo(1 / 601.0);
  }

  @Test
  void saysThatABaselineIsOfOtherWindowsThanItIsComparedWith() {
    Baseline baseline =
        build(options(1), write(directory, "t.csv", new MixedRows(100, 1).csv)).baseline();

    assertThat(baseline.misfit(Duration.ofHours(1))).isEmpty();
    assertThat(baseline.misfit(Duration.ofMinutes(5)))
        .contains(
            "baseline.json: built for windows of 1h, and monitor.window is 5m: how much windows"
                + " vary by themselves is misjudged (expected: the same; skeg baseline --window"
                + " 5m)");
  }
}
