package dev.skeg.monitor.drift;

import dev.skeg.monitor.drift.evidence.EValue;
import dev.skeg.monitor.drift.evidence.Reference;
import dev.skeg.monitor.profile.CategoryBins;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.HeavyValue;
import dev.skeg.monitor.profile.NumericBins;
import java.util.ArrayList;
import java.util.List;

/**
 * The values of a window that have no bin of their own and yet hold more than .5 % of it.
 *
 * <p>How much of the reference they hold is not known, but it is bounded: by the bin in which they
 * lie, and, since a value with more would be an atom of the baseline, by .5 %.
 *
 * @param bets what evidence is to bet on
 * @param label the one with the greatest share; empty if there is none
 * @param share its share of the window, at least
 * @param reference its share of the reference, at most
 */
record HeavyShares(List<EValue.Heavy> bets, String label, double share, double reference) {
  /** The share of a window that makes a value heavy, and of a baseline that makes it an atom. */
  static final double SHARE = .005;

  HeavyShares {
    bets = List.copyOf(bets);
  }

  static HeavyShares of(FeatureProfile window, Reference held) {
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
      double reference = Math.min(SHARE, held.count(bin) / held.rows());
      bets.add(new EValue.Heavy(value.atLeast(), reference));
      if (share - reference > greatest - greatestReference) {
        label = name;
        greatest = share;
        greatestReference = reference;
      }
    }
    return new HeavyShares(bets, label, greatest, greatestReference);
  }
}
