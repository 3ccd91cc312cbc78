package dev.skeg.monitor.drift;

/**
 * How large a difference is, in the metric's own unit.
 *
 * @param metric which difference
 * @param subject the bin it is about (an atom's value, a category), or empty where it is about all
 * @param value as estimated; not negative but for {@link Metric#MEAN} and {@link Metric#LOG_SD}
 * @param lower 95 % lower confidence bound of its size, one-sided, with the reference's own
 *     sampling error in it; 0 or more
 * @param floor the least size worth a page
 */
public record Effect(Metric metric, String subject, double value, double lower, double floor) {
  /** The differences that are held against floors. */
  public enum Metric {
    /** Difference of means over the reference's standard deviation, out-of-range values clipped. */
    MEAN,
    /** Natural logarithm of the ratio of standard deviations, out-of-range values clipped. */
    LOG_SD,
    /** Difference of the mass of one value that has a bin of its own. */
    ATOM,
    /** Difference of the mass of missing values. */
    MISSING,
    /** Difference of the mass of categories that the reference does not know. */
    UNSEEN,
    /** Difference of the mass out of range, both ends and infinities together. */
    OUT_OF_RANGE,
    /** Greatest distance of the two cumulative distributions. */
    KS,
    /** Half the sum of absolute differences of all bins' masses. */
    TVD
  }

  /** Returns whether the difference is worth a page, if it is there at all. */
  public boolean isOverFloor() {
    return lower > floor;
  }
}
