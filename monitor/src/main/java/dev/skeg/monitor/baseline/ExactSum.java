package dev.skeg.monitor.baseline;

/**
 * A sum that is the same, once rounded, in whatever order its terms come: twice the precision of a
 * double. Source: T. J. Dekker, "A floating-point technique for extending the available precision",
 * 1971, with D. Knuth's exact addition.
 */
final class ExactSum {
  private double high;
  private double low;

  void add(double term) {
    double sum = high + term;
    double part = sum - high;
    double error = (high - (sum - part)) + (term - part) + low;
    high = sum + error;
    low = error - (high - sum);
  }

  double value() {
    return high + low;
  }
}
