package dev.skeg.monitor.drift;

import dev.skeg.monitor.drift.evidence.EValue;
import dev.skeg.monitor.drift.evidence.Reference;
import dev.skeg.monitor.profile.CategoryBins;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.HeavyValue;
import dev.skeg.monitor.profile.NumericBins;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The values of a window that have no bin of their own and yet hold more than .5 % of it.
 *
 * <p>How much of the reference they hold is not known, but it is bounded: by the bin in which they
 * lie, and, since a value with more would be an atom of the baseline, by .5 % of the baseline's
 * rows. All of those may lie in one season's cell.
 *
 * @param bets what evidence is to bet on
 * @param label the one with the greatest share; empty if there is none
 * @param share its share of the window, at least
 * @param reference its share of the reference, at most
 * @param rows independent ones that the window's are worth: the share is of them, however many
 *     windows the evidence is of
 * @param referenceRows independent ones that the reference's are worth
 */
record HeavyShares(
    List<EValue.Heavy> bets,
    String label,
    double share,
    double reference,
    double rows,
    double referenceRows) {
  /** The share of a window that makes a value heavy, and of a baseline that makes it an atom. */
  static final double SHARE = .005;

  HeavyShares {
    bets = List.copyOf(bets);
  }

  /**
   * @param whole the baseline that the reference is a part of; empty if it is none, and then any
   *     value may hold all of its bin
   */
  static HeavyShares of(FeatureProfile window, Reference held, Optional<FeatureProfile> whole) {
    List<EValue.Heavy> bets = new ArrayList<>();
    String label = "";
    double greatest = 0;
    double greatestReference = 0;
    for (HeavyValue value : window.heavy().values()) {
      double share = (double) value.atLeast() / window.rows();
      if (share <= SHARE) {
        continue;
      }
      int bin;
      String name;
      switch (window.bins()) {
        case NumericBins numeric -> {
          bin = numeric.binOf(value.number());
          name = "= " + value.number();
        }
        case CategoryBins categories -> {
          bin = categories.binOf(value.bits());
          name = "category #" + Long.toHexString(value.bits());
        }
      }
      double most = whole.map(all -> mostRows(all, value)).orElse(Double.POSITIVE_INFINITY);
      double reference = Math.min(most, held.count(bin)) / held.rows();
      bets.add(new EValue.Heavy(value.atLeast(), reference));
      if (share - reference > greatest - greatestReference) {
        label = name;
        greatest = share;
        greatestReference = reference;
      }
    }
    double effect = held.effects().rare();
    return new HeavyShares(
        bets, label, greatest, greatestReference, window.rows() / effect, held.rows() / effect);
  }

  /** Returns how many of a baseline's rows may have a value that has no bin of its own there. */
  private static double mostRows(FeatureProfile whole, HeavyValue value) {
    double most = SHARE * whole.rows();
    // Bins that were learnt from a model's first rows know only those rows' atoms.
    for (HeavyValue known : whole.heavy().values()) {
      most = known.bits() == value.bits() ? Math.max(most, (double) known.atMost()) : most;
    }
    if (whole.bins() instanceof CategoryBins bins
        && bins.firstTail() - CategoryBins.FIRST_NAMED == CategoryBins.MAX_NAMED) {
      // There may have been more of them than there are names; those are the most frequent.
      long least =
          IntStream.range(CategoryBins.FIRST_NAMED, bins.firstTail())
              .mapToLong(whole::count)
              .min()
              .orElse(0);
      most = Math.max(most, (double) least);
    }
    return most;
  }
}
