package dev.skeg.monitor.baseline;

import dev.skeg.monitor.baseline.BlockVariation.Directions;
import dev.skeg.monitor.profile.Bins;
import dev.skeg.monitor.profile.CategoryBins;
import dev.skeg.monitor.profile.NumericBins;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * How much blocks vary in single directions: sums up each block's squared residuals over the
 * variance that independent rows would have.
 *
 * <p>A value's place is its bin's middle rank in the whole baseline, 0 to 1; its mean tells where a
 * block lies, the mean of its squared distance from the middle how wide it is.
 *
 * <p><b>Threads.</b> One owner.
 */
public final class BlockDirections {
  private static final double FEWEST_EXPECTED = 5;

  private final int[][] singles;
  private final double[] places;
  private final double[] widths;
  private final double[] sums = new double[2];
  private final int[] counts = new int[2];
  private final double[] singleSums;
  private final int[] singleCounts;

  /**
   * @param whole counts of all rows by bin
   */
  public BlockDirections(Bins bins, long[] whole) {
    this.places = new double[whole.length];
    this.widths = new double[whole.length];
    switch (bins) {
      case NumericBins numeric -> {
        this.singles = new int[2 + numeric.atomCount()][];
        singles[0] = new int[] {Bins.MISSING};
        singles[1] =
            new int[] {
              NumericBins.NEGATIVE_INFINITY,
              NumericBins.POSITIVE_INFINITY,
              NumericBins.BELOW,
              NumericBins.ABOVE
            };
        for (int i = 0; i < numeric.atomCount(); i++) {
          singles[2 + i] = new int[] {NumericBins.FIRST_ATOM + i};
        }
        rank(numeric, whole);
      }
      case CategoryBins categories -> {
        this.singles = new int[categories.size()][];
        Arrays.setAll(singles, bin -> new int[] {bin});
      }
    }
    this.singleSums = new double[singles.length];
    this.singleCounts = new int[singles.length];
  }

  private void rank(NumericBins bins, long[] whole) {
    int[] order =
        IntStream.range(NumericBins.BELOW, bins.size())
            .boxed()
            .sorted(Comparator.comparingDouble((Integer bin) -> at(bins, bin)))
            .mapToInt(Integer::intValue)
            .toArray();
    double total = Arrays.stream(order).mapToDouble(bin -> whole[bin]).sum();
    double below = 0;
    for (int bin : order) {
      places[bin] = total == 0 ? 0 : (below + whole[bin] / 2.0) / total;
      widths[bin] = (places[bin] - .5) * (places[bin] - .5);
      below += whole[bin];
    }
  }

  private static double at(NumericBins bins, int bin) {
    if (bin == NumericBins.BELOW) {
      return Double.NEGATIVE_INFINITY;
    }
    if (bin == NumericBins.ABOVE) {
      return Double.POSITIVE_INFINITY;
    }
    return bin < bins.firstInterval()
        ? bins.atom(bin - NumericBins.FIRST_ATOM)
        : (bins.edge(bin - bins.firstInterval()) + bins.edge(bin - bins.firstInterval() + 1)) / 2;
  }

  /** Takes a block in, compared with the rest of its season. */
  public void add(long[] block, long[] rest) {
    double n = Arrays.stream(block).sum();
    double m = Arrays.stream(rest).sum();
    if (n == 0 || m == 0) {
      return;
    }
    score(0, places, block, rest, n, m);
    score(1, widths, block, rest, n, m);
    for (int i = 0; i < singles.length; i++) {
      double seen = 0;
      double known = 0;
      for (int bin : singles[i]) {
        seen += block[bin];
        known += rest[bin];
      }
      double share = (seen + known) / (n + m);
      if (Math.min(share, 1 - share) * Math.min(n, m) >= FEWEST_EXPECTED) {
        double difference = seen / n - known / m;
        singleSums[i] += difference * difference / (share * (1 - share) * (1 / n + 1 / m));
        singleCounts[i]++;
      }
    }
  }

  private void score(int part, double[] scores, long[] block, long[] rest, double n, double m) {
    double difference = 0;
    double mean = 0;
    double square = 0;
    for (int bin = 0; bin < scores.length; bin++) {
      double share = (block[bin] + rest[bin]) / (n + m);
      difference += scores[bin] * (block[bin] / n - rest[bin] / m);
      mean += scores[bin] * share;
      square += scores[bin] * scores[bin] * share;
    }
    double variance = square - mean * mean;
    if (variance > 1e-12) {
      sums[part] += difference * difference / (variance * (1 / n + 1 / m));
      counts[part]++;
    }
  }

  /** Returns the design effects: means over the blocks, 1 where too few could tell. */
  public Directions effects() {
    return new Directions(effect(0), effect(1), single());
  }

  // A mean over the bins that weighs each with its own effect: near the greatest where they differ,
  // and hardly over their mean where all are alike but for what few blocks make of them.
  private double single() {
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < singles.length; i++) {
      if (singleCounts[i] >= BlockVariation.FEWEST_BLOCKS) {
        double effect = singleSums[i] / singleCounts[i];
        sum += effect;
        squares += effect * effect;
      }
    }
    return sum > 0 ? Math.max(1, squares / sum) : 1;
  }

  private double effect(int part) {
    return counts[part] < BlockVariation.FEWEST_BLOCKS ? 1 : Math.max(1, sums[part] / counts[part]);
  }
}
