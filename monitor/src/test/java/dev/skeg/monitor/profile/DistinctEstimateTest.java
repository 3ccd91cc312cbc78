package dev.skeg.monitor.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.baseline.BaselineBuilder;
import dev.skeg.monitor.baseline.BaselineOptions;
import dev.skeg.monitor.record.CategoryHash;
import dev.skeg.monitor.record.FeatureSpec.Role;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same rows, most of whose values are missing, in a baseline and in a window. */
final class DistinctEstimateTest {
  private static final int ROWS = 40_000;

  @TempDir Path directory;

  private static boolean isThere(int row) {
    return row % 4 == 0;
  }

  @Test
  void countsTheSameValuesOfABaselineAndAWindowOnceAndMissingOnesNever() throws Exception {
    StringBuilder csv = new StringBuilder("amount,zip\n");
    Rows rows = new Rows();
    for (int i = 0; i < ROWS; i++) {
      int value = i % 500 / 4 * 4;
      double amount = isThere(i) ? value + .5 : Double.NaN;
      String zip = isThere(i) ? "z" + value : "";
      csv.append(isThere(i) ? Double.toString(amount) : "").append(',').append(zip).append('\n');
      rows.add(i, i, 0, amount, CategoryHash.of(zip));
    }
    Path train = Files.writeString(directory.resolve("train.csv"), csv);
    Baseline baseline =
        BaselineBuilder.build(
                List.of(train), BaselineOptions.standard(), (pass, done, read, total) -> {})
            .baseline();
    List<Bins> bins = new ArrayList<>();
    bins.add(baseline.feature(Role.INPUT, "amount").orElseThrow().bins());
    bins.add(baseline.feature(Role.INPUT, "zip").orElseThrow().bins());
    ProfileBuilder builder = new ProfileBuilder(Rows.LAYOUT, bins);
    rows.give(builder::add, 512);

    Profile profile = builder.build(ProfileKey.of("m", 1), new Window(0, ROWS), RowCounts.of(ROWS));

    for (FeatureProfile feature : profile.features()) {
      DistinctEstimate trained =
          baseline.feature(Role.INPUT, feature.spec().name()).orElseThrow().whole().distinct();
      assertThat(feature.distinct().values()).isBetween(ROWS / 4 / 80L, ROWS / 4 / 50L);
      assertThat(trained.distinct()).isCloseTo(125, within(12.0));
      assertThat(trained.merge(feature.distinct()).distinct()).isEqualTo(trained.distinct());
    }
  }
}
