package dev.skeg.monitor.baseline;

import java.util.Arrays;

/**
 * How much the blocks of a baseline differ among themselves, each of the length of a window.
 *
 * <p>Rows of one hour are more alike than rows drawn by chance from all hours, so a window's counts
 * scatter more than independent rows' would, and evidence that takes rows for independent is wrong
 * by that much. The <b>design effect</b> is that ratio of variances: of {@link #statistic} over
 * blocks, each against the rest of its season ({@link FeatureBaseline#cell}) without itself, the
 * mean; which is 1 for independent rows. Divide counts by it. It is at least 1, and 1 where fewer
 * than {@link #FEWEST_BLOCKS} blocks would have to tell.
 *
 * <p>Immutable.
 */
public final class BlockVariation {
  /** Blocks that a design effect is taken from, at least. */
  public static final int FEWEST_BLOCKS = 20;

  /** Rows that a block needs to count. */
  public static final int FEWEST_ROWS = 50;

  /** Statistics that are kept, at most; of more blocks, as many evenly spaced by rank. */
  public static final int MAX_STATISTICS = 1024;

  /** Of rows without times. */
  public static final BlockVariation NONE =
      new BlockVariation(0, 0, 1, new double[0], new double[0]);

  private static final double FEWEST_EXPECTED = 5;

  private final long blocks;
  private final double rowsPerBlock;
  private final double designEffect;
  private final double[] byHour;
  private final double[] statistics;
  private final Directions directions;

  /**
   * The design effects of what is looked at apart from all bins together. Rows that resemble one
   * another do not in all respects alike: where they follow an AR(1) process of φ = .6, their mean
   * scatters four times as much as that of independent rows, and most differences between bins
   * hardly more.
   *
   * @param mean of the mean, 1 or more
   * @param spread of the spread, 1 or more
   * @param rare of the counts of single bins: missing, out of range, atoms; 1 or more
   */
  public record Directions(double mean, double spread, double rare) {
    public Directions {
      if (!(mean >= 1 && spread >= 1 && rare >= 1)) {
        throw new IllegalArgumentException(
            "mean: " + mean + ", spread: " + spread + ", rare: " + rare + " (expected: 1 or more)");
      }
    }
  }

  /**
   * Creates one whose directions vary as all bins together do.
   *
   * @param blocks that were compared
   * @param rowsPerBlock their mean
   * @param designEffect of all blocks, 1 or more
   * @param byHour the design effect of windows by the hour of the week in which they begin, each 1
   *     or more; empty if it is the same for all; copied
   * @param statistics of the blocks; copied
   */
  public BlockVariation(
      long blocks, double rowsPerBlock, double designEffect, double[] byHour, double[] statistics) {
    this(blocks, rowsPerBlock, designEffect, byHour, statistics, alike(designEffect));
  }

  /** What is under 1 is refused, by its own name, where all is checked. */
  private static Directions alike(double designEffect) {
    double effect = designEffect >= 1 ? designEffect : 1;
    return new Directions(effect, effect, effect);
  }

  private BlockVariation(
      long blocks,
      double rowsPerBlock,
      double designEffect,
      double[] byHour,
      double[] statistics,
      Directions directions) {
    if (!(designEffect >= 1) || Arrays.stream(byHour).anyMatch(effect -> !(effect >= 1))) {
      throw new IllegalArgumentException(
          "designEffect: "
              + designEffect
              + " "
              + Arrays.toString(byHour)
              + " (expected: 1 or more)");
    }
    if (byHour.length != 0 && byHour.length != Seasons.HOURS) {
      throw new IllegalArgumentException(
          "byHour: " + byHour.length + " (expected: 0 or " + Seasons.HOURS + ")");
    }
    this.blocks = blocks;
    this.rowsPerBlock = rowsPerBlock;
    this.designEffect = designEffect;
    this.byHour = byHour.clone();
    this.statistics = statistics.clone();
    Arrays.sort(this.statistics);
    this.directions = directions;
  }

