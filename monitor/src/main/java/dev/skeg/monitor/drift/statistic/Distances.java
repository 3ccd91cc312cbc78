package dev.skeg.monitor.drift.statistic;

/**
 * Distances of two distributions over the same bins.
 *
 * <p>Arguments are shares, each of 0 to 1, that sum to 1 on either side; {@code p} is the
 * reference. All are 0 for equal shares.
 */
public final class Distances {
  private static final double LN_2 = Math.log(2);

  private Distances() {}

  /** Returns the shares that counts are, all 0 if there are none. */
  public static double[] shares(double[] counts) {
    double sum = 0;
    for (double count : counts) {
      sum += count;
    }
    double[] shares = new double[counts.length];
    for (int k = 0; k < counts.length && sum > 0; k++) {
      shares[k] = counts[k] / sum;
    }
    return shares;
  }

  /**
   * Returns the shares of counts to each of which {@code extra} is added, so that none is 0. Half a
   * row, Jeffreys', is what this product adds before a logarithm.
   */
  public static double[] smoothedShares(double[] counts, double extra) {
    double[] smoothed = counts.clone();
    for (int k = 0; k < smoothed.length; k++) {
      smoothed[k] += extra;
    }
    return shares(smoothed);
  }

  /**
   * Returns the population stability index, {@code Σ (p - q) ln(p / q)}: 0 to infinity, which it is
   * where one side has a bin to itself.
   */
  public static double psi(double[] p, double[] q) {
    double sum = 0;
    for (int k = 0; k < p.length; k++) {
      if (p[k] != q[k]) {
        sum += (p[k] - q[k]) * Math.log(p[k] / q[k]);
      }
    }
    return sum;
  }

  /**
   * Returns the Kullback-Leibler divergence of {@code p} from {@code q}, {@code Σ p ln(p / q)}, in
   * nats: infinity where {@code q} lacks a bin that {@code p} has.
   */
  public static double kullbackLeibler(double[] p, double[] q) {
    double sum = 0;
    for (int k = 0; k < p.length; k++) {
      if (p[k] > 0) {
        sum += p[k] * Math.log(p[k] / q[k]);
      }
    }
    return sum;
  }

  /** Returns the Jensen-Shannon divergence in nats: 0 to ln 2. */
  public static double jensenShannonNats(double[] p, double[] q) {
    double sum = 0;
    for (int k = 0; k < p.length; k++) {
      double middle = (p[k] + q[k]) / 2;
      if (p[k] > 0) {
        sum += p[k] * Math.log(p[k] / middle) / 2;
      }
      if (q[k] > 0) {
        sum += q[k] * Math.log(q[k] / middle) / 2;
      }
    }
    return Math.max(0, sum); // Rounding alone makes it less.
  }

  /** Returns the Jensen-Shannon divergence in bits: 0 to 1. */
  public static double jensenShannonBits(double[] p, double[] q) {
    return jensenShannonNats(p, q) / LN_2;
  }

  /** Returns the Jensen-Shannon distance with natural logarithms: 0 to √ln 2. */
  public static double jensenShannonDistanceNats(double[] p, double[] q) {
    return Math.sqrt(jensenShannonNats(p, q));
  }

  /** Returns the Jensen-Shannon distance with logarithms to base 2: 0 to 1. */
  public static double jensenShannonDistanceBits(double[] p, double[] q) {
    return Math.sqrt(jensenShannonBits(p, q));
  }

  /** Returns the Hellinger distance, {@code √(1 - Σ √(p q))}: 0 to 1. */
  public static double hellinger(double[] p, double[] q) {
    // ½ Σ (√p - √q)² is the same, and does not lose the small ones.
    double sum = 0;
    for (int k = 0; k < p.length; k++) {
      double difference = Math.sqrt(p[k]) - Math.sqrt(q[k]);
      sum += difference * difference;
    }
    return Math.sqrt(sum / 2);
  }

  /** Returns the total variation distance, {@code ½ Σ |p - q|}: 0 to 1. */
  public static double totalVariation(double[] p, double[] q) {
    double sum = 0;
    for (int k = 0; k < p.length; k++) {
      sum += Math.abs(p[k] - q[k]);
    }
    return sum / 2;
  }

  /** Returns the greatest difference of a bin's shares, {@code max |p - q|}: 0 to 1. */
  public static double lInfinity(double[] p, double[] q) {
    double greatest = 0;
    for (int k = 0; k < p.length; k++) {
      greatest = Math.max(greatest, Math.abs(p[k] - q[k]));
    }
    return greatest;
  }

  /**
   * Returns the greatest difference of the cumulative distributions at bins' bounds, for bins in
   * the order of their values: 0 to 1, at most that of the values themselves.
   */
  public static double kolmogorovSmirnov(double[] p, double[] q) {
    double cumulative = 0;
    double greatest = 0;
    for (int k = 0; k < p.length; k++) {
      cumulative += p[k] - q[k];
      greatest = Math.max(greatest, Math.abs(cumulative));
    }
    return greatest;
  }

  /**
   * Returns the first Wasserstein distance of distributions on the points {@code at}, which ascend:
   * {@code ∫ |F - G|}, in the values' unit.
   */
  public static double wasserstein(double[] p, double[] q, double[] at) {
    double cumulative = 0;
    double sum = 0;
    for (int k = 0; k + 1 < p.length; k++) {
      cumulative += p[k] - q[k];
      sum += Math.abs(cumulative) * (at[k + 1] - at[k]);
    }
    return sum;
  }

  /**
   * Returns a distance with what sampling alone explains taken off, as deequ and SageMaker Model
   * Monitor do for numbers: {@code max(0, linf - 1.8 √((n + m) / (n m)))}. The factor is that of a
   * Kolmogorov-Smirnov test at .003.
   */
  public static double robust(double lInfinity, double referenceRows, double rows) {
    return Math.max(
        0, lInfinity - 1.8 * Math.sqrt((referenceRows + rows) / (referenceRows * rows)));
  }
}
