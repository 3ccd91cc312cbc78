package dev.skeg.monitor.drift;

import dev.skeg.monitor.profile.Bins;
import dev.skeg.monitor.profile.CategoryBins;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.NumericBins;
import dev.skeg.monitor.record.FeatureSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * Windows until a change of one of 20 features is found, with the shipped defaults: one page a
 * month, windows of an hour with 5,000 independent rows, a baseline of 20,000.
 */
final class PowerSimulation {
  private static final int FEATURES = 20;
  private static final int BASELINE_ROWS = 20_000;
  private static final int WINDOW_ROWS = 5_000;
  private static final int GIVE_UP = 20;

  private final Random random;

  PowerSimulation(long seed) {
    this.random = new Random(seed);
  }

  /** The changes that must be found. */
  enum Change {
    MEAN_TENTH("mean +.1 σ"),
    MEAN_QUARTER("mean +.25 σ"),
    SPREAD("sd × 1.25"),
    STUCK("5 % stuck at 0"),
    HUNDREDFOLD("1 % of rows × 100"),
    NEW_CATEGORY("a new category at 1 %");

    private final String label;

    Change(String label) {
      this.label = label;
    }

    String label() {
      return label;
    }
  }

  /** Returns the median of the windows to detection. */
  double median(Change change, int runs) {
    int[] windows = new int[runs];
    Arrays.setAll(windows, run -> windows(change));
    Arrays.sort(windows);
    return (windows[(runs - 1) / 2] + windows[runs / 2]) / 2.0;
  }

  private int windows(Change change) {
    boolean numeric = change != Change.NEW_CATEGORY;
    List<FeatureSpec> specs = new ArrayList<>();
    List<Bins> bins = new ArrayList<>();
    List<FeatureProfile> wholes = new ArrayList<>();
    for (int i = 0; i < FEATURES; i++) {
      if (numeric || i > 0) {
        double[] training = normal(BASELINE_ROWS, Change.NEW_CATEGORY);
        NumericBins own = Columns.bins(training);
        specs.add(Columns.numeric("n" + i));
        bins.add(own);
        wholes.add(Columns.profile(specs.get(i), own, training));
      } else {
        bins.add(Columns.categories(20));
        specs.add(Columns.categorical("c"));
        wholes.add(Columns.profile(specs.get(i), bins.get(i), categories(BASELINE_ROWS, 0)));
      }
    }
    Judge judge =
        new Judge(
            DriftConfig.ofWindow(Duration.ofHours(1)),
            key -> Optional.of(Columns.baseline(wholes.toArray(new FeatureProfile[0]))));
    for (int hour = 0; hour < GIVE_UP; hour++) {
      FeatureProfile[] window = new FeatureProfile[FEATURES];
      for (int i = 0; i < FEATURES; i++) {
        window[i] =
            switch (bins.get(i)) {
              case NumericBins own ->
                  Columns.profile(
                      specs.get(i),
                      own,
                      normal(WINDOW_ROWS, i == 0 ? change : Change.NEW_CATEGORY));
              case CategoryBins own ->
                  Columns.profile(specs.get(i), own, categories(WINDOW_ROWS, .01));
            };
      }
      WindowVerdict verdict = judge.judge(Columns.hour(hour, window));
      if (verdict.features().getFirst().state() == DriftState.DRIFT) {
        return hour + 1;
      }
    }
    return GIVE_UP + 1;
  }

  private double[] normal(int rows, Change change) {
    double[] values = new double[rows];
    for (int i = 0; i < rows; i++) {
      double value = random.nextGaussian();
      values[i] =
          switch (change) {
            case MEAN_TENTH -> value + .1;
            case MEAN_QUARTER -> value + .25;
            case SPREAD -> value * 1.25;
            case STUCK -> random.nextDouble() < .05 ? 0 : value;
            case HUNDREDFOLD -> random.nextDouble() < .01 ? value * 100 : value;
            case NEW_CATEGORY -> value;
          };
    }
    return values;
  }

  private double[] categories(int rows, double unseen) {
    double[] counts = new double[22];
    for (int i = 0; i < rows; i++) {
      boolean isNew = random.nextDouble() < unseen;
      int category = (int) Math.min(19, Math.abs(random.nextGaussian()) * 6);
      counts[isNew ? CategoryBins.UNSEEN : CategoryBins.FIRST_NAMED + category]++;
    }
    return counts;
  }
}
