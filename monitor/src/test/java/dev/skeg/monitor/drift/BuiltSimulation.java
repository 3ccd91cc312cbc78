package dev.skeg.monitor.drift;

import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.baseline.BaselineBuilder;
import dev.skeg.monitor.baseline.BaselineOptions;
import dev.skeg.monitor.baseline.FeatureBaseline;
import dev.skeg.monitor.profile.CategoryBins;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.NumericBins;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.RowCounts;
import dev.skeg.monitor.profile.Window;
import dev.skeg.monitor.record.CategoryHash;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * Pages of a judge while nothing has changed, with a baseline that {@link BaselineBuilder} has
 * built from a file of six weeks: its bins, its season cells and its design effects.
 *
 * <p>Rows follow one another: four numbers are AR(1) processes of φ = .6, four categories stay what
 * they were in the row before with a probability of .6, else they are drawn anew. 200 rows an hour.
 */
final class BuiltSimulation {
  private static final int NUMBERS = 4;
  private static final int[] CATEGORIES = {3, 5, 20, 100};
  private static final int WINDOW_ROWS = 200;
  private static final int BASELINE_HOURS = 6 * 168;
  private static final long MONDAY = 1_767_571_200_000L; // 2026-01-05
  private static final double STAYS = .6;

  private final Random random;
  private final Path file;
  private final double[] numbers = new double[NUMBERS];
  private final int[] categories = new int[CATEGORIES.length];

  BuiltSimulation(long seed, Path directory) {
    this.random = new Random(seed);
    this.file = directory.resolve("train.csv");
  }

  private void next() {
    for (int i = 0; i < NUMBERS; i++) {
      numbers[i] = STAYS * numbers[i] + Math.sqrt(1 - STAYS * STAYS) * random.nextGaussian();
    }
    for (int i = 0; i < CATEGORIES.length; i++) {
      if (random.nextDouble() >= STAYS) {
        // The first ones more often.
        categories[i] = (int) (CATEGORIES[i] * random.nextDouble() * random.nextDouble());
      }
    }
  }

  private Baseline baseline() {
    StringBuilder csv = new StringBuilder("timestamp,n0,n1,n2,n3,c0,c1,c2,c3\n");
    for (int row = 0; row < BASELINE_HOURS * WINDOW_ROWS; row++) {
      next();
      csv.append(MONDAY + row * (Columns.HOUR / WINDOW_ROWS));
      for (double number : numbers) {
        csv.append(',').append(number);
      }
      for (int category : categories) {
        csv.append(",c").append(category);
      }
      csv.append('\n');
    }
    try {
      Files.writeString(file, csv);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    BaselineOptions standard = BaselineOptions.standard();
    BaselineOptions options =
        new BaselineOptions(
            standard.table(),
            Optional.of("timestamp"),
            standard.features(),
            standard.outputs(),
            standard.label(),
            standard.categorical(),
            standard.excluded(),
            Duration.ofHours(1),
            1);
    return BaselineBuilder.build(List.of(file), options, (pass, rows, done, total) -> {})
        .baseline();
  }

  /** Returns the pages of windows that follow the baseline's. */
  NullSimulation.Pages run(int windows, double windowsPerPage) {
    Baseline baseline = baseline();
    double month = Duration.ofDays(30).toHours();
    DriftConfig config =
        new DriftConfig(
            month / windowsPerPage, Duration.ofHours(1), EffectFloors.DEFAULT, Map.of(), 50, false);
    Judge judge = new Judge(config, key -> Optional.of(baseline));
    long pages = 0;
    for (int hour = BASELINE_HOURS; hour < BASELINE_HOURS + windows; hour++) {
      long start = MONDAY + hour * Columns.HOUR;
      Window window = new Window(start, start + Columns.HOUR);
      Profile profile =
          new Profile(ProfileKey.of("m", 1), window, RowCounts.of(WINDOW_ROWS), window(baseline));
      pages += judge.judge(profile).isPage() ? 1 : 0;
    }
    return new NullSimulation.Pages(pages, windows / windowsPerPage);
  }

  private List<FeatureProfile> window(Baseline baseline) {
    double[][] values = new double[NUMBERS][WINDOW_ROWS];
    long[][] hashes = new long[CATEGORIES.length][WINDOW_ROWS];
    for (int row = 0; row < WINDOW_ROWS; row++) {
      next();
      for (int i = 0; i < NUMBERS; i++) {
        values[i][row] = numbers[i];
      }
      for (int i = 0; i < CATEGORIES.length; i++) {
        hashes[i][row] = CategoryHash.of("c" + categories[i]);
      }
    }
    List<FeatureProfile> profiles = new ArrayList<>();
    for (FeatureBaseline feature : baseline.features()) {
      int index = feature.spec().name().charAt(1) - '0';
      profiles.add(
          switch (feature.bins()) {
            case NumericBins bins -> Columns.profile(feature.spec(), bins, values[index]);
            case CategoryBins bins -> {
              double[] counts = new double[bins.size()];
              for (long hash : hashes[index]) {
                counts[bins.binOf(hash)]++;
              }
              yield Columns.profile(feature.spec(), bins, counts);
            }
          });
    }
    return profiles;
  }
}