  /** Returns the same with other directions. */
  public BlockVariation withDirections(Directions other) {
    return new BlockVariation(blocks, rowsPerBlock, designEffect, byHour, statistics, other);
  }

  /** Returns the design effects of single directions, of all blocks together. */
  public Directions directions() {
    return directions;
  }

  /** Returns how many blocks were compared. */
  public long blocks() {
    return blocks;
  }

  /** Returns how many rows a block has in the mean. */
  public double rowsPerBlock() {
    return rowsPerBlock;
  }

  /** Returns the design effect of all blocks together. */
  public double designEffect() {
    return designEffect;
  }

  /** Returns the design effect of a window that begins then. */
  public double designEffect(long startMillis) {
    return byHour.length == 0 ? designEffect : byHour[Seasons.hourOfWeek(startMillis)];
  }

  /** Returns the design effects by hour of the week, in an array of the caller's own. */
  public double[] byHour() {
    return byHour.clone();
  }

  /** Returns the blocks' statistics, ascending, in an array of the caller's own. */
  public double[] statistics() {
    return statistics.clone();
  }

  /**
   * Returns the conformal p-value of a window: the share of blocks, the window among them, whose
   * statistic is at least as great (V. Vovk, A. Gammerman, G. Shafer, "Algorithmic Learning in a
   * Random World", 2005). 1 without blocks.
   */
  public double conformal(double statistic) {
    int at = Arrays.binarySearch(statistics, statistic);
    int below = at >= 0 ? at : -at - 1;
    while (below > 0 && statistics[below - 1] >= statistic) {
      below--;
    }
    return (statistics.length - below + 1.0) / (statistics.length + 1.0);
  }

  /**
   * Returns how far a window's counts are from those of a baseline, as the variance that they have
   * over the variance that independent rows would: Pearson's χ² by its degrees of freedom, the
   * baseline's own sampling error included. 1 is expected of independent rows without a change; 0
   * is returned where there is nothing to compare.
   *
   * <p>Bins are pooled in order until 5 rows are expected in each.
   *
   * @param window counts by bin
   * @param baseline counts by bin
   */
  public static double statistic(long[] window, long[] baseline) {
    double windowRows = Arrays.stream(window).sum();
    double baselineRows = Arrays.stream(baseline).sum();
    if (windowRows == 0 || baselineRows == 0) {
      return 0;
    }
    double bothRows = windowRows + baselineRows;
    // Where both are few, a bin's expected count is taken from both together: so it is never 0.
    double sum = 0;
    int groups = 0;
    double seen = 0;
    double known = 0;
    double lastTerm = 0;
    double lastSeen = 0;
    double lastKnown = 0;
    for (int bin = 0; bin < window.length; bin++) {
      seen += window[bin];
      known += baseline[bin];
      double share = (seen + known) / bothRows;
      if (windowRows * share >= FEWEST_EXPECTED && baselineRows * share >= FEWEST_EXPECTED) {
        lastTerm = term(seen, known, windowRows, baselineRows);
        sum += lastTerm;
        groups++;
        lastSeen = seen;
        lastKnown = known;
        seen = 0;
        known = 0;
      }
    }
    if (groups > 0 && seen + known > 0) {
      sum += term(lastSeen + seen, lastKnown + known, windowRows, baselineRows) - lastTerm;
    }
    return groups < 2 ? 0 : sum / (groups - 1);
  }

  /** Returns a bin's part of the χ² of a 2 × K table, both its cells. */
  private static double term(double seen, double known, double windowRows, double baselineRows) {
    double share = (seen + known) / (windowRows + baselineRows);
    double difference = seen / windowRows - known / baselineRows;
    return difference * difference / (share * (1 / windowRows + 1 / baselineRows));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof BlockVariation that
        && blocks == that.blocks
        && rowsPerBlock == that.rowsPerBlock
        && designEffect == that.designEffect
        && directions.equals(that.directions)
        && Arrays.equals(byHour, that.byHour)
        && Arrays.equals(statistics, that.statistics);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(statistics);
  }

  @Override
  public String toString() {
    return blocks + " blocks, design effect " + designEffect;
  }
}
