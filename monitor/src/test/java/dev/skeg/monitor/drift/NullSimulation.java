package dev.skeg.monitor.drift;

import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.baseline.BlockDirections;
import dev.skeg.monitor.baseline.BlockVariation;
import dev.skeg.monitor.baseline.FeatureBaseline;
import dev.skeg.monitor.baseline.Seasons;
import dev.skeg.monitor.drift.evidence.CountSampler;
import dev.skeg.monitor.profile.Bins;
import dev.skeg.monitor.profile.CategoryBins;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.HeavyValue;
import dev.skeg.monitor.profile.HeavyValues;
import dev.skeg.monitor.profile.Moments;
import dev.skeg.monitor.profile.NumericBins;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.RowCounts;
import dev.skeg.monitor.profile.Window;
import dev.skeg.monitor.record.FeatureSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.IntToLongFunction;

/**
 * Pages of a judge while nothing has changed, held against the budget.
 *
 * <p>50 features: 20 numeric of 64 quantile bins, 10 each of 5, 20 and 100 categories with Zipf's
 * shares; one in three has missing values. Every second numeric feature is 0 in 3 % of the rows,
 * and each has a value without a bin of its own in .4 % of them. Counts are drawn directly where
 * rows are independent, which is the same as drawing rows.
 */
final class NullSimulation {
  private static final int INTERVALS = 64;
  private static final double AR = .6;
  private static final double HEAVY = .004;
  private static final int HEAVY_INTERVAL = INTERVALS / 2;

  private final long baselineRows;
  private final int windowRows;
  private final Random random;
  private final CountSampler sampler;
  private final List<Bins> bins = new ArrayList<>();
  private final List<FeatureSpec> specs = new ArrayList<>();
  private final List<double[]> shares = new ArrayList<>();

  NullSimulation(long seed, long baselineRows, int windowRows, int features, int numericFeatures) {
    this.baselineRows = baselineRows;
    this.windowRows = windowRows;
    this.random = new Random(seed);
    this.sampler = new CountSampler(seed);
    int[] categories = {5, 20, 100};
    for (int i = 0; i < features; i++) {
      boolean numeric = i < numericFeatures;
      int count = categories[i % 3];
      Bins own = numeric ? normalBins() : Columns.categories(count);
      bins.add(own);
      specs.add(numeric ? Columns.numeric("n" + i) : Columns.categorical("c" + i));
      shares.add(shares(own, i % 3 == 0 ? (i % 2 == 0 ? .001 : .02) : 0, i % 2 == 0 ? .03 : 0));
    }
  }

  /** Quantile bins of a standard normal, its ends where a baseline of so many rows has them. */
  private NumericBins normalBins() {
    double[] edges = new double[INTERVALS + 1];
    double end = .5 / baselineRows;
    for (int k = 0; k <= INTERVALS; k++) {
      edges[k] = quantile(Math.clamp((double) k / INTERVALS, end, 1 - end));
    }
    return new NumericBins(new double[0], edges);
  }

