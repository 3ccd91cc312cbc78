package dev.skeg.monitor.drift;

import dev.skeg.monitor.drift.evidence.DesignEffects;
import dev.skeg.monitor.drift.evidence.Span;
import dev.skeg.monitor.profile.Bins;
import dev.skeg.monitor.profile.CategoryBins;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * How large the differences between a span and its reference are, with 95 % lower confidence
 * bounds.
 *
 * <p>The bounds hold for rows that vary by a design effect more than independent ones, on both
 * sides, and take in the reference's own sampling error. Of the distances that are over 0 without
 * any change (TVD, KS) that expectation is taken off first.
 */
final class Effects {
  /** Standard normal quantile of a one-sided 95 % bound. */
  private static final double Z = 1.6448536269514722;

  /** Mean of Kolmogorov's distribution, √(π/2) ln 2. */
  private static final double KOLMOGOROV_MEAN = .8687311606361592;

  /** Mean of a half-normal variable over its scale, √(2/π). */
  private static final double HALF_NORMAL_MEAN = .7978845608028654;

  private final FeatureLayout layout;
  private final Span span;
  private final EffectFloors floors;
  private final DesignEffects effects;
  private final double rows;
  private final double referenceRows;
  private final List<Effect> found = new ArrayList<>();

  private Effects(FeatureLayout layout, Span span, EffectFloors floors) {
    this.layout = layout;
    this.span = span;
    this.floors = floors;
    this.effects = span.effects();
    this.rows = span.rows();
    this.referenceRows = span.referenceRows();
  }

  /**
   * Returns the effects, by descending excess over the floor; of atoms only the greatest.
   *
   * @param heavy of the span's last window
   */
  static List<Effect> of(FeatureLayout layout, Span span, EffectFloors floors, HeavyShares heavy) {
    if (span.rows() <= 0) {
      return List.of();
    }
    Effects effects = new Effects(layout, span, floors);
    effects.addMasses(heavy);
    if (layout.isNumeric()) {
      effects.addMoments();
      effects.addKolmogorovSmirnov();
    }
    effects.addTotalVariation();
    effects.found.sort(Comparator.comparingDouble(effect -> effect.floor() - effect.lower()));
    return List.copyOf(effects.found);
  }

  private void add(Effect.Metric metric, String subject, double value, double lower) {
    found.add(new Effect(metric, subject, value, Math.max(0, lower), floors.of(metric)));
  }

  private void addMasses(HeavyShares heavy) {
    addMass(Effect.Metric.MISSING, "", Bins.MISSING);
    if (layout.isNumeric()) {
      addMass(Effect.Metric.OUT_OF_RANGE, "", layout.outOfRange());
    } else {
      addMass(Effect.Metric.UNSEEN, "", CategoryBins.UNSEEN);
    }
    String subject = heavy.label();
    double value = Math.max(0, heavy.share() - heavy.reference());
    double lower =
        value > 0
            ? lower(heavy.share(), heavy.rows(), heavy.reference(), heavy.referenceRows())
            : 0;
    for (int atom : layout.atoms()) {
      double share = span.share(atom);
      double expected = span.expectedShare(atom);
      double bound = lower(share, expected);
      if (bound > lower) {
        lower = bound;
        value = Math.abs(share - expected);
        subject = layout.bins().label(atom);
      }
    }
    if (!subject.isEmpty()) {
      add(Effect.Metric.ATOM, subject, value, lower);
    }
  }

  private void addMass(Effect.Metric metric, String subject, int... group) {
    double share = 0;
    double expected = 0;
    for (int bin : group) {
      share += span.share(bin);
      expected += span.expectedShare(bin);
    }
    add(metric, subject, Math.abs(share - expected), lower(share, expected));
  }

  /**
   * Returns a lower bound of how far two shares are apart: Newcombe's hybrid of the two Wilson
   * intervals (1998, method 10), which holds for shares near 0.
   *
   * @param n independent rows that the first share is of
   * @param m independent rows that the second is of
   */
  private static double lower(double share, double n, double expected, double m) {
    double high = Math.max(share, expected);
    double low = Math.min(share, expected);
    double down = high - wilson(high, share >= expected ? n : m, -1);
    double up = wilson(low, share >= expected ? m : n, 1) - low;
    return Math.max(0, high - low - Math.hypot(down, up));
  }

