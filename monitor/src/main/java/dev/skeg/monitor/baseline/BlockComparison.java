package dev.skeg.monitor.baseline;

import dev.skeg.monitor.baseline.SeasonCell.Level;
import dev.skeg.monitor.profile.Bins;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntFunction;

/** Compares each block with the rest of its season, and sums up how much they vary. */
final class BlockComparison {
  /** A block's time, rows and statistic. */
  private record Compared(long startMillis, long rows, double statistic) {}

  private BlockComparison() {}

  static BlockVariation of(
      FeatureProfile whole, Seasons seasons, Blocks blocks, Tally tally, int bins) {
    return of(
        whole.bins(),
        whole.counts(),
        seasons,
        blocks.count(),
        index -> new Window(blocks.startMillis(index), blocks.startMillis(index) + blocks.millis()),
        index -> tally.block(index, bins));
  }

  /**
   * Compares.
   *
   * @param whole counts of all rows
   * @param windows of the blocks
   * @param counts of the blocks, by bin; all within the whole's
   */
  static BlockVariation of(
      Bins bins,
      long[] whole,
      Seasons seasons,
      int blocks,
      IntFunction<Window> windows,
      IntFunction<long[]> counts) {
    List<Compared> all = new ArrayList<>();
    BlockDirections directions = new BlockDirections(bins, whole);
    for (int i = 0; i < blocks; i++) {
      long[] block = counts.apply(i);
      long rows = Arrays.stream(block).sum();
      long[] rest = rest(block, rows, windows.apply(i), whole, seasons);
      if (rows >= BlockVariation.FEWEST_ROWS && Arrays.stream(rest).sum() > 0) {
        double statistic = BlockVariation.statistic(block, rest);
        all.add(new Compared(windows.apply(i).startMillis(), rows, statistic));
        directions.add(block, rest);
      }
    }
    if (all.size() < BlockVariation.FEWEST_BLOCKS) {
      return new BlockVariation(all.size(), meanRows(all), 1, new double[0], statistics(all));
    }
    double designEffect = mean(all);
    double[] byHour = new double[seasons.isPresent() ? Seasons.HOURS : 0];
    Arrays.setAll(byHour, hour -> ofHour(hour, all, designEffect));
    return new BlockVariation(all.size(), meanRows(all), designEffect, byHour, statistics(all))
        .withDirections(directions.effects());
  }

  /** Returns the narrowest season that has enough rows without the block. */
  private static long[] rest(
      long[] block, long rows, Window window, long[] whole, Seasons seasons) {
    long[] season = whole;
    if (seasons.isPresent()) {
      season =
          seasons.cell(window, Seasons.FEWEST_ROWS + rows).map(SeasonCell::counts).orElse(whole);
    }
    long[] rest = season.clone();
    Arrays.setAll(rest, bin -> rest[bin] - block[bin]);
    return rest;
  }

  /** Returns the design effect of blocks that begin in an hour, or in hours that are like it. */
  private static double ofHour(int hour, List<Compared> all, double designEffect) {
    BitSet hours = new BitSet(Seasons.HOURS);
    hours.set(hour);
    for (Level level : Level.values()) {
      if (level != Level.WHOLE) {
        BitSet same = Seasons.widen(hours, level);
        List<Compared> found =
            all.stream()
                .filter(block -> same.get(Seasons.hourOfWeek(block.startMillis())))
                .toList();
        if (found.size() >= BlockVariation.FEWEST_BLOCKS) {
          return mean(found);
        }
      }
    }
    return designEffect;
  }

  private static double mean(List<Compared> blocks) {
    double mean = blocks.stream().mapToDouble(Compared::statistic).average().orElse(1);
    return Math.max(1, mean);
  }

  private static double meanRows(List<Compared> blocks) {
    return blocks.stream().mapToLong(Compared::rows).average().orElse(0);
  }

  /** Returns the statistics, or as many as are kept, evenly spaced by rank. */
  private static double[] statistics(List<Compared> blocks) {
    double[] all = blocks.stream().mapToDouble(Compared::statistic).sorted().toArray();
    int kept = Math.min(all.length, BlockVariation.MAX_STATISTICS);
    double[] some = new double[kept];
    for (int i = 0; i < kept; i++) {
      // Both ends are kept: the greatest one decides what was never seen.
      some[i] = all[kept == 1 ? 0 : (int) ((long) i * (all.length - 1) / (kept - 1))];
    }
    return some;
  }
}
