package dev.skeg.runtime.admin.page;

import dev.skeg.monitor.profile.NumericBins;

/**
 * The axis of a histogram: equal steps of the value, or of its logarithm where the values span
 * orders of magnitude. What lies beyond its ends counts to the first and last step.
 */
final class ValueAxis {
  static final int STEPS = 48;

  /** So many distances between the quartiles beyond them, tails are cut off: 3 sd of a normal. */
  private static final double TAIL = 1.8;

  private final NumericBins bins;
  private final boolean logarithmic;
  private final double low;
  private final double high;

  private ValueAxis(NumericBins bins, boolean logarithmic, double low, double high) {
    this.bins = bins;
    this.logarithmic = logarithmic;
    this.low = low;
    this.high = high;
  }

  /**
   * Returns the axis for shares by bin; the ends come from the reference's.
   *
   * @param reference shares by bin
   */
  static ValueAxis of(NumericBins bins, double[] reference) {
    double first = bins.edge(0);
    double last = bins.edge(bins.edgeCount() - 1);
    double middle = quantile(bins, reference, .5);
    boolean logarithmic = first > 0 && (last - middle) > 20 * (middle - first);
    ValueAxis whole = new ValueAxis(bins, logarithmic, 0, 1);
    double lower = whole.scaled(quantile(bins, reference, .25));
    double upper = whole.scaled(quantile(bins, reference, .75));
    double low = Math.max(whole.scaled(first), lower - TAIL * (upper - lower));
    double high = Math.min(whole.scaled(last), upper + TAIL * (upper - lower));
    return high > low
        ? new ValueAxis(bins, logarithmic, low, high)
        : new ValueAxis(bins, logarithmic, whole.scaled(first), whole.scaled(last));
  }

  private static double quantile(NumericBins bins, double[] shares, double part) {
    double all = 0;
    for (int bin = bins.firstInterval(); bin < shares.length; bin++) {
      all += shares[bin];
    }
    double sum = 0;
    for (int k = 0; k < bins.intervalCount(); k++) {
      double share = shares[bins.firstInterval() + k];
      if (sum + share >= part * all && share > 0) {
        double within = (part * all - sum) / share;
        return bins.edge(k) + within * (bins.edge(k + 1) - bins.edge(k));
      }
      sum += share;
    }
    return bins.edge(bins.edgeCount() / 2);
  }

  private double scaled(double value) {
    return logarithmic ? Math.log10(value) : value;
  }

  /** Returns where a value lies: 0 at the left end, 1 at the right one. */
  double at(double value) {
    if (logarithmic && value <= 0) {
      return 0;
    }
    return Math.clamp((scaled(value) - low) / (high - low), 0, 1);
  }

  /** Returns the value at a place from 0 to 1. */
  double value(double place) {
    double scaled = low + place * (high - low);
    return logarithmic ? Math.pow(10, scaled) : scaled;
  }

  boolean isLogarithmic() {
    return logarithmic;
  }

  /**
   * Returns the share of each step: an interval's spread evenly over it, an atom's at its place.
   */
  double[] steps(double[] shares) {
    double[] steps = new double[STEPS];
    for (int i = 0; i < bins.atomCount(); i++) {
      double share = shares[NumericBins.FIRST_ATOM + i];
      if (share > 0) {
        steps[Math.min(STEPS - 1, (int) (at(bins.atom(i)) * STEPS))] += share;
      }
    }
    for (int k = 0; k < bins.intervalCount(); k++) {
      double share = shares[bins.firstInterval() + k];
      if (share > 0) {
        spread(steps, share, at(bins.edge(k)) * STEPS, at(bins.edge(k + 1)) * STEPS);
      }
    }
    return steps;
  }

  private static void spread(double[] steps, double share, double from, double to) {
    if (to - from < 1e-9) {
      steps[Math.min(STEPS - 1, (int) from)] += share;
      return;
    }
    for (int step = (int) from; step < Math.min(STEPS, Math.ceil(to)); step++) {
      double overlap = Math.min(to, step + 1) - Math.max(from, step);
      steps[step] += share * overlap / (to - from);
    }
  }
}
