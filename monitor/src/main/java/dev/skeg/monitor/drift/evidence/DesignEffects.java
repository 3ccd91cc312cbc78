package dev.skeg.monitor.drift.evidence;

/**
 * By how much more counts of a window vary than those of as many independent rows would: variance
 * between blocks of a window's length over the variance of independent rows.
 *
 * <p>Rows of one window resemble one another, and not in all respects alike: where rows follow an
 * AR(1) process of φ = .6, the mean varies four times as much, the spread twice, and most other
 * differences between bins hardly more. So what looks at the mean is tempered by the mean's effect.
 *
 * @param pooled over all bins, at least 1
 * @param mean of the bins' scores, at least 1
 * @param spread of the squares of the bins' scores, at least 1
 * @param rare of the mass of a bin looked at alone, at least 1
 */
public record DesignEffects(double pooled, double mean, double spread, double rare) {
  /** Independent rows, or nothing known. */
  public static final DesignEffects NONE = new DesignEffects(1, 1, 1, 1);

  public DesignEffects {
    check("pooled", pooled);
    check("mean", mean);
    check("spread", spread);
    check("rare", rare);
  }

  private static void check(String name, double value) {
    if (!(value >= 1 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: 1 or more)");
    }
  }
}
