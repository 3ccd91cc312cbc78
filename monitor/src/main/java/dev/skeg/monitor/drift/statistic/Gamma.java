package dev.skeg.monitor.drift.statistic;

/** Tails of distributions that follow from the incomplete gamma function. */
final class Gamma {
  private static final double EPSILON = 1e-15;
  private static final double TINY = 1e-300;
  private static final int MAX_STEPS = 100_000;

  private Gamma() {}

  /** Returns the probability that a χ² variable is over a value. */
  static double chiSquaredTail(double value, double degreesOfFreedom) {
    if (value == Double.POSITIVE_INFINITY) {
      return 0;
    }
    return value <= 0 ? 1 : upper(degreesOfFreedom / 2, value / 2);
  }

  /** Returns the regularized upper incomplete gamma function Q(a, x), for positive arguments. */
  static double upper(double a, double x) {
    double log = -x + a * Math.log(x) - logGamma(a);
    if (x < a + 1) { // The series of P converges fast.
      double term = 1 / a;
      double sum = term;
      for (int i = 1; i < MAX_STEPS && term > sum * EPSILON; i++) {
        term *= x / (a + i);
        sum += term;
      }
      return 1 - sum * Math.exp(log);
    }
    // Lentz's continued fraction of Q.
    double b = x + 1 - a;
    double c = 1 / TINY;
    double d = 1 / b;
    double h = d;
    for (int i = 1; i < MAX_STEPS; i++) {
      double an = -i * (i - a);
      b += 2;
      d = an * d + b;
      d = Math.abs(d) < TINY ? TINY : d;
      c = b + an / c;
      c = Math.abs(c) < TINY ? TINY : c;
      d = 1 / d;
      double delta = d * c;
      h *= delta;
      if (Math.abs(delta - 1) < EPSILON) {
        break;
      }
    }
    return h * Math.exp(log);
  }

  /** Returns ln Γ(x) for a positive argument, by Stirling's series at 10 or more. */
  static double logGamma(double x) {
    double product = 1;
    double at = x;
    while (at < 10) {
      product *= at;
      at++;
    }
    double r = 1 / (at * at);
    double series =
        (1.0 / 12 - r * (1.0 / 360 - r * (1.0 / 1260 - r * (1.0 / 1680 - r / 1188)))) / at;
    return (at - .5) * Math.log(at) - at + .5 * Math.log(2 * Math.PI) + series - Math.log(product);
  }

  /**
   * Returns the modified Bessel function of the second kind, of order ¼, for a positive argument.
   */
  static double besselQuarter(double x) {
    // ∫ exp(-x cosh t) cosh(t/4) dt from 0: the trapezoidal rule converges faster than any power.
    double step = 1.0 / 64;
    double sum = .5 * Math.exp(-x);
    for (int i = 1; ; i++) {
      double t = i * step;
      double term = Math.exp(-x * Math.cosh(t)) * Math.cosh(t / 4);
      sum += term;
      if (term < sum * 1e-17) {
        return sum * step;
      }
    }
  }
}
