package dev.skeg.monitor.baseline;

import dev.skeg.monitor.data.RowBatch;
import dev.skeg.monitor.record.CategoryHash;
import java.util.ArrayList;
import java.util.List;

/**
 * How often each category of a column comes, by hash. A column with more than the {@link
 * CategoryBudget} allows is counted no further.
 *
 * <p><b>Threads.</b> Any; one at a time is let in.
 */
final class CategoryCounts {
  /** A category and how many rows have it. */
  record Counted(long hash, long rows) {}

  private final int column;
  private final CategoryBudget budget;

  // Guarded by this: open addressing by the hashes' low bits; 0 is free, since no category has it.
  private long[] hashes = new long[1 << 10];
  private long[] counts = new long[1 << 10];
  private int size;

  CategoryCounts(int column, CategoryBudget budget) {
    this.column = column;
    this.budget = budget;
  }

  /**
   * Counts a batch's rows.
   *
   * @throws dev.skeg.monitor.data.DataException if a category is no text
   */
  synchronized void add(RowBatch batch) {
    long[] categories = batch.categories(column);
    int rows = batch.rows();
    for (int row = 0; row < rows; row++) {
      if (categories[row] != CategoryHash.MISSING) {
        add(categories[row], batch, row);
      }
    }
  }

  private void add(long hash, RowBatch batch, int row) {
    int mask = hashes.length - 1;
    int slot = (int) hash & mask;
    while (hashes[slot] != hash) {
      if (hashes[slot] == 0) {
        insert(hash, slot, batch, row);
        return;
      }
      slot = slot + 1 & mask;
    }
    counts[slot]++;
  }

  private void insert(long hash, int slot, RowBatch batch, int row) {
    if (budget.isOver(column)) {
      if (size > 0) {
        release();
      }
      return;
    }
    batch.checkText(column, row);
    budget.add(column);
    hashes[slot] = hash;
    counts[slot] = 1;
    size++;
    if (size > hashes.length / 2) {
      grow();
    }
  }

  /** Gives the memory back, once the counts are of no use any more. */
  synchronized void release() {
    hashes = new long[2];
    counts = new long[2];
    size = 0;
  }

  private void grow() {
    long[] oldHashes = hashes;
    long[] oldCounts = counts;
    hashes = new long[2 * oldHashes.length];
    counts = new long[hashes.length];
    int mask = hashes.length - 1;
    for (int i = 0; i < oldHashes.length; i++) {
      if (oldHashes[i] != 0) {
        int slot = (int) oldHashes[i] & mask;
        while (hashes[slot] != 0) {
          slot = slot + 1 & mask;
        }
        hashes[slot] = oldHashes[i];
        counts[slot] = oldCounts[i];
      }
    }
  }

  /** Returns the categories, the most frequent first. */
  synchronized List<Counted> descending() {
    List<Counted> all = new ArrayList<>(size);
    for (int i = 0; i < hashes.length; i++) {
      if (hashes[i] != 0) {
        all.add(new Counted(hashes[i], counts[i]));
      }
    }
    all.sort((a, b) ->
        a.rows() != b.rows() ? Long.compare(b.rows(), a.rows()) : Long.compare(a.hash(), b.hash()));
    return all;
  }
}
