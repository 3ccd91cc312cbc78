package dev.skeg.monitor.drift.evidence;

import java.util.SplittableRandom;

/**
 * Draws counts of rows directly: multinomial by binomials, one bin after the other, each exact.
 *
 * <p>For independent rows this has the same distribution as drawing the rows and counting them, at
 * a cost that hardly grows with their number.
 */
public final class CountSampler {
  private final SplittableRandom random;

  public CountSampler(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /**
   * Returns the counts of {@code rows} independent rows with shares {@code shares}, which sum to 1.
   */
  public double[] multinomial(long rows, double[] shares) {
    double[] counts = new double[shares.length];
    double left = 1;
    long open = rows;
    for (int k = 0; k < shares.length - 1 && open > 0; k++) {
      double share = left <= 0 ? 1 : Math.min(1, shares[k] / left);
      long count = binomial(open, share);
      counts[k] = count;
      open -= count;
      left -= shares[k];
    }
    counts[shares.length - 1] += open;
    return counts;
  }

  /** Returns how many of {@code n} independent trials of probability {@code p} succeed. */
  long binomial(long n, double p) {
    if (p <= 0 || n == 0) {
      return 0;
    }
    if (p >= 1) {
      return n;
    }
    if (p > .5) {
      return n - binomial(n, 1 - p);
    }
    return n * p < 10 ? byInversion(n, p) : byRejection(n, p);
  }

  private long byInversion(long n, double p) {
    // The waiting time between successes is geometric.
    double logQ = Math.log1p(-p);
    long count = 0;
    double trials = 0;
    while (true) {
      trials += Math.floor(Math.log(1 - random.nextDouble()) / logQ) + 1;
      if (trials > n) {
        return count;
      }
      count++;
    }
  }

  /** Hörmann's BTRS: transformed rejection with a squeeze (1993); exact for n p of 10 or more. */
  private long byRejection(long n, double p) {
    double deviation = Math.sqrt(n * p * (1 - p));
    double b = 1.15 + 2.53 * deviation;
    double a = -.0873 + .0248 * b + .01 * p;
    double c = n * p + .5;
    double vr = .92 - 4.2 / b;
    double alpha = (2.83 + 5.1 / b) * deviation;
    double logOdds = Math.log(p / (1 - p));
    double mode = Math.floor((n + 1) * p);
    double h = LogGamma.of(mode + 1) + LogGamma.of(n - mode + 1);
    while (true) {
      double u = random.nextDouble() - .5;
      double v = random.nextDouble();
      double us = .5 - Math.abs(u);
      double k = Math.floor((2 * a / us + b) * u + c);
      if (us >= .07 && v <= vr) {
        return (long) k;
      }
      if (k < 0 || k > n) {
        continue;
      }
      double bound = Math.log(v * alpha / (a / (us * us) + b));
      if (bound <= h - LogGamma.of(k + 1) - LogGamma.of(n - k + 1) + (k - mode) * logOdds) {
        return (long) k;
      }
    }
  }
}
