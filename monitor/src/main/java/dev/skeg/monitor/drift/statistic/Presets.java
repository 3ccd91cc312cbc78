package dev.skeg.monitor.drift.statistic;

import java.util.Arrays;
import java.util.TreeSet;

/**
 * Statistics as other tools compute them by default, with their bins and their ways with empty
 * bins.
 *
 * <p>Samples are sorted ascending, finite and not empty; {@code x} is the reference. What the tools
 * do is described by their public sources and documentation: Evidently 0.7, NannyML 0.13,
 * TensorFlow Data Validation 1.17, whylogs 1.6.
 */
public final class Presets {
  private static final double EVIDENTLY_FILL = 1e-4;
  private static final int MAX_BINS = 10_000;

  private Presets() {}

  /** Returns Evidently's PSI of numbers: Sturges' bins over both samples, empty ones filled. */
  public static double evidentlyPsi(double[] x, double[] y) {
    double[][] shares = evidentlyShares(x, y);
    return Distances.psi(evidentlyFill(shares[0]), evidentlyFill(shares[1]));
  }

  /** Returns Evidently's PSI of categories, of counts in the same bins. */
  public static double evidentlyCategoryPsi(double[] reference, double[] counts) {
    return Distances.psi(
        evidentlyFill(Distances.shares(reference)), evidentlyFill(Distances.shares(counts)));
  }

  /** Returns Evidently's Jensen-Shannon distance of numbers, with natural logarithms. */
  public static double evidentlyJensenShannon(double[] x, double[] y) {
    double[][] shares = evidentlyShares(x, y);
    return Distances.jensenShannonDistanceNats(shares[0], shares[1]);
  }

  private static double[][] evidentlyShares(double[] x, double[] y) {
    double least = Math.min(x[0], y[0]);
    double greatest = Math.max(x[x.length - 1], y[y.length - 1]);
    // Evidently takes a column of at most 20 different values in the reference for categories.
    double[] distinct = Arrays.stream(x).distinct().toArray();
    if (distinct.length <= 20 || least == greatest) {
      double[] values = Arrays.stream(concat(x, y)).distinct().sorted().toArray();
      double[][] shares = {new double[values.length], new double[values.length]};
      for (double value : x) {
        shares[0][Arrays.binarySearch(values, value)] += 1.0 / x.length;
      }
      for (double value : y) {
        shares[1][Arrays.binarySearch(values, value)] += 1.0 / y.length;
      }
      return shares;
    }
    int bins = sturges(x.length + y.length);
    return new double[][] {
      Distances.shares(histogram(x, least, greatest, bins)),
      Distances.shares(histogram(y, least, greatest, bins))
    };
  }

  /** Returns how many bins Sturges' rule makes of some values. */
  static int sturges(int values) {
    return (int) Math.ceil(Math.log(values) / Math.log(2) + 1);
  }

  /** Fills empty bins as Evidently does, without making the shares sum to 1 again. */
  static double[] evidentlyFill(double[] shares) {
    double least = Double.POSITIVE_INFINITY;
    for (double share : shares) {
      least = share > 0 ? Math.min(least, share) : least;
    }
    double fill = least <= EVIDENTLY_FILL ? least / 1e6 : EVIDENTLY_FILL;
    double[] filled = shares.clone();
    for (int k = 0; k < filled.length; k++) {
      filled[k] = filled[k] == 0 ? fill : filled[k];
    }
    return filled;
  }

  /**
   * Returns NannyML's Jensen-Shannon distance of numbers, with logarithms to base 2: Doane's bins
   * of the reference, and one more for what is outside of them.
   */
  public static double nannymlJensenShannon(double[] x, double[] y) {
    double[][] shares = nannymlShares(x, y);
    return Distances.jensenShannonDistanceBits(shares[0], shares[1]);
  }

  /** Returns NannyML's Hellinger distance of numbers, of the same bins. */
  public static double nannymlHellinger(double[] x, double[] y) {
    double[][] shares = nannymlShares(x, y);
    return Distances.hellinger(shares[0], shares[1]);
  }

