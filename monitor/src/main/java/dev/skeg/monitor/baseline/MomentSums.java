package dev.skeg.monitor.baseline;

import dev.skeg.monitor.profile.Moments;

/**
 * Sums of values' deviations from a fixed centre and of their squares, from which moments follow.
 * The centre is near the mean, so nothing cancels out.
 */
final class MomentSums {
  private final double center;
  private final ExactSum deviations = new ExactSum();
  private final ExactSum squares = new ExactSum();
  private long count;
  private double min = Double.POSITIVE_INFINITY;
  private double max = Double.NEGATIVE_INFINITY;

  MomentSums(double center) {
    this.center = center;
  }

  /** Adds the sums of some values. */
  void add(long count, double deviations, double squares, double min, double max) {
    this.count += count;
    this.deviations.add(deviations);
    this.squares.add(squares);
    this.min = Math.min(this.min, min);
    this.max = Math.max(this.max, max);
  }

  double min() {
    return min;
  }

  double max() {
    return max;
  }

  Moments moments() {
    if (count == 0) {
      return Moments.EMPTY;
    }
    double sum = deviations.value();
    double m2 = squares.value() - sum * sum / count;
    double mean = center + sum / count;
    return new Moments(
        count,
        Double.isFinite(mean) ? mean : 0, // Of values near the end of all doubles.
        Double.isFinite(m2) ? Math.max(0, m2) : Double.MAX_VALUE,
        min + 0.0,
        max + 0.0);
  }
}
