package dev.skeg.monitor.drift.evidence;

/** The logarithm of the gamma function, and what follows from it, for positive arguments. */
final class LogGamma {
  private static final double HALF_LOG_TWO_PI = 0.9189385332046727;
  private static final double SHIFTED = 8;

  private LogGamma() {}

  /**
   * Returns ln Γ(x), to about 1e-12 relative or absolute.
   *
   * <p>Stirling's series at {@code x + k >= 8}, taken back by the product of what lies between:
   * there the first term left out is under 1e-12.
   */
  static double of(double x) {
    double product = 1;
    while (x < SHIFTED) {
      product *= x;
      x++;
    }
    double inverse = 1 / x;
    double square = inverse * inverse;
    double series =
        inverse
            * (1.0 / 12
                - square
                    * (1.0 / 360
                        - square
                            * (1.0 / 1260
                                - square
                                    * (1.0 / 1680
                                        - square * (1.0 / 1188 - square * 691.0 / 360360)))));
    double value = (x - .5) * Math.log(x) - x + HALF_LOG_TWO_PI + series;
    return product == 1 ? value : value - Math.log(product);
  }

  /** Returns ln B(a, b). */
  static double beta(double a, double b) {
    return of(a) + of(b) - of(a + b);
  }

  /** Returns ln(e^a + e^b). */
  static double sum(double a, double b) {
    double greater = Math.max(a, b);
    if (greater == Double.NEGATIVE_INFINITY) {
      return greater;
    }
    return greater + Math.log1p(Math.exp(Math.min(a, b) - greater));
  }
}
