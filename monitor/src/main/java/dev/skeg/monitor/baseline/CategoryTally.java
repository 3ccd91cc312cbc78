package dev.skeg.monitor.baseline;

import dev.skeg.monitor.data.RowBatch;
import dev.skeg.monitor.profile.Bins;
import dev.skeg.monitor.profile.CategoryBins;
import dev.skeg.monitor.profile.CategoryTail;
import dev.skeg.monitor.profile.DistinctEstimate;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.HeavyValues;
import dev.skeg.monitor.profile.Moments;
import dev.skeg.monitor.profile.Reservoir;
import dev.skeg.monitor.record.CategoryHash;
import dev.skeg.monitor.record.FeatureSpec;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Counts a column of categories. Which are to have a bin of their own is known by their hashes;
 * their names are found in the rows.
 */
final class CategoryTally extends Tally {
  private static final int TAIL_SHIFT =
      Long.SIZE - Integer.numberOfTrailingZeros(CategoryBins.TAIL_BUCKETS);

  private final FeatureSpec spec;
  private final long[] named; // Hashes, the most frequent first.
  private final long[] tail;
  private final @Nullable String[] names;
  private final long[] slots; // Open addressing by the hashes' low bits; 0 is free.
  private final short[] slotBins;
  private int unnamed;

  /**
   * @param categories all of them, the most frequent first
   */
  CategoryTally(
      FeatureSpec spec,
      int column,
      List<CategoryCounts.Counted> categories,
      boolean hasHours,
      int blocks) {
    super(column, binCount(categories.size()), hasHours, blocks);
    this.spec = spec;
    long[] hashes = categories.stream().mapToLong(CategoryCounts.Counted::hash).toArray();
    int own = Math.min(hashes.length, CategoryBins.MAX_NAMED);
    this.named = Arrays.copyOf(hashes, own);
    this.tail = Arrays.copyOfRange(hashes, own, hashes.length);
    this.names = new @Nullable String[own];
    this.unnamed = own;
    int capacity = Integer.highestOneBit(Math.max(1, own)) * 4;
    this.slots = new long[capacity];
    this.slotBins = new short[capacity];
    for (int i = 0; i < own; i++) {
      int slot = (int) named[i] & capacity - 1;
      while (slots[slot] != 0) {
        slot = slot + 1 & capacity - 1;
      }
      slots[slot] = named[i];
      slotBins[slot] = (short) (CategoryBins.FIRST_NAMED + i);
    }
  }

  private static int binCount(int categories) {
    int named = Math.min(categories, CategoryBins.MAX_NAMED);
    return CategoryBins.FIRST_NAMED + named + (categories > named ? CategoryBins.TAIL_BUCKETS : 0);
  }

  @Override
  void bins(RowBatch batch, short[] bins) {
    long[] hashes = batch.categories(column);
    int rows = batch.rows();
    for (int row = 0; row < rows; row++) {
      bins[row] = bin(hashes[row]);
    }
    if (unnamed > 0) {
      findNames(batch, bins);
    }
  }

  private short bin(long hash) {
    if (hash == CategoryHash.MISSING) {
      return Bins.MISSING;
    }
    int mask = slots.length - 1;
    int slot = (int) hash & mask;
    while (slots[slot] != 0) {
      if (slots[slot] == hash) {
        return slotBins[slot];
      }
      slot = slot + 1 & mask;
    }
    return (short) (CategoryBins.FIRST_NAMED + named.length + (int) (hash >>> TAIL_SHIFT));
  }

  private void findNames(RowBatch batch, short[] bins) {
    for (int row = 0; row < batch.rows(); row++) {
      int index = bins[row] - CategoryBins.FIRST_NAMED;
      if (index >= 0 && index < names.length && names[index] == null) {
        // Spelled as it is hashed: the same whichever of a number's spellings comes first.
        names[index] = CategoryHash.spelling(batch.categoryText(column, row));
        unnamed--;
      }
    }
  }

  @Override
  FeatureBaseline finish(SampledRows sample, Reservoir reservoir, Blocks blocks) {
    CategoryBins bins = new CategoryBins(List.of(names), CategoryTail.of(tail));
    long[] known =
        Arrays.stream(sample.column(column)).filter(hash -> hash != CategoryHash.MISSING).toArray();
    FeatureProfile whole =
        new FeatureProfile(
            spec,
            bins,
            counts,
            Moments.EMPTY,
            DistinctEstimate.of(known),
            HeavyValues.NONE,
            reservoir);
    long[][] hours = hours(binCount);
    Moments[] moments = new Moments[hours.length];
    Arrays.fill(moments, Moments.EMPTY);
    Seasons seasons = new Seasons(hours, moments);
    return new FeatureBaseline(
        whole, seasons, BlockComparison.of(whole, seasons, blocks, this, binCount));
  }
}
