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

  /** Notes a value of a sampled row, for the estimate of how many there are. */
  final void sample(long bits) {
    DistinctEstimate.add(registers, Mixing.mix(bits));
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
