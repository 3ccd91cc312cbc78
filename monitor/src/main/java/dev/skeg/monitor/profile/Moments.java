package dev.skeg.monitor.profile;

/**
 * Moments of the finite values of a column.
 *
 * <p>They merge after T. F. Chan, G. H. Golub and R. J. LeVeque, "Updating Formulae and a Pairwise
 * Algorithm for Computing Sample Variances", 1979.
 *
 * @param count of finite values
 * @param mean 0 if there are none
 * @param m2 sum of squared deviations from the mean, 0 or more; the greatest double where it is
 *     more
 * @param min positive infinity if there are none
 * @param max negative infinity if there are none
 */
public record Moments(long count, double mean, double m2, double min, double max) {
  public static final Moments EMPTY =
      new Moments(0, 0, 0, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY);

  public Moments {
    if (count < 0 || !(m2 >= 0)) {
      throw new IllegalArgumentException(
          "count: " + count + ", m2: " + m2 + " (expected: both 0 or more)");
    }
  }

  /** Returns the moments of those values; what is not finite is left out. */
  public static Moments of(double... values) {
    long count = 0;
    double mean = 0;
    double m2 = 0;
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    for (double value : values) {
      if (Double.isFinite(value)) {
        count++;
        double delta = value - mean;
        mean += delta / count;
        m2 += delta * (value - mean);
        min = Math.min(min, value);
        max = Math.max(max, value);
      }
    }
    return ofSums(count, mean, m2, min, max);
  }

  /** Returns the moments of both columns' values together. */
  public Moments merge(Moments other) {
    if (other.count == 0) {
      return this;
    }
    if (count == 0) {
      return other;
    }
    long both = count + other.count;
    double delta = other.mean - mean;
    double share = (double) other.count / both;
    return ofSums(
        both,
        // Written so that the order of the two makes no difference.
        (count * mean + other.count * other.mean) / both,
        m2 + other.m2 + delta * delta * count * share,
        Math.min(min, other.min),
        Math.max(max, other.max));
  }

  /** Returns moments of sums that may have left the doubles: such values lie near their end. */
  static Moments ofSums(long count, double mean, double m2, double min, double max) {
    return new Moments(
        count,
        Double.isFinite(mean) ? mean : 0,
        Double.isFinite(m2) ? Math.max(0, m2) : Double.MAX_VALUE,
        min,
        max);
  }

  /** Returns the variance of the population; NaN if there are no values. */
  public double variance() {
    return count == 0 ? Double.NaN : m2 / count;
  }

  /** Returns the standard deviation of the population; NaN if there are no values. */
  public double standardDeviation() {
    return Math.sqrt(variance());
  }
}
