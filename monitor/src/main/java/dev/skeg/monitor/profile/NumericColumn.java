package dev.skeg.monitor.profile;

import dev.skeg.monitor.record.FeatureSpec;
import java.util.Arrays;

/**
 * Counts a column of numbers.
 *
 * <p>Moments are summed around a pivot near the mean, batch by batch, and the batches joined as in
 * {@link Moments#merge}: two additions and a multiplication a value, and no cancellation.
 *
 * <p><b>Threads.</b> One at a time.
 */
final class NumericColumn extends Column {
  /** Set in a cell's bin if its values have no bin of their own. */
  private static final int SHARED = 0x4000;

  private final NumericBins bins;
  private final CellTable table;
  private final short[] cellBins;
  private final long[] counts;
  private Moments moments = Moments.EMPTY;

  NumericColumn(FeatureSpec spec, NumericBins bins) {
    super(spec);
    this.bins = bins;
    this.table = bins.cells();
    this.cellBins = table.bins().clone();
    this.counts = new long[bins.size()];
    for (int i = 0; i < cellBins.length; i++) {
      int bin = cellBins[i];
      boolean shared =
          bin == NumericBins.BELOW || bin == NumericBins.ABOVE || bin >= bins.firstInterval();
      cellBins[i] = (short) (shared ? bin | SHARED : bin);
    }
  }

  /**
   * Counts values.
   *
   * @param values the first {@code count}
   * @param rows counted before
   * @param cells overwritten; as long as {@code values}
   */
  void add(double[] values, int count, long rows, int[] cells) {
    table.find(values, count, cells);
    heavy.begin(rows);
    for (int i = 0; i < count; i++) {
      int bin = cellBins[cells[i]];
      counts[bin & (SHARED - 1)]++;
      if ((bin & SHARED) != 0) {
        long bits = Double.doubleToRawLongBits(values[i]);
        if (heavy.count(bits)) {
          heavy.track(bits);
        }
      }
    }
    join(values, count);
  }

  private void join(double[] values, int count) {
    double pivot = moments.count() == 0 ? first(values, count) : moments.mean();
    double sum = 0;
    double squares = 0;
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    int finite = 0;
    for (int i = 0; i < count; i++) {
      double value = values[i];
      if (Math.abs(value) <= Double.MAX_VALUE) {
        double off = value - pivot;
        sum += off;
        squares += off * off;
        if (value < min) {
          min = value;
        }
        if (value > max) {
          max = value;
        }
        finite++;
      }
    }
    if (finite > 0) {
      double m2 = squares - sum * sum / finite;
      moments =
          moments.merge(Moments.ofSums(finite, pivot + sum / finite, m2, min + 0.0, max + 0.0));
    }
  }

  private static double first(double[] values, int count) {
    for (int i = 0; i < count; i++) {
      if (Math.abs(values[i]) <= Double.MAX_VALUE) {
        return values[i];
      }
    }
    return 0;
  }

  @Override
  FeatureProfile profile(long rows, Reservoir reservoir) {
    return new FeatureProfile(
        spec, bins, observed(counts), moments, distinct(), heavy.values(rows), reservoir);
  }

  @Override
  void clear() {
    super.clear();
    Arrays.fill(counts, 0);
    moments = Moments.EMPTY;
  }
}
