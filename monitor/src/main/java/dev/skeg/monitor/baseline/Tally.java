package dev.skeg.monitor.baseline;

import dev.skeg.monitor.data.RowBatch;
import dev.skeg.monitor.profile.Reservoir;
import java.util.Arrays;

/**
 * Counts one column's values in its bins: all of them, by hour of the week, and by block.
 *
 * <p><b>Threads.</b> Any; one at a time is let in. A thread brings its own {@link Scratch}.
 */
abstract class Tally {
  /**
   * What a thread needs beside a batch: of each row its hour, its block, and the bin of its value.
   */
  static final class Scratch {
    final int[] hours;
    final int[] blocks;
    final short[] bins;
    final double[] hourDeviations = new double[Seasons.HOURS];
    final double[] hourSquares = new double[Seasons.HOURS];
    final double[] hourMin = new double[Seasons.HOURS];
    final double[] hourMax = new double[Seasons.HOURS];
    final int[] hourCounts = new int[Seasons.HOURS];

    Scratch(int capacity) {
      hours = new int[capacity];
      blocks = new int[capacity];
      bins = new short[capacity];
    }
  }

  final int column;
  final int binCount;
  final long[] counts;
  final long[] hourCounts; // By hour, then by bin; empty where hours are not known.
  final int[] blockCounts; // By block, then by bin.

  Tally(int column, int binCount, boolean hasHours, int blocks) {
    this.column = column;
    this.binCount = binCount;
    this.counts = new long[binCount];
    this.hourCounts = new long[hasHours ? Seasons.HOURS * binCount : 0];
    this.blockCounts = new int[Math.multiplyExact(blocks, binCount)];
  }

  /** Adds a batch. */
  final synchronized void add(RowBatch batch, Scratch scratch) {
    bins(batch, scratch.bins);
    int rows = batch.rows();
    short[] bins = scratch.bins;
    for (int row = 0; row < rows; row++) {
      counts[bins[row]]++;
    }
    if (hourCounts.length > 0) {
      int[] hours = scratch.hours;
      for (int row = 0; row < rows; row++) {
        if (hours[row] >= 0) {
          hourCounts[hours[row] * binCount + bins[row]]++;
        }
      }
    }
    if (blockCounts.length > 0) {
      int[] blocks = scratch.blocks;
      for (int row = 0; row < rows; row++) {
        if (blocks[row] >= 0) {
          blockCounts[blocks[row] * binCount + bins[row]]++;
        }
      }
    }
    addMoments(batch, scratch);
  }

  /** Writes the bin of each row. */
  abstract void bins(RowBatch batch, short[] bins);

  void addMoments(RowBatch batch, Scratch scratch) {}

  /** Returns what was counted. */
  abstract FeatureBaseline finish(SampledRows sample, Reservoir reservoir, Blocks blocks);

  /** Returns the first so many bins of the hours' counts. */
  final long[][] hours(int bins) {
    long[][] hours = new long[hourCounts.length == 0 ? 0 : Seasons.HOURS][];
    for (int hour = 0; hour < hours.length; hour++) {
      hours[hour] = Arrays.copyOfRange(hourCounts, hour * binCount, hour * binCount + bins);
    }
    return hours;
  }

  final long[] block(int block, int bins) {
    long[] all = new long[bins];
    for (int bin = 0; bin < bins; bin++) {
      all[bin] = blockCounts[block * binCount + bin];
    }
    return all;
  }
}