  private static double quantile(double p) {
    double low = -8;
    double high = 8;
    for (int i = 0; i < 60; i++) {
      double middle = (low + high) / 2;
      if (cumulative(middle) < p) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private static double cumulative(double x) { // To 1e-7, by Abramowitz and Stegun 26.2.17.
    double t = 1 / (1 + .2316419 * Math.abs(x));
    double tail =
        Math.exp(-x * x / 2)
            / Math.sqrt(2 * Math.PI)
            * t
            * (.319381530
                + t * (-.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
    return x < 0 ? tail : 1 - tail;
  }

  private double[] shares(Bins own, double missing, double zero) {
    double[] all = new double[own.size()];
    switch (own) {
      case NumericBins numeric -> {
        double end = .5 / baselineRows;
        all[NumericBins.BELOW] = end;
        all[NumericBins.ABOVE] = end;
        for (int k = 0; k < INTERVALS; k++) {
          all[numeric.firstInterval() + k] = (1 - 2 * end - zero) / INTERVALS;
        }
        all[numeric.binOf(0)] += zero;
      }
      case CategoryBins categories -> {
        double sum = 0;
        for (int k = CategoryBins.FIRST_NAMED; k < all.length; k++) {
          all[k] = 1.0 / (k - 1);
          sum += all[k];
        }
        for (int k = CategoryBins.FIRST_NAMED; k < all.length; k++) {
          all[k] /= sum;
        }
      }
    }
    for (int k = 0; k < all.length; k++) {
      all[k] *= 1 - missing;
    }
    all[Bins.MISSING] = missing;
    return all;
  }

  /** Pages in some windows of a judge, and what the budget allows for them. */
  record Pages(long pages, double budget) {
    Pages plus(Pages other) {
      return new Pages(pages + other.pages, budget + other.budget);
    }

    double ratio() {
      return pages / budget;
    }

    /** Returns the 95 % upper confidence bound of the ratio, pages being Poisson's. */
    double upper() {
      double low = 0;
      double high = 10 + 4.0 * pages;
      for (int i = 0; i < 80; i++) {
        double middle = (low + high) / 2;
        double term = Math.exp(-middle);
        double below = term;
        for (int k = 1; k <= pages; k++) {
          term *= middle / k;
          below += term;
        }
        if (below > .05) {
          low = middle;
        } else {
          high = middle;
        }
      }
      return low / budget;
    }
  }

  /** Rows that are independent, of one distribution at all times. */
  Pages independent(int windows, double windowsPerPage) {
    return independent(1, windows, windowsPerPage);
  }

  /**
   * @param keys that share the budget, each with windows and a memory of its own
   */
  Pages independent(int keys, int windows, double windowsPerPage) {
    List<FeatureProfile> wholes = new ArrayList<>();
    for (int i = 0; i < specs.size(); i++) {
      double[] counts = sampler.multinomial(baselineRows, shares.get(i));
      wholes.add(Columns.profile(specs.get(i), bins.get(i), counts));
    }
    Baseline baseline = Columns.baseline(wholes.toArray(new FeatureProfile[0]));
    return run(
        Optional.of(baseline),
        keys,
        windows,
        windowsPerPage,
        (feature, hour) -> draw(shares.get(feature)));
  }

  /** The mix follows the hour of the week; without a baseline: held against earlier weeks only. */
  Pages withoutBaseline(int windows, double windowsPerPage) {
    return run(
        Optional.empty(),
        1,
        windows,
        windowsPerPage,
        (feature, hour) -> draw(seasonal(feature, Seasons.hourOfWeek(hour * Columns.HOUR))));
  }

  /** Independent rows whose mix follows the hour of the week; the baseline has its season cells. */
  Pages weekly(int windows, double windowsPerPage) {
    return weekly(
        hour -> baselineRows / Seasons.HOURS + (hour < baselineRows % Seasons.HOURS ? 1 : 0),
        Seasons.HOURS,
        windows,
        windowsPerPage);
  }

  /**
   * The mix follows the hour of the day, and the baseline has next to no rows of weekends, few of
   * nights and many of days: on weekends windows are held against the hour of any day, of 600 rows
   * or of ten thousand.
   */
  Pages unequal(int windows, double windowsPerPage) {
    return weekly(
        hour -> hour >= 120 ? 50 : hour % 24 < 12 ? 100 : 2_000, 24, windows, windowsPerPage);
  }

  private Pages weekly(IntToLongFunction rowsOf, int period, int windows, double windowsPerPage) {
    List<FeatureBaseline> features = new ArrayList<>();
    for (int i = 0; i < specs.size(); i++) {
      long[][] cells = new long[Seasons.HOURS][];
      long[] sums = new long[bins.get(i).size()];
      Moments[] moments = new Moments[Seasons.HOURS];
      Arrays.fill(moments, Moments.EMPTY);
      for (int hour = 0; hour < Seasons.HOURS; hour++) {
        double[] counts = sampler.multinomial(rowsOf.applyAsLong(hour), seasonal(i, hour % period));
        cells[hour] = Arrays.stream(counts).mapToLong(each -> (long) each).toArray();
        for (int bin = 0; bin < sums.length; bin++) {
          sums[bin] += cells[hour][bin];
        }
      }
      double[] whole = Arrays.stream(sums).asDoubleStream().toArray();
      features.add(
          new FeatureBaseline(
              Columns.profile(specs.get(i), bins.get(i), whole),
              new Seasons(cells, moments),
              BlockVariation.NONE));
    }
    Baseline baseline =
        new Baseline(features.getFirst().whole().rows(), Optional.empty(), Columns.HOUR, features);
    return run(
        Optional.of(baseline),
        1,
        windows,
        windowsPerPage,
        (feature, hour) -> {
          int hourOfWeek = Seasons.hourOfWeek(hour * Columns.HOUR);
          return draw(seasonal(feature, hourOfWeek % period));
        });
  }

  /** Shares that tilt with the hour of the day, and more so on weekends. */
  private double[] seasonal(int feature, int hourOfWeek) {
    double[] base = shares.get(feature);
    double[] tilted = new double[base.length];
    double size = hourOfWeek >= 120 ? .8 : .4;
    double tilt = size * Math.sin(2 * Math.PI * (hourOfWeek % 24) / 24 + feature);
    double sum = 0;
    for (int bin = 0; bin < base.length; bin++) {
      tilted[bin] = base[bin] * Math.exp(tilt * ((double) bin / base.length - .5));
      sum += tilted[bin];
    }
    for (int bin = 0; bin < base.length; bin++) {
      tilted[bin] /= sum;
    }
    return tilted;
  }

  /**
   * Numeric features whose rows follow an AR(1) process of φ = .6, through baseline and windows;
   * the baseline knows how much its blocks of a window's length vary.
   */
  Pages autoregressive(int windows, double windowsPerPage) {
    double[] states = new double[specs.size()];
    List<FeatureBaseline> features = new ArrayList<>();
    for (int i = 0; i < specs.size(); i++) {
      int blocks = (int) (baselineRows / windowRows);
      List<long[]> counts = new ArrayList<>();
      long[] sums = new long[bins.get(i).size()];
      for (int block = 0; block < blocks; block++) {
        long[] own = rows(i, states);
        counts.add(own);
        for (int bin = 0; bin < sums.length; bin++) {
          sums[bin] += own[bin];
        }
      }
      BlockDirections directions = new BlockDirections(bins.get(i), sums);
      double effect = 0;
      for (long[] own : counts) {
        long[] rest = new long[sums.length];
        Arrays.setAll(rest, bin -> sums[bin] - own[bin]);
        effect += BlockVariation.statistic(own, rest) / blocks;
        directions.add(own, rest);
      }
      double[] whole = Arrays.stream(sums).asDoubleStream().toArray();
      features.add(
          new FeatureBaseline(
              Columns.profile(specs.get(i), bins.get(i), whole),
              Seasons.NONE,
              new BlockVariation(
                      blocks, windowRows, Math.max(1, effect), new double[0], new double[0])
                  .withDirections(directions.effects())));
    }
    Baseline baseline =
        new Baseline(features.getFirst().whole().rows(), Optional.empty(), Columns.HOUR, features);
    return run(
        Optional.of(baseline),
        1,
        windows,
        windowsPerPage,
        (feature, hour) -> Arrays.stream(rows(feature, states)).asDoubleStream().toArray());
  }

  private long[] rows(int feature, double[] states) {
    NumericBins own = (NumericBins) bins.get(feature);
    long[] counts = new long[own.size()];
    double noise = Math.sqrt(1 - AR * AR);
    for (int row = 0; row < windowRows; row++) {
      states[feature] = AR * states[feature] + noise * random.nextGaussian();
      counts[own.binOf(states[feature])]++;
    }
    return counts;
  }

  private double[] draw(double[] from) {
    return sampler.multinomial(windowRows, from);
  }

  private interface Windows {
    double[] counts(int feature, int hour);
  }

  private FeatureProfile profile(int feature, double[] counts) {
    return Columns.profile(specs.get(feature), bins.get(feature), counts, heavy(feature, counts));
  }

  private HeavyValues heavy(int feature, double[] counts) {
    if (!(bins.get(feature) instanceof NumericBins numeric)) {
      return HeavyValues.NONE;
    }
    int bin = numeric.firstInterval() + HEAVY_INTERVAL;
    double share = HEAVY / shares.get(feature)[bin];
    long count = (long) sampler.multinomial((long) counts[bin], new double[] {share, 1 - share})[0];
    double value = (numeric.edge(HEAVY_INTERVAL) + numeric.edge(HEAVY_INTERVAL + 1)) / 2;
    long bits = Double.doubleToRawLongBits(value);
    return new HeavyValues(List.of(new HeavyValue(bits, count, count)), 0);
  }

  private Pages run(
      Optional<Baseline> baseline, int keys, int windows, double windowsPerPage, Windows from) {
    double month = Duration.ofDays(30).toHours();
    DriftConfig config =
        new DriftConfig(
            month / windowsPerPage, Duration.ofHours(1), EffectFloors.DEFAULT, Map.of(), 50, false);
    Judge judge = new Judge(config, key -> baseline);
    long pages = 0;
    for (int hour = 0; hour < windows; hour++) {
      boolean isPage = false;
      for (int key = 0; key < keys; key++) {
        List<FeatureProfile> profiles = new ArrayList<>();
        for (int i = 0; i < specs.size(); i++) {
          profiles.add(profile(i, from.counts(i, hour)));
        }
        Window window = new Window(hour * Columns.HOUR, (hour + 1) * Columns.HOUR);
        RowCounts rows = RowCounts.of(profiles.getFirst().rows());
        isPage |=
            judge.judge(new Profile(ProfileKey.of("m", 1 + key), window, rows, profiles)).isPage();
      }
      pages += isPage ? 1 : 0;
    }
    return new Pages(pages, windows / windowsPerPage);
  }
}
