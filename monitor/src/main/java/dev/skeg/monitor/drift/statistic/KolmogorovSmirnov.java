package dev.skeg.monitor.drift.statistic;

/** Probabilities of greater Kolmogorov-Smirnov distances under no change, two-sided. */
public final class KolmogorovSmirnov {
  /** Over this many values on either side the exact one is too dear, and the limit's serves. */
  private static final int MAX_EXACT = 10_000;

  private KolmogorovSmirnov() {}

  /** Returns the exact probability up to 10,000 values on either side, else the limit's. */
  public static double pValue(double distance, int m, int n) {
    return Math.max(m, n) <= MAX_EXACT
        ? exactPValue(distance, m, n)
        : asymptoticPValue(distance, m, n);
  }

  /**
   * Returns the probability that two samples without ties are at least so far apart.
   *
   * <p>All orders of the two samples' values are equally likely: paths from (0, 0) to (m, n) on a
   * lattice, of which those count that leave the band {@code |i/m - j/n| < distance} (Hodges, "The
   * significance probability of the Smirnov two-sample test", 1958). Paths are counted as shares,
   * so that no number overflows. Takes {@code m n} steps.
   */
  public static double exactPValue(double distance, int m, int n) {
    // Distances are multiples of 1 / (m n); what is a rounding error below one is that one.
    double least = distance * m * n - 1e-7 * Math.max(1, distance * m * n / 1e6);
    double[] inside = new double[n + 1];
    inside[0] = 1;
    for (int j = 1; j <= n; j++) {
      inside[j] = (double) j * m < least ? inside[j - 1] : 0;
    }
    for (int i = 1; i <= m; i++) {
      // inside[j] is the share of paths to (i, j) that stay inside. The last step came from the
      // left
      // with i / (i + j), from below with j / (i + j).
      inside[0] = (double) i * n < least ? inside[0] : 0;
      for (int j = 1; j <= n; j++) {
        inside[j] =
            Math.abs((double) i * n - (double) j * m) < least
                ? (inside[j] * i + inside[j - 1] * j) / (i + j)
                : 0;
      }
    }
    return Math.clamp(1 - inside[n], 0, 1);
  }

  /**
   * Returns the probability that one sample of {@code m n / (m + n)} values, rounded, is at least
   * so far from its own distribution, which for many values is the same.
   */
  public static double asymptoticPValue(double distance, int m, int n) {
    double size = (double) m * n / ((double) m + n);
    return oneSample(distance, (int) Math.max(1, Math.rint(size)));
  }

  /**
   * Marsaglia, Tsang and Wang, "Evaluating Kolmogorov's Distribution", 2003: exact by a power of a
   * matrix, and to 7 digits by a formula where the probability is under 1 %.
   */
  private static double oneSample(double distance, int n) {
    if (distance <= 0) {
      return 1;
    }
    if (distance >= 1) {
      return 0;
    }
    double s = distance * distance * n;
    if (s > 7.24 || (s > 3.76 && n > 99)) {
      return Math.min(1, 2 * Math.exp(-(2.000071 + .331 / Math.sqrt(n) + 1.409 / n) * s));
    }
    if (n > 100_000) { // The matrix would grow with √n; Kolmogorov's limit is as good there.
      return limit(Math.sqrt(s));
    }
    int k = (int) (n * distance) + 1;
    int size = 2 * k - 1;
    double h = k - n * distance;
    double[][] matrix = matrix(size, h);
    Power power = new Power(matrix, 0).to(n);
    double value = power.matrix[k - 1][k - 1];
    int exponent = power.exponent;
    for (int i = 1; i <= n; i++) {
      value = value * i / n;
      if (value < 1e-140) {
        value *= 1e140;
        exponent -= 140;
      }
    }
    return Math.clamp(1 - value * Math.pow(10, exponent), 0, 1);
  }

  private static double[][] matrix(int size, double h) {
    double[][] matrix = new double[size][size];
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        matrix[i][j] = i - j + 1 < 0 ? 0 : 1;
      }
    }
    for (int i = 0; i < size; i++) {
      matrix[i][0] -= Math.pow(h, i + 1);
      matrix[size - 1][i] -= Math.pow(h, size - i);
    }
    matrix[size - 1][0] += 2 * h - 1 > 0 ? Math.pow(2 * h - 1, size) : 0;
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        for (int g = 1; g <= i - j + 1; g++) {
          matrix[i][j] /= g;
        }
      }
    }
    return matrix;
  }

  /** A matrix times a power of ten. */
  private static final class Power {
    private final double[][] matrix;
    private final int exponent;

    Power(double[][] matrix, int exponent) {
      this.matrix = matrix;
      this.exponent = exponent;
    }

    Power to(int n) {
      if (n == 1) {
        return this;
      }
      Power half = to(n / 2);
      Power square = half.times(half);
      return n % 2 == 0 ? square : square.times(this);
    }

    private Power times(Power other) {
      int size = matrix.length;
      double[][] product = new double[size][size];
      for (int i = 0; i < size; i++) {
        for (int k = 0; k < size; k++) {
          double left = matrix[i][k];
          for (int j = 0; j < size; j++) {
            product[i][j] += left * other.matrix[k][j];
          }
        }
      }
      int sum = exponent + other.exponent;
      if (product[size / 2][size / 2] > 1e140) {
        for (double[] row : product) {
          for (int j = 0; j < size; j++) {
            row[j] *= 1e-140;
          }
        }
        sum += 140;
      }
      return new Power(product, sum);
    }
  }

  private static double limit(double x) {
    double sum = 0;
    for (int i = 1; i <= 100; i++) {
      sum += (i % 2 == 1 ? 2 : -2) * Math.exp(-2.0 * i * i * x * x);
    }
    return Math.clamp(sum, 0, 1);
  }
}
