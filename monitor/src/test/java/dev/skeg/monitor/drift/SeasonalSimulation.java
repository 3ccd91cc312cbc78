package dev.skeg.monitor.drift;

import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.baseline.BlockDirections;
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
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * A seasonal stream judged week by week: one year of baseline, one of ordinary weeks, then an
 * event.
 *
 * <p>A feature is, in units of its noise: a daily cycle and a weekly one, each of 1; ten holidays a
 * year like Sundays, half as large again; a trend of .1 a year; and AR(1) noise with a half-life of
 * two hours. There is one row in ten minutes. One feature in ten is constant until the event.
 */
final class SeasonalSimulation {
  private static final int STEP_MINUTES = 10;
  private static final int DAY_ROWS = 24 * 60 / STEP_MINUTES;
  private static final int WEEK_ROWS = 7 * DAY_ROWS;
  private static final int WEEKS = 52;
  private static final long WEEK = 7 * 24 * Columns.HOUR;
  private static final double AR = Math.pow(.5, STEP_MINUTES / 120.0);

  private final Random random;
  private final int features;

  SeasonalSimulation(long seed, int features) {
    this.random = new Random(seed);
    this.features = features;
  }

  /**
   * What came of it.
   *
   * @param weeks ordinary feature-weeks
   * @param flagged those in the state of drift
   * @param firstWeekOfEvent features in drift in the event's first week, of those it is about
   * @param eventFeatures features that the event is about
   */
  record Outcome(int weeks, int flagged, int firstWeekOfEvent, int eventFeatures) {}

  Outcome run() {
    List<FeatureBaseline> baselines = new ArrayList<>();
    List<NumericBins> bins = new ArrayList<>();
    List<double[]> serving = new ArrayList<>();
    for (int i = 0; i < features; i++) {
      boolean constant = i % 10 == 9;
      double[] all = constant ? constant(i) : stream(isOfEvent(i));
      double[] training = Arrays.copyOf(all, WEEKS * WEEK_ROWS);
      NumericBins own = Columns.bins(training);
      bins.add(own);
      baselines.add(baseline("f" + i, own, training));
      serving.add(Arrays.copyOfRange(all, WEEKS * WEEK_ROWS, all.length));
    }
    Baseline baseline = new Baseline((long) WEEKS * WEEK_ROWS, Optional.empty(), WEEK, baselines);
    Judge judge = new Judge(DriftConfig.ofWindow(Duration.ofDays(7)), key -> Optional.of(baseline));
    int flagged = 0;
    int found = 0;
    int affected = 0;
    for (int week = 0; week <= WEEKS; week++) {
      List<FeatureProfile> profiles = new ArrayList<>();
      for (int i = 0; i < features; i++) {
        int from = week * WEEK_ROWS;
        double[] own = Arrays.copyOfRange(serving.get(i), from, from + WEEK_ROWS);
        profiles.add(Columns.profile(Columns.numeric("f" + i), bins.get(i), own));
      }
      long start = (WEEKS + week) * WEEK;
      WindowVerdict verdict =
          judge.judge(
              new Profile(
                  ProfileKey.of("m", 1),
                  new Window(start, start + WEEK),
                  RowCounts.of(WEEK_ROWS),
                  profiles));
      for (int i = 0; i < features; i++) {
        boolean isDrift = verdict.features().get(i).state() == DriftState.DRIFT;
        if (week < WEEKS) {
          flagged += isDrift ? 1 : 0;
        } else if (isOfEvent(i)) {
          affected++;
          found += isDrift ? 1 : 0;
        }
      }
    }
    return new Outcome(WEEKS * features, flagged, found, affected);
  }

  /** Features 0, 10, 20 move by two of their noise's deviations, 9, 19 are constant no more. */
  private static boolean isOfEvent(int feature) {
    return feature % 10 == 9 || feature % 10 == 0;
  }

  private double[] constant(int feature) {
    double[] values = new double[(2 * WEEKS + 1) * WEEK_ROWS];
    Arrays.fill(values, 1 + feature);
    for (int row = 2 * WEEKS * WEEK_ROWS; row < values.length; row++) {
      values[row] += random.nextGaussian();
    }
    return values;
  }

  private double[] stream(boolean moves) {
    double[] values = new double[(2 * WEEKS + 1) * WEEK_ROWS];
    double phase = random.nextDouble() * 2 * Math.PI;
    boolean[] holidays = new boolean[(2 * WEEKS + 1) * 7];
    for (int i = 0; i < 20; i++) {
      holidays[random.nextInt(2 * WEEKS * 7)] = true;
    }
    double noise = random.nextGaussian();
    for (int row = 0; row < values.length; row++) {
      noise = AR * noise + Math.sqrt(1 - AR * AR) * random.nextGaussian();
      int day = row / DAY_ROWS;
      double daily = Math.sin(2 * Math.PI * (row % DAY_ROWS) / DAY_ROWS + phase);
      double weekly = day % 7 >= 5 ? -1 : 0;
      double trend = .1 * row / (WEEKS * WEEK_ROWS);
      values[row] = daily + (holidays[day] ? -1.5 : weekly) + trend + noise;
      values[row] += moves && row >= 2 * WEEKS * WEEK_ROWS ? 2 : 0;
    }
    return values;
  }

  private static FeatureBaseline baseline(String name, NumericBins bins, double[] training) {
    FeatureProfile whole = Columns.profile(Columns.numeric(name), bins, training);
    long[][] cells = new long[Seasons.HOURS][bins.size()];
    Moments[] moments = new Moments[Seasons.HOURS];
    Arrays.fill(moments, Moments.EMPTY);
    long[][] weeks = new long[WEEKS][bins.size()];
    for (int row = 0; row < training.length; row++) {
      int bin = bins.binOf(training[row]);
      cells[Seasons.hourOfWeek((long) row * STEP_MINUTES * 60_000)][bin]++;
      weeks[row / WEEK_ROWS][bin]++;
    }
    long[] sums = whole.counts();
    BlockDirections directions = new BlockDirections(bins, sums);
    double effect = 0;
    for (long[] week : weeks) {
      long[] rest = new long[sums.length];
      Arrays.setAll(rest, bin -> sums[bin] - week[bin]);
      effect += BlockVariation.statistic(week, rest) / WEEKS;
      directions.add(week, rest);
    }
    BlockVariation variation =
        new BlockVariation(WEEKS, WEEK_ROWS, Math.max(1, effect), new double[0], new double[0])
            .withDirections(directions.effects());
    return new FeatureBaseline(whole, new Seasons(cells, moments), variation);
  }
}