  private static double[][] nannymlShares(double[] x, double[] y) {
    double least = x[0];
    double greatest = x[x.length - 1];
    if (least == greatest) { // As NumPy widens a range of nothing.
      least -= .5;
      greatest += .5;
    }
    int bins = doane(x);
    double[] own = histogram(y, least, greatest, bins);
    double inside = Arrays.stream(own).sum();
    double[] p = Arrays.copyOf(Distances.shares(histogram(x, least, greatest, bins)), bins + 1);
    double[] q = Arrays.copyOf(own, bins + 1);
    q[bins] = y.length - inside;
    return new double[][] {p, Distances.shares(q)};
  }

  /** Returns how many bins Doane's rule makes of some values. */
  static int doane(double[] x) {
    double deviation = SampleStatistics.standardDeviation(x);
    int n = x.length;
    if (n <= 2 || deviation == 0) {
      return 1;
    }
    double mean = Arrays.stream(x).sum() / n;
    double cube = 0;
    for (double value : x) {
      cube += Math.pow((value - mean) / deviation, 3);
    }
    double skewError = Math.sqrt(6.0 * (n - 2) / ((n + 1.0) * (n + 3.0)));
    double bins =
        1 + Math.log(n) / Math.log(2) + Math.log(1 + Math.abs(cube / n) / skewError) / Math.log(2);
    return (int) Math.min(MAX_BINS, Math.ceil(bins));
  }

  /**
   * Returns TensorFlow Data Validation's Jensen-Shannon divergence of numbers, to base 2: ten equal
   * bins of each side's own range, spread evenly over the bounds of both.
   */
  public static double tfdvJensenShannon(double[] x, double[] y) {
    TreeSet<Double> bounds = new TreeSet<>();
    for (int i = 0; i <= 10; i++) {
      bounds.add(edge(x[0], x[x.length - 1], 10, i));
      bounds.add(edge(y[0], y[y.length - 1], 10, i));
    }
    double[] all = bounds.stream().mapToDouble(Double::doubleValue).toArray();
    return Math.min(1, Distances.jensenShannonBits(spread(x, all), spread(y, all)));
  }

  private static double edge(double from, double to, int bins, int index) {
    return index == bins ? to : from + (to - from) * index / bins;
  }

  /** Shares of the points {@code bounds}, at even places, and of what lies between, at odd ones. */
  private static double[] spread(double[] x, double[] bounds) {
    double[] shares = new double[2 * bounds.length - 1];
    double from = x[0];
    double to = x[x.length - 1];
    if (from == to) { // A point: it stays one.
      shares[2 * Arrays.binarySearch(bounds, from)] = 1;
      return shares;
    }
    double[] counts = histogram(x, from, to, 10);
    for (int i = 0; i < 10; i++) {
      double left = edge(from, to, 10, i);
      double right = edge(from, to, 10, i + 1);
      for (int k = 0; k + 1 < bounds.length; k++) {
        double width = Math.min(right, bounds[k + 1]) - Math.max(left, bounds[k]);
        if (width > 0) {
          shares[2 * k + 1] += counts[i] / x.length * width / (right - left);
        }
      }
    }
    return shares;
  }

  /** Returns whylogs' Hellinger distance of numbers: at most 30 equal bins over both samples. */
  public static double whylogsHellinger(double[] x, double[] y) {
    double least = Math.min(x[0], y[0]);
    double greatest = Math.max(x[x.length - 1], y[y.length - 1]);
    if (least == greatest) {
      return 0;
    }
    int bins = Math.clamp(Math.min(x.length, y.length) / 4, 2, 30); // 4 values a bin, in the mean.
    return Distances.hellinger(
        Distances.shares(histogram(x, least, greatest, bins)),
        Distances.shares(histogram(y, least, greatest, bins)));
  }

  /** Returns counts in equal bins, the last one closed; what is outside is left out. */
  static double[] histogram(double[] sorted, double from, double to, int bins) {
    double[] counts = new double[bins];
    for (double value : sorted) {
      if (value >= from && value <= to) {
        counts[(int) Math.min(bins - 1, (value - from) / (to - from) * bins)]++;
      }
    }
    return counts;
  }

  private static double[] concat(double[] x, double[] y) {
    double[] both = Arrays.copyOf(x, x.length + y.length);
    System.arraycopy(y, 0, both, x.length, y.length);
    return both;
  }
}
