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

  final DistinctEstimate distinct() {
    return sampled == 0 ? DistinctEstimate.EMPTY : new DistinctEstimate(sampled, registers);
  }

  /**
   * Returns what was counted.
   *
   * @param rows counted
   */
  abstract FeatureProfile profile(long rows, Reservoir reservoir);

  void clear() {
    heavy.clear();
    if (sampled > 0) {
      Arrays.fill(registers, (byte) 0);
      sampled = 0;
    }
  }
}
