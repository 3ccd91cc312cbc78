package dev.skeg.monitor.drift.statistic;

import java.util.Arrays;

/**
 * Statistics of two samples of numbers.
 *
 * <p>Arguments are sorted ascending, finite and not empty; {@code x} is the reference.
 */
public final class SampleStatistics {
  // The least-squares parabola of ln p over the table's quantiles for two samples: .325, 1.226,
  // 1.961,
  // 2.718, 3.752, 4.592, 6.546 at p of .25, .1, .05, .025, .01, .005, .001.
  private static final double AD_SQUARE = .018198094574111343;
  private static final double AD_LINEAR = -1.0082265644652515;
  private static final double AD_CONSTANT = -1.077770279820486;

  private SampleStatistics() {}

  /** Returns the greatest distance of the two cumulative distributions: 0 to 1. */
  public static double kolmogorovSmirnov(double[] x, double[] y) {
    double greatest = 0;
    int i = 0;
    int j = 0;
    while (i < x.length && j < y.length) {
      double at = Math.min(x[i], y[j]);
      i = upTo(x, i, at);
      j = upTo(y, j, at);
      greatest = Math.max(greatest, Math.abs((double) i / x.length - (double) j / y.length));
    }
    return greatest;
  }

  private static int upTo(double[] sorted, int from, double at) {
    int i = from;
    while (i < sorted.length && sorted[i] <= at) {
      i++;
    }
    return i;
  }

  /** Returns the first Wasserstein distance, {@code ∫ |F - G|}, in the values' unit. */
  public static double wasserstein(double[] x, double[] y) {
    return integral(x, y, false);
  }

  /**
   * Returns the Wasserstein distance over the reference's standard deviation, that of the
   * population, at least .001: Evidently's default for numbers in more than 1,000 rows.
   */
  public static double normedWasserstein(double[] x, double[] y) {
    return wasserstein(x, y) / Math.max(standardDeviation(x), .001);
  }

  /** Returns the energy distance, {@code √(2 ∫ (F - G)²)}. */
  public static double energy(double[] x, double[] y) {
    return Math.sqrt(2 * integral(x, y, true));
  }

  private static double integral(double[] x, double[] y, boolean squared) {
    double sum = 0;
    double at = Math.min(x[0], y[0]);
    int i = upTo(x, 0, at);
    int j = upTo(y, 0, at);
    while (i < x.length || j < y.length) {
      double next =
          Math.min(
              i < x.length ? x[i] : Double.POSITIVE_INFINITY,
              j < y.length ? y[j] : Double.POSITIVE_INFINITY);
      double difference = Math.abs((double) i / x.length - (double) j / y.length);
      sum += (squared ? difference * difference : difference) * (next - at);
      at = next;
      i = upTo(x, i, at);
      j = upTo(y, j, at);
    }
    return sum;
  }

  /** Returns the population's standard deviation. */
  static double standardDeviation(double[] x) {
    double mean = Arrays.stream(x).sum() / x.length;
    double square = 0;
    for (double value : x) {
      square += (value - mean) * (value - mean);
    }
    return Math.sqrt(square / x.length);
  }

  /**
   * Returns the two-sample Cramér-von Mises statistic T, with midranks for ties (Anderson, "On the
   * distribution of the two-sample Cramér-von Mises criterion", 1962).
   */
  public static double cramerVonMises(double[] x, double[] y) {
    double u = x.length * rankSquares(x, y) + y.length * rankSquares(y, x);
    double k = (double) x.length * y.length;
    double n = x.length + y.length;
    return u / (k * n) - (4 * k - 1) / (6 * n);
  }

  private static double rankSquares(double[] own, double[] other) {
    double sum = 0;
    int j = 0;
    int i = 0;
    while (i < own.length) {
      int ownEnd = upTo(own, i, own[i]);
      while (j < other.length && other[j] < own[i]) {
        j++;
      }
      int otherEnd = upTo(other, j, own[i]);
      double rank = i + j + (ownEnd - i + otherEnd - j + 1) / 2.0;
      for (int r = i + 1; r <= ownEnd; r++) {
        sum += (rank - r) * (rank - r);
      }
      i = ownEnd;
      j = otherEnd;
    }
    return sum;
  }

