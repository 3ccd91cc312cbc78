package dev.skeg.monitor.profile;

import dev.skeg.monitor.record.FeatureSpec;
import java.util.Arrays;

/**
 * Counts a column of categories.
 *
 * <p><b>Threads.</b> One at a time.
 */
final class CategoryColumn extends Column {
  private final CategoryBins bins;
  private final long[] counts;

  CategoryColumn(FeatureSpec spec, CategoryBins bins) {
    super(spec);
    this.bins = bins;
    this.counts = new long[bins.size()];
  }

  /**
   * Counts categories.
   *
   * @param hashes the first {@code count}
   * @param rows counted before
   */
  void add(long[] hashes, int count, long rows) {
    heavy.begin(rows);
    int firstTail = bins.firstTail();
    for (int i = 0; i < count; i++) {
      long hash = hashes[i];
      int bin = bins.binOf(hash);
      counts[bin]++;
      if ((bin == CategoryBins.UNSEEN || bin >= firstTail) && heavy.count(hash)) {
        heavy.track(hash);
      }
    }
  }

  @Override
  FeatureProfile profile(long rows, Reservoir reservoir) {
    return new FeatureProfile(
        spec, bins, observed(counts), Moments.EMPTY, distinct(), heavy.values(rows), reservoir);
  }

  @Override
  void clear() {
    super.clear();
    Arrays.fill(counts, 0);
  }
}
