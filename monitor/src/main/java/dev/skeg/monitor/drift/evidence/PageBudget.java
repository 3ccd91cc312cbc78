package dev.skeg.monitor.drift.evidence;

/**
 * What a detector must reach, so that pages while nothing has changed stay within their budget.
 *
 * <p>A stream is one feature or output of one key, held against one kind of reference; {@code d} of
 * them belong to a model. Detectors of streams that are not to be raised yet are ranked; the {@code
 * k} greatest are raised for the greatest {@code k} whose {@code k}-th is at least {@code d c / k},
 * the e-BH procedure (Wang, Ramdas 2022). If it raises any, the mean of all {@code d} detectors is
 * at least {@code c}; and that mean, whatever the streams' dependence, is itself a Shiryaev-Roberts
 * detector, which gets there no earlier than after {@code c} windows in the mean. So {@code c} is
 * the number of windows for one false page.
 *
 * <p>Weaker evidence raises a stream too, if windows' own e-values show it in 2 of 3 windows. Of
 * the budget, {@value #WEAK_SHARE} is set aside for this: the second threshold is a tenth of the
 * first, or as much more as it takes for two windows to be that rare.
 *
 * @param windowsPerFalsePage {@code c} in the mean, over both ways to be raised; at least 1
 */
public record PageBudget(double windowsPerFalsePage) {
  static final double WEAK_SHARE = .1;

  public PageBudget {
    if (!(windowsPerFalsePage >= 1 && windowsPerFalsePage < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "windowsPerFalsePage: " + windowsPerFalsePage + " (expected: 1 or more)");
    }
  }

  /**
   * Returns the logarithm of what the {@code rank}-th greatest of some streams' detectors needs.
   */
  public double logThreshold(int streams, int rank) {
    return Math.log(streams * windowsPerFalsePage / (1 - WEAK_SHARE) / rank);
  }

  /** Returns the logarithm of what a window's own e-value needs to count as weak evidence. */
  public double logWeakThreshold(int streams) {
    double tenth = logThreshold(streams, 1) - Math.log(10);
    // Two pairs of windows end with each; both of a pair by chance: 2 d / x² a window at most.
    double pair = .5 * Math.log(2 * streams * windowsPerFalsePage / WEAK_SHARE);
    return Math.max(tenth, pair);
  }
}