  /**
   * Returns the probability of a greater T under no change, by its limit for many rows: its first
   * two moments are matched to those of the limit.
   */
  public static double cramerVonMisesPValue(double t, int m, int n) {
    double k = (double) m * n;
    double all = (double) m + n;
    double mean = (1 + 1 / all) / 6;
    double squares = (double) m * m + (double) n * n;
    double variance = (all + 1) * (4 * k * all - 3 * squares - 2 * k) / (45 * all * all * 4 * k);
    double scaled = 1.0 / 6 + (t - mean) / Math.sqrt(45 * variance);
    if (scaled < .003) {
      return 1;
    }
    // Csörgő and Faraway, "The exact and asymptotic distributions of Cramér-von Mises statistics",
    // 1996, equation 1.3.
    double cumulative = 0;
    for (int i = 0; i < 1000; i++) {
      double y = 4 * i + 1;
      double q = y * y / (16 * scaled);
      double factor = Math.exp(Gamma.logGamma(i + .5) - Gamma.logGamma(i + 1));
      double term =
          factor
              / (Math.pow(Math.PI, 1.5) * Math.sqrt(scaled))
              * Math.sqrt(y)
              * Math.exp(-q)
              * Gamma.besselQuarter(q);
      cumulative += term;
      if (term < 1e-12) {
        break;
      }
    }
    return Math.clamp(1 - cumulative, 0, 1);
  }

  /**
   * Returns the k-sample Anderson-Darling statistic of two samples, with midranks for ties, less
   * its mean and over its standard deviation under no change (Scholz and Stephens, "K-Sample
   * Anderson-Darling Tests", 1987, equation 7). NaN if all values are the same.
   */
  public static double andersonDarling(double[] x, double[] y) {
    double n = x.length + y.length;
    double a = 0;
    int i = 0;
    int j = 0;
    while (i < x.length || j < y.length) {
      double at =
          Math.min(
              i < x.length ? x[i] : Double.POSITIVE_INFINITY,
              j < y.length ? y[j] : Double.POSITIVE_INFINITY);
      int iEnd = upTo(x, i, at);
      int jEnd = upTo(y, j, at);
      double ties = iEnd - i + jEnd - j;
      double before = i + j + ties / 2;
      double weight = before * (n - before) - n * ties / 4;
      if (weight > 0) {
        double ofX = n * (i + (iEnd - i) / 2.0) - before * x.length;
        double ofY = n * (j + (jEnd - j) / 2.0) - before * y.length;
        a += ties / n * (ofX * ofX / x.length + ofY * ofY / y.length) / weight;
      }
      i = iEnd;
      j = jEnd;
    }
    if (x[0] == x[x.length - 1] && y[0] == y[y.length - 1] && x[0] == y[0]) {
      return Double.NaN;
    }
    return (a * (n - 1) / n - 1) / Math.sqrt(andersonDarlingVariance(x.length, y.length));
  }

  private static double andersonDarlingVariance(int m, int size) {
    int n = m + size;
    double inverse = 1.0 / m + 1.0 / size;
    double partial = 0;
    double g = 0;
    for (int i = 1; i <= n - 2; i++) {
      partial += 1.0 / (n - i);
      g += partial / (i + 1);
    }
    double h = partial + 1;
    double k = 2;
    double a = (4 * g - 6) * (k - 1) + (10 - 6 * g) * inverse;
    double b = (2 * g - 4) * k * k + 8 * h * k + (2 * g - 14 * h - 4) * inverse - 8 * h + 4 * g - 6;
    double c =
        (6 * h + 2 * g - 2) * k * k + (4 * h - 4 * g + 6) * k + (2 * h - 6) * inverse + 4 * h;
    double d = (2 * h + 6) * k * k - 4 * h * k;
    double cube = (double) n * n * n;
    return (a * cube + b * n * n + c * n + d) / ((n - 1.0) * (n - 2.0) * (n - 3.0));
  }

  /**
   * Returns the probability of a greater Anderson-Darling statistic of two samples under no change,
   * by a parabola through its tabulated quantiles (Scholz and Stephens, table 2): .001 to .25,
   * since the table ends there.
   */
  public static double andersonDarlingPValue(double statistic) {
    if (statistic < .325) {
      return .25;
    }
    if (statistic > 6.546) {
      return .001;
    }
    return Math.exp((AD_SQUARE * statistic + AD_LINEAR) * statistic + AD_CONSTANT);
  }
}