  private double lower(double share, double expected) {
    return lower(share, rows / effects.rare(), expected, referenceRows / effects.rare());
  }

  private static double wilson(double share, double rows, int side) {
    double square = Z * Z / rows;
    double middle = share + square / 2;
    double half = Z * Math.sqrt(Math.max(0, share * (1 - share)) / rows + square / (4 * rows));
    return (middle + side * half) / (1 + square);
  }

  /** Share, mean, variance and kurtosis of what is finite on one side. */
  private record Shape(double share, double mean, double variance, double kurtosis) {}

  private Shape shape(boolean expected) {
    double share = 0;
    double mean = 0;
    for (int bin : layout.order()) {
      double mass = expected ? span.expectedShare(bin) : span.share(bin);
      share += mass;
      mean += mass * layout.value(bin);
    }
    if (share <= 0) {
      return new Shape(0, 0, 0, 0);
    }
    mean /= share;
    double second = 0;
    double fourth = 0;
    for (int bin : layout.order()) {
      double mass = expected ? span.expectedShare(bin) : span.share(bin);
      double square = (layout.value(bin) - mean) * (layout.value(bin) - mean);
      second += mass * square;
      fourth += mass * square * square;
    }
    second /= share;
    fourth /= share;
    return new Shape(share, mean, second, second > 0 ? fourth / (second * second) : 0);
  }

  private void addMoments() {
    Shape own = shape(false);
    Shape reference = shape(true);
    if (own.share() <= 0 || reference.variance() <= 0) {
      return; // A constant reference: its atom and what is out of range say all there is.
    }
    double n = rows * own.share();
    double m = referenceRows * reference.share();
    double difference = (own.mean() - reference.mean()) / Math.sqrt(reference.variance());
    double error = Math.sqrt(effects.mean() * (own.variance() / reference.variance() / n + 1 / m));
    add(Effect.Metric.MEAN, "", difference, Math.abs(difference) - Z * error);
    if (own.variance() > 0) {
      double ratio = Math.log(own.variance() / reference.variance()) / 2;
      double ratioError =
          Math.sqrt(
              effects.spread()
                  * (Math.max(0, own.kurtosis() - 1) / (4 * n)
                      + Math.max(0, reference.kurtosis() - 1) / (4 * m)));
      add(Effect.Metric.LOG_SD, "", ratio, Math.abs(ratio) - Z * ratioError);
    } else {
      add(Effect.Metric.LOG_SD, "constant", Double.NEGATIVE_INFINITY, 1);
    }
  }

  private void addKolmogorovSmirnov() {
    double own = 0;
    double reference = 0;
    double greatest = 0;
    double ownShare = shape(false).share();
    double referenceShare = shape(true).share();
    if (ownShare <= 0 || referenceShare <= 0) {
      return;
    }
    for (int bin : layout.order()) {
      own += span.share(bin) / ownShare;
      reference += span.expectedShare(bin) / referenceShare;
      greatest = Math.max(greatest, Math.abs(own - reference));
    }
    // The mean's effect, since nothing cumulative varies more than it does, as a rule.
    double scale =
        Math.sqrt(effects.mean() * (1 / (rows * ownShare) + 1 / (referenceRows * referenceShare)));
    add(Effect.Metric.KS, "", greatest, greatest - KOLMOGOROV_MEAN * scale - Z * scale / 2);
  }

  private void addTotalVariation() {
    double distance = 0;
    double unchanged = 0;
    double scale = Math.sqrt(effects.pooled() * (1 / rows + 1 / referenceRows));
    double weight = rows / (rows + referenceRows);
    for (int bin = 0; bin < span.size(); bin++) {
      double share = span.share(bin);
      double expected = span.expectedShare(bin);
      distance += Math.abs(share - expected) / 2;
      double pooled = weight * share + (1 - weight) * expected;
      unchanged += HALF_NORMAL_MEAN * Math.sqrt(Math.max(0, pooled * (1 - pooled))) * scale / 2;
    }
    add(Effect.Metric.TVD, "", distance, distance - unchanged - Z * scale / 2);
  }

  /** Returns whether an effect is over some share of its floor. */
  static boolean isOver(List<Effect> effects, double share) {
    for (Effect effect : effects) {
      if (effect.lower() > share * effect.floor()) {
        return true;
      }
    }
    return false;
  }
}
