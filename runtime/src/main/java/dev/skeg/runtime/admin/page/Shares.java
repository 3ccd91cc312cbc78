package dev.skeg.runtime.admin.page;

import dev.skeg.monitor.profile.Bins;
import dev.skeg.monitor.profile.CategoryBins;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.NumericBins;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** A window's bins and the baseline's, as shares of their rows. */
final class Shares {
  /** Categories and single values that get a bar of their own. */
  private static final int BARS = 9;

  /** Shares below this are not worth a bar. */
  private static final double VISIBLE = 5e-4;

  /** A single value of so many rows is told beside the histogram. */
  private static final double FREQUENT = .01;

  private static final int FREQUENT_BARS = 3;

  private final Bins bins;
  private final double[] now;
  private final double[] before;
  private final boolean hasBefore;

  private Shares(Bins bins, double[] now, double[] before, boolean hasBefore) {
    this.bins = bins;
    this.now = now;
    this.before = before;
    this.hasBefore = hasBefore;
  }

  /** One labelled pair of bars. */
  record Bar(String label, double now, double before) {}

  static Shares of(FeatureProfile window, Optional<FeatureProfile> baseline) {
    Optional<FeatureProfile> same = baseline.filter(base -> base.bins().equals(window.bins()));
    return new Shares(
        window.bins(),
        shares(window),
        same.map(Shares::shares).orElseGet(() -> new double[window.bins().size()]),
        same.isPresent());
  }

  Bins bins() {
    return bins;
  }

  /** The window's, by bin; not to be changed. */
  double[] now() {
    return now;
  }

  /** The baseline's, by bin, all 0 where there is none; not to be changed. */
  double[] before() {
    return before;
  }

  boolean hasBefore() {
    return hasBefore;
  }

  private static double[] shares(FeatureProfile profile) {
    double[] shares = new double[profile.bins().size()];
    for (int bin = 0; bin < shares.length; bin++) {
      shares[bin] = profile.rows() == 0 ? 0 : (double) profile.count(bin) / profile.rows();
    }
    return shares;
  }

  /** Returns the bars of single values that many rows have, where the others are a histogram. */
  List<Bar> frequent() {
    List<Bar> bars = new ArrayList<>();
    if (bins instanceof NumericBins numeric && !isDiscrete()) {
      for (int bin = NumericBins.FIRST_ATOM; bin < numeric.firstInterval(); bin++) {
        if (Math.max(now[bin], before[bin]) >= FREQUENT) {
          bars.add(bar(bin));
        }
      }
      bars.sort(Comparator.comparingDouble((Bar bar) -> -Math.max(bar.now(), bar.before())));
    }
    return bars.subList(0, Math.min(FREQUENT_BARS, bars.size()));
  }

  /** Returns the bars of what is no ordinary value: missing, infinite, out of range, unseen. */
  List<Bar> special() {
    int end = bins instanceof NumericBins ? NumericBins.FIRST_ATOM : CategoryBins.FIRST_NAMED;
    List<Bar> bars = new ArrayList<>();
    for (int bin = 0; bin < end; bin++) {
      if (Math.max(now[bin], before[bin]) >= VISIBLE) {
        bars.add(bar(bin));
      }
    }
    return bars;
  }

  private Bar bar(int bin) {
    return new Bar(label(bin), now[bin], before[bin]);
  }

  private String label(int bin) {
    if (bins instanceof NumericBins numeric) {
      int edges = numeric.edgeCount();
      return switch (bin) {
        case NumericBins.BELOW -> edges == 0 ? "below" : "below " + Html.figure(numeric.edge(0));
        case NumericBins.ABOVE ->
            edges == 0 ? "other" : "above " + Html.figure(numeric.edge(edges - 1));
        case NumericBins.NEGATIVE_INFINITY -> "−∞";
        case NumericBins.POSITIVE_INFINITY -> "+∞";
        case Bins.MISSING -> "missing";
        default -> Html.figure(numeric.atom(bin - NumericBins.FIRST_ATOM));
      };
    }
    return bins.label(bin);
  }

  /** Returns whether the ordinary values are few enough for a bar each. */
  boolean isDiscrete() {
    if (!(bins instanceof NumericBins numeric)) {
      return true;
    }
    int atoms = 0;
    double between = 0;
    for (int bin = NumericBins.FIRST_ATOM; bin < now.length; bin++) {
      double share = Math.max(now[bin], before[bin]);
      if (bin < numeric.firstInterval()) {
        atoms += share >= VISIBLE ? 1 : 0;
      } else {
        between += share;
      }
    }
    return between < .01 && atoms <= BARS + 3;
  }

  /** Returns bars of categories, the most different first kept, or of single values in order. */
  List<Bar> discrete() {
    List<Bar> bars = new ArrayList<>();
    if (bins instanceof NumericBins numeric) {
      for (int bin = NumericBins.FIRST_ATOM; bin < numeric.firstInterval(); bin++) {
        if (Math.max(now[bin], before[bin]) >= VISIBLE) {
          bars.add(bar(bin));
        }
      }
      return bars;
    }
    CategoryBins categories = (CategoryBins) bins;
    for (int bin = CategoryBins.FIRST_NAMED; bin < categories.firstTail(); bin++) {
      bars.add(bar(bin));
    }
    double restNow = 0;
    double restBefore = 0;
    for (int bin = categories.firstTail(); bin < now.length; bin++) {
      restNow += now[bin];
      restBefore += before[bin];
    }
    int others = 0;
    if (bars.size() > BARS) {
      // The frequent ones, and those that have changed most.
      bars.sort(
          Comparator.comparingDouble((Bar bar) ->
              -Math.max(bar.now(), bar.before()) - 2 * Math.abs(bar.now() - bar.before())));
      for (Bar bar : bars.subList(BARS, bars.size())) {
        restNow += bar.now();
        restBefore += bar.before();
        others++;
      }
      bars = new ArrayList<>(bars.subList(0, BARS));
      bars.sort(Comparator.comparingDouble((Bar bar) -> -Math.max(bar.now(), bar.before())));
    }
    if (Math.max(restNow, restBefore) >= VISIBLE) {
      bars.add(
          new Bar(others > 0 ? others + " more and the rest" : "all others", restNow, restBefore));
    }
    return bars;
  }
}
