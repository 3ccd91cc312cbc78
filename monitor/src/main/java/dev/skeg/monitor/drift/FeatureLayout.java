package dev.skeg.monitor.drift;

import dev.skeg.monitor.drift.evidence.BinRoles;
import dev.skeg.monitor.profile.Bins;
import dev.skeg.monitor.profile.CategoryBins;
import dev.skeg.monitor.profile.NumericBins;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a feature's bins mean: their order, a value that stands for each, which are looked at alone.
 *
 * <p>An interval is represented by its middle. Those at both ends are often long and nearly empty
 * towards the end, so what represents them lies at most one and a half times the length of the
 * neighbour away from it. Values out of range are represented by the range's end.
 *
 * <p>Immutable.
 */
final class FeatureLayout {
  private final Bins bins;
  private final BinRoles roles;
  private final int[] order;
  private final double[] values;
  private final int[] atoms;
  private final int[] outOfRange;

  /**
   * @param baseline counts by bin that the scores of bins follow from
   */
  FeatureLayout(Bins bins, double[] baseline) {
    this.bins = bins;
    switch (bins) {
      case NumericBins numeric -> {
        this.values = values(numeric);
        this.order = order(numeric, values);
        this.atoms = IntStream.range(NumericBins.FIRST_ATOM, numeric.firstInterval()).toArray();
        this.outOfRange =
            new int[] {
              NumericBins.NEGATIVE_INFINITY,
              NumericBins.POSITIVE_INFINITY,
              NumericBins.BELOW,
              NumericBins.ABOVE
            };
        int[] body = Arrays.copyOfRange(order, 1, order.length - 1); // Without BELOW and ABOVE.
        int[][] specials = {{Bins.MISSING}, outOfRange};
        this.roles = new BinRoles(baseline, order, specials, atoms, body);
      }
      case CategoryBins categories -> {
        this.values = new double[0];
        this.order = new int[0];
        this.atoms = IntStream.range(CategoryBins.FIRST_NAMED, categories.firstTail()).toArray();
        this.outOfRange = new int[0];
        int[] body = IntStream.range(CategoryBins.FIRST_NAMED, categories.size()).toArray();
        int[][] specials = {{Bins.MISSING}, {CategoryBins.UNSEEN}};
        this.roles = new BinRoles(baseline, order, specials, atoms, body);
      }
    }
  }

  private static double[] values(NumericBins bins) {
    double[] values = new double[bins.size()];
    Arrays.fill(values, Double.NaN);
    for (int i = 0; i < bins.atomCount(); i++) {
      values[NumericBins.FIRST_ATOM + i] = bins.atom(i);
    }
    int edges = bins.edgeCount();
    if (edges > 0) {
      values[NumericBins.BELOW] = bins.edge(0);
      values[NumericBins.ABOVE] = bins.edge(edges - 1);
    } else {
      // All that is no atom is above: it stands for what is far from all of them.
      double last = bins.atom(bins.atomCount() - 1);
      values[NumericBins.BELOW] = bins.atom(0) - 1;
      values[NumericBins.ABOVE] = last + 1;
    }
    int intervals = bins.intervalCount();
    for (int k = 0; k < intervals; k++) {
      double from = bins.edge(k);
      double half = (bins.edge(k + 1) - from) / 2;
      double value = from + half;
      if (k == 0 && intervals > 2) {
        value = bins.edge(1) - Math.min(half, 1.5 * (bins.edge(2) - bins.edge(1)));
      } else if (k == intervals - 1 && intervals > 2) {
        value = from + Math.min(half, 1.5 * (from - bins.edge(k - 1)));
      }
      values[bins.firstInterval() + k] = value;
    }
    return values;
  }

  private static int[] order(NumericBins bins, double[] values) {
    List<Integer> inner =
        IntStream.range(NumericBins.FIRST_ATOM, bins.size())
            .boxed()
            .sorted(Comparator.comparingDouble((Integer bin) -> values[bin]))
            .toList();
    int[] order = new int[inner.size() + 2];
    order[0] = NumericBins.BELOW;
    for (int i = 0; i < inner.size(); i++) {
      order[i + 1] = inner.get(i);
    }
    order[order.length - 1] = NumericBins.ABOVE;
    return order;
  }

  Bins bins() {
    return bins;
  }

  BinRoles roles() {
    return roles;
  }

  boolean isNumeric() {
    return order.length > 0;
  }

  /** Returns bins by ascending value, those of finite numbers; empty for categories. */
  int[] order() {
    return order;
  }

  /** Returns what a bin's values are about, NaN of a bin without finite numbers. */
  double value(int bin) {
    return values[bin];
  }

  /** Returns the bins of single values. */
  int[] atoms() {
    return atoms;
  }

  /** Returns the bins that are out of range or infinite; empty for categories. */
  int[] outOfRange() {
    return outOfRange;
  }

  /**
   * Returns a number that tells layouts of other bins apart, the same in every process: state that
   * was saved under other bins is of no use.
   */
  long fingerprint() {
    long hash = bins.size();
    for (int bin = 0; bin < bins.size(); bin++) {
      hash = 31 * hash + bins.label(bin).hashCode();
    }
    return hash;
  }
}
