package dev.skeg.monitor.drift;

import dev.skeg.monitor.baseline.FeatureBaseline;
import dev.skeg.monitor.baseline.SeasonCell;
import dev.skeg.monitor.drift.QualityFinding.Check;
import dev.skeg.monitor.drift.evidence.Reference;
import dev.skeg.monitor.profile.Bins;
import dev.skeg.monitor.profile.CategoryBins;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.Moments;
import dev.skeg.monitor.profile.NumericBins;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Checks one feature's data of one window against the baseline.
 *
 * <p>Findings explain a verdict; they page nobody by themselves, and so have no part in the budget.
 * A share is found only if it is over the reference's by five standard errors and the floor.
 */
final class FeatureQuality {
  private static final double Z = 5;
  private static final int FEWEST_ROWS = 50;

  /** What a default that fills a column holds more of a window than of the reference, at least. */
  private static final double STUCK = .02;

  /** How near a ratio of scales must be to a unit's factor. */
  private static final double UNIT_TOLERANCE = .05;

  /**
   * How far the ratio must be from 1, by its own standard error: a spread that is known from a few
   * rows, or from rows with a heavy tail, is any factor's by chance.
   */
  private static final double UNIT_Z = 5;

  /**
   * What a spread alone must have changed by, one way or the other, where the mean tells nothing of
   * the scale: it may have grown otherwise too.
   */
  private static final double SPREAD_ALONE = 7;

  /**
   * Factors between units in use, beside powers of ten. Yards and metres are left out: a spread
   * that is 9 % greater or less is no sign of them.
   */
  private static final double[] FACTORS = {
    60,
    3600,
    24,
    86_400,
    7,
    12,
    2.54,
    .3048,
    1.609344,
    .45359237,
    28.349523,
    4.184,
    1024,
    180 / Math.PI
  };

  private final FeatureLayout layout;
  private final FeatureProfile window;
  private final FeatureProfile whole;
  private final Moments season;
  private final Reference reference;
  private final HeavyShares heavy;
  private final List<QualityFinding> found = new ArrayList<>();

  private FeatureQuality(
      FeatureLayout layout,
      FeatureProfile window,
      FeatureProfile whole,
      Moments season,
      Reference reference,
      HeavyShares heavy) {
    this.layout = layout;
    this.window = window;
    this.whole = whole;
    this.season = season;
    this.reference = reference;
    this.heavy = heavy;
  }

  /** Returns the findings; none without a baseline or with under 50 rows. */
  static List<QualityFinding> of(FeatureJudge judge, FeatureJudge.Hearing hearing) {
    Reference reference = hearing.references().get(DriftKind.SKEW);
    HeavyShares heavy = hearing.heavy().get(DriftKind.SKEW);
    Optional<FeatureBaseline> baseline = judge.baseline();
    FeatureProfile window = hearing.profile();
    if (reference == null || heavy == null || baseline.isEmpty() || window.rows() < FEWEST_ROWS) {
      return List.of();
    }
    FeatureProfile whole = baseline.get().whole();
    Moments season = hearing.season().map(SeasonCell::moments).orElseGet(whole::moments);
    FeatureQuality quality =
        new FeatureQuality(judge.layout(), window, whole, season, reference, heavy);
    quality.shares();
    quality.stuck();
    if (judge.layout().isNumeric()) {
      quality.types();
      quality.constant();
      quality.unit();
    }
    return quality.found;
  }

  private void add(Check check, double observed, double expected, String detail) {
    found.add(new QualityFinding(check, observed, expected, detail));
  }

  private void shares() {
    share(Check.MISSING, "missing", Bins.MISSING);
    if (layout.isNumeric()) {
      share(
          Check.NOT_FINITE,
          "infinite",
          NumericBins.NEGATIVE_INFINITY,
          NumericBins.POSITIVE_INFINITY);
      share(Check.OUT_OF_RANGE, "out of range", NumericBins.BELOW, NumericBins.ABOVE);
    } else {
      share(Check.UNSEEN, "of unseen categories", CategoryBins.UNSEEN);
    }
  }

  private void share(Check check, String what, int... group) {
    double share = 0;
    double expected = 0;
    for (int bin : group) {
      share += (double) window.count(bin) / window.rows();
      expected += reference.count(bin) / reference.rows();
    }
    if (isClearlyOver(share, expected) && share - expected > EffectFloors.DEFAULT.mass()) {
      add(
          check,
          share,
          expected,
          percent(share) + " " + what + ", " + percent(expected) + " before");
    }
  }

  private boolean isClearlyOver(double share, double expected) {
    double n = window.rows();
    double m = reference.rows();
    double pooled = (share * n + expected * m + 1) / (n + m + 2);
    double effect = reference.effects().rare();
    double error = Math.sqrt(effect * pooled * (1 - pooled) * (1 / n + 1 / m));
    return share - expected > Z * error;
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.2f %%", 100 * share);
  }

