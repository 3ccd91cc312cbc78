package dev.skeg.monitor.drift;

/**
 * The least differences that are worth a page, one for each metric in its own unit.
 *
 * <p>They are small: every change worth a page is over one of them, and they only keep great
 * numbers of rows from finding what nobody cares about. They are not the thresholds of other tools,
 * which are to be had as statistics' presets.
 *
 * @param mean difference of means in standard deviations of the reference
 * @param logSd logarithm of the ratio of standard deviations
 * @param mass difference of the share of any one atom, of missing, of unseen, of out-of-range
 *     values
 * @param ks distance of the cumulative distributions
 * @param tvd total variation distance
 */
public record EffectFloors(double mean, double logSd, double mass, double ks, double tvd) {
  public static final EffectFloors DEFAULT = new EffectFloors(.05, .1, .005, .02, .02);

  public EffectFloors {
    check("mean", mean);
    check("logSd", logSd);
    check("mass", mass);
    check("ks", ks);
    check("tvd", tvd);
  }

  private static void check(String name, double value) {
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: 0 or more)");
    }
  }

  double of(Effect.Metric metric) {
    return switch (metric) {
      case MEAN -> mean;
      case LOG_SD -> logSd;
      case ATOM, MISSING, UNSEEN, OUT_OF_RANGE -> mass;
      case KS -> ks;
      case TVD -> tvd;
    };
  }
}
