package dev.skeg.monitor.drift.statistic;

/**
 * Tests of two rows of counts in the same bins being drawn from one distribution. Bins that are
 * empty on both sides are left out.
 *
 * @param chiSquared Pearson's statistic
 * @param g the likelihood ratio's, {@code 2 Σ observed ln(observed / expected)}
 * @param degreesOfFreedom bins less 1
 * @param cramersV {@code √(χ² / rows of both)}, as there are two rows: 0 to 1
 * @param corrected the same with Bergsma's correction of its bias (2013)
 */
public record Contingency(
    double chiSquared, double g, int degreesOfFreedom, double cramersV, double corrected) {
  /** Returns the tests of counts, each 0 or more. */
  public static Contingency of(double[] reference, double[] counts) {
    double m = 0;
    double n = 0;
    int bins = 0;
    for (int k = 0; k < reference.length; k++) {
      m += reference[k];
      n += counts[k];
      bins += reference[k] + counts[k] > 0 ? 1 : 0;
    }
    if (m <= 0 || n <= 0) {
      return new Contingency(Double.NaN, Double.NaN, 0, Double.NaN, Double.NaN);
    }
    double chiSquared = 0;
    double g = 0;
    for (int k = 0; k < reference.length; k++) {
      double both = reference[k] + counts[k];
      if (both > 0) {
        chiSquared += term(reference[k], both * m / (m + n));
        chiSquared += term(counts[k], both * n / (m + n));
        g += likelihood(reference[k], both * m / (m + n));
        g += likelihood(counts[k], both * n / (m + n));
      }
    }
    double total = m + n;
    double phi = chiSquared / total;
    double unbiased = Math.max(0, phi - (bins - 1) / (total - 1));
    double columns = bins - (bins - 1.0) * (bins - 1.0) / (total - 1);
    double rows = 2 - 1 / (total - 1);
    double least = Math.min(columns - 1, rows - 1);
    return new Contingency(
        chiSquared,
        g,
        bins - 1,
        bins > 1 ? Math.sqrt(phi) : 0,
        bins > 1 ? Math.sqrt(unbiased / least) : 0);
  }

  private static double term(double observed, double expected) {
    return (observed - expected) * (observed - expected) / expected;
  }

  private static double likelihood(double observed, double expected) {
    return observed > 0 ? 2 * observed * Math.log(observed / expected) : 0;
  }

  /** Returns the probability of a greater χ² under no change; 1 for a single bin. */
  public double chiSquaredPValue() {
    return degreesOfFreedom == 0 ? 1 : Gamma.chiSquaredTail(chiSquared, degreesOfFreedom);
  }

  /** Returns the probability of a greater G under no change; 1 for a single bin. */
  public double gPValue() {
    return degreesOfFreedom == 0 ? 1 : Gamma.chiSquaredTail(g, degreesOfFreedom);
  }

  /**
   * Returns the probability of a greater χ² of the counts if the reference's shares were the true
   * ones, as Evidently tests. It takes the reference's sampling error for drift: at equal numbers
   * of rows and 20 bins, 73 % of its alarms at 5 % are false.
   */
  public static double oneSamplePValue(double[] reference, double[] counts) {
    double m = 0;
    double n = 0;
    int bins = 0;
    for (int k = 0; k < reference.length; k++) {
      m += reference[k];
      n += counts[k];
      bins += reference[k] + counts[k] > 0 ? 1 : 0;
    }
    double statistic = oneSample(reference, counts, n / m);
    return bins < 2 ? 1 : Gamma.chiSquaredTail(statistic, bins - 1);
  }

  /**
   * Returns χ² of counts against {@code scale} times the reference's; infinity for an unseen bin.
   */
  static double oneSample(double[] reference, double[] counts, double scale) {
    double statistic = 0;
    for (int k = 0; k < reference.length; k++) {
      if (reference[k] + counts[k] > 0) {
        statistic += term(counts[k], reference[k] * scale);
      }
    }
    return statistic;
  }
}
