package dev.skeg.monitor.profile;

import dev.skeg.monitor.record.FeatureSpec;
import java.util.Arrays;

/**
 * Counts one feature's values, a batch at a time.
 *
 * <p><b>Threads.</b> One at a time.
 */
abstract sealed class Column permits NumericColumn, CategoryColumn {
  final FeatureSpec spec;
  final HeavyTracker heavy = new HeavyTracker();
  private final byte[] registers = new byte[DistinctEstimate.REGISTERS];
  private long sampled;
  private long unobserved; // Rows that were counted as missing.

  Column(FeatureSpec spec) {
    this.spec = spec;
  }

  /** Returns the column that counts a feature's values in those bins. */
  static Column of(FeatureSpec spec, Bins bins) {
    return switch (bins) {
      case NumericBins numeric -> new NumericColumn(spec, numeric);
      case CategoryBins categories -> new CategoryColumn(spec, categories);
    };
  }

  /**
   * Notes a value of a sampled row that is there, for the estimate of how many differ.
   *
   * @param hash as {@link DistinctEstimate} has it
   */
  final void sample(long hash) {
    DistinctEstimate.add(registers, hash);
    sampled++;
  }

  /** Notes rows that were counted, all as missing, but whose value nobody asked for. */
  final void leaveOut(long rows) {
    unobserved += rows;
  }

  final long unobserved() {
    return unobserved;
  }

  /** Returns the counts without the rows that are left out. */
  final long[] observed(long[] counts) {
    long[] left = counts.clone();
    left[Bins.MISSING] -= unobserved;
    return left;
  }

  final DistinctEstimate distinct() {
    return sampled == 0 ? DistinctEstimate.EMPTY : new DistinctEstimate(sampled, registers);
  }

  /**
   * Returns what was counted.
   *
   * @param rows counted and not left out
   */
  abstract FeatureProfile profile(long rows, Reservoir reservoir);

  void clear() {
    heavy.clear();
    unobserved = 0;
    if (sampled > 0) {
      Arrays.fill(registers, (byte) 0);
      sampled = 0;
    }
  }
}