  private void stuck() {
    double greatest = STUCK;
    String label = "";
    double observed = 0;
    double usual = 0;
    for (int atom : layout.atoms()) {
      double share = (double) window.count(atom) / window.rows();
      double expected = reference.count(atom) / reference.rows();
      // A category among others that grows is a change of the mix, not a default.
      boolean isDefault = layout.isNumeric();
      if (isDefault && share - expected > greatest && isClearlyOver(share, expected)) {
        greatest = share - expected;
        label = layout.bins().label(atom);
        observed = share;
        usual = expected;
      }
    }
    if (layout.isNumeric()
        && heavy.share() - heavy.reference() > greatest
        && isClearlyOver(heavy.share(), heavy.reference())) {
      label = heavy.label();
      observed = heavy.share();
      usual = heavy.reference();
    }
    if (!label.isEmpty()) {
      String detail = percent(observed) + " " + label + ", at most " + percent(usual) + " before";
      add(Check.STUCK, observed, usual, detail);
    }
  }

  private void types() {
    double before = fractions(whole);
    double now = fractions(window);
    if (before == 0 && now > 0) {
      add(Check.TYPE, now, before, percent(now) + " have a fraction, none had before");
    }
  }

  /**
   * Returns the share of the sampled values that are no whole numbers; NaN if too few are sampled.
   */
  private static double fractions(FeatureProfile profile) {
    int finite = 0;
    int fractions = 0;
    for (double value : profile.reservoir().values()) {
      if (Double.isFinite(value)) {
        finite++;
        fractions += value != Math.rint(value) ? 1 : 0;
      }
    }
    return finite < FEWEST_ROWS ? Double.NaN : (double) fractions / finite;
  }

  private void constant() {
    Moments now = window.moments();
    Moments before = whole.moments();
    if (now.count() >= FEWEST_ROWS && now.min() == now.max() && before.min() < before.max()) {
      int bin = ((NumericBins) layout.bins()).binOf(now.min());
      double share = reference.count(bin) / reference.rows();
      if (now.count() * Math.log(share) < -Z * Z) { // Else it may be so by chance.
        add(Check.CONSTANT, now.min(), before.mean(), "all values are " + now.min());
      }
    }
  }

  private void unit() {
    Moments now = window.moments();
    Moments before = season;
    double deviation = before.standardDeviation();
    if (now.count() < FEWEST_ROWS || !(deviation > 0) || !(now.standardDeviation() > 0)) {
      return;
    }
    double ratio = now.standardDeviation() / deviation;
    if (Math.abs(Math.log(ratio)) < UNIT_Z * logRatioError(now, before)) {
      return;
    }
    double factor = factor(ratio);
    // A mean near 0 tells nothing of the scale; else it must have moved by the same factor.
    boolean sameMean =
        Math.abs(before.mean()) < .2 * deviation
            ? Math.max(factor, 1 / factor) >= SPREAD_ALONE
                && Math.abs(now.mean()) < .5 * now.standardDeviation()
            : Math.abs(now.mean() / before.mean() / factor - 1) < 2 * UNIT_TOLERANCE;
    if (factor != 1 && sameMean) {
      String detail = String.format(Locale.ROOT, "values are about %.6g times as large", factor);
      add(Check.UNIT, ratio, 1, detail);
    } else if (Math.abs(ratio / 1.8 - 1) < UNIT_TOLERANCE
        && Math.abs(now.mean() - (1.8 * before.mean() + 32)) < .5 * now.standardDeviation()) {
      add(Check.UNIT, ratio, 1, "values look like Fahrenheit in place of Celsius");
    }
  }

  /** Returns the standard error of the logarithm of two standard deviations' ratio, by chance. */
  private double logRatioError(Moments now, Moments before) {
    double kurtosis = Math.max(kurtosis(window), kurtosis(whole));
    double perRow = reference.effects().spread() * (kurtosis - 1) / 4;
    return Math.sqrt(perRow * (1.0 / now.count() + 1.0 / before.count()));
  }

  /** Returns the kurtosis of the sampled values, at least a normal distribution's. */
  private static double kurtosis(FeatureProfile profile) {
    double[] values = profile.reservoir().values();
    Moments moments = Moments.of(values);
    double fourth = 0;
    for (double value : values) {
      if (Double.isFinite(value)) {
        fourth += Math.pow(value - moments.mean(), 4) / moments.count();
      }
    }
    double variance = moments.count() > 0 ? moments.variance() : 0;
    return variance > 0 ? Math.max(3, fourth / (variance * variance)) : 3;
  }

  /** Returns the factor between units that a ratio is near to; 1 if there is none. */
  static double factor(double ratio) {
    double power = Math.pow(10, Math.rint(Math.log10(ratio)));
    if (power != 1 && isNear(ratio, power)) {
      return power;
    }
    for (double factor : FACTORS) {
      if (isNear(ratio, factor)) {
        return factor;
      }
      if (isNear(ratio, 1 / factor)) {
        return 1 / factor;
      }
    }
    return 1;
  }

  private static boolean isNear(double ratio, double factor) {
    return Math.abs(ratio / factor - 1) < UNIT_TOLERANCE;
  }

  /**
   * Returns whether a feature that had many different values in the baseline has few in this
   * window; nothing where it had few before, or too few values were looked at.
   */
  static Optional<Boolean> repeats(FeatureJudge judge, FeatureProfile window) {
    if (judge.baseline().isEmpty()) {
      return Optional.empty();
    }
    FeatureProfile whole = judge.baseline().get().whole();
    long looked = window.distinct().values();
    if (whole.distinct().values() < FEWEST_ROWS || looked < FEWEST_ROWS) {
      return Optional.empty();
    }
    double before = whole.distinct().distinct() / whole.distinct().values();
    double now = window.distinct().distinct() / looked;
    return before < .8 ? Optional.empty() : Optional.of(now < .3 * before);
  }
}
