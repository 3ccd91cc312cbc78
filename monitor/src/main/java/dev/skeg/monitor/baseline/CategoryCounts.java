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

  // Guarded by this: by hash.
  private final LongCounts counts = new LongCounts();

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
      long hash = categories[row];
      if (hash != CategoryHash.MISSING && !counts.addIfPresent(hash, 1)) {
        insert(hash, batch, row);
      }
    }
  }

  private void insert(long hash, RowBatch batch, int row) {
    if (budget.isOver(column)) {
      if (counts.size() > 0) {
        release();
      }
      return;
    }
    batch.checkText(column, row);
    budget.add(column);
    counts.put(hash, 1);
  }

  /** Gives the memory back, once the counts are of no use any more. */
  synchronized void release() {
    counts.clear();
  }

  /** Returns the categories, the most frequent first. */
  synchronized List<Counted> descending() {
    List<Counted> all = new ArrayList<>(counts.size());
    counts.forEach((hash, rows) -> all.add(new Counted(hash, rows)));
    all.sort((a, b) ->
        a.rows() != b.rows() ? Long.compare(b.rows(), a.rows()) : Long.compare(a.hash(), b.hash()));
    return all;
  }
}
