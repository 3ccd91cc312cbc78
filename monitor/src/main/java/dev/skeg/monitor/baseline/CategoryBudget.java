package dev.skeg.monitor.baseline;

import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * How many categories are counted in all columns together, and so in each of them at most.
 *
 * <p>Where there are too many, the columns with the most are given up: the limit of one column is
 * halved until what is within it fits. That sum only grows as rows are read, whatever their order,
 * so the limit in the end is the same whatever the number of threads.
 *
 * <p><b>Threads.</b> Any.
 */
final class CategoryBudget {
  /** Categories of one column, at most. */
  static final int MOST_OF_ONE = 1_000_000;

  /** Categories of all columns: tables of 256 MiB at most. */
  static final int MOST = 1 << 22;

  private final int most;
  private final AtomicIntegerArray sizes;
  private volatile int limit;
  private long total; // Guarded by this: of each column its size, or the limit if it has more.

  CategoryBudget(int columns) {
    this(columns, MOST_OF_ONE, MOST);
  }

  CategoryBudget(int columns, int mostOfOne, int most) {
    this.sizes = new AtomicIntegerArray(columns);
    this.limit = mostOfOne;
    this.most = most;
  }

  /** Adds a category to a column, which has no more than the limit. */
  synchronized void add(int column) {
    if (sizes.incrementAndGet(column) > limit) {
      return;
    }
    total++;
    while (total > most && limit > 1) {
      limit /= 2;
      total = 0;
      for (int i = 0; i < sizes.length(); i++) {
        total += Math.min(sizes.get(i), limit);
      }
    }
  }

  /** Returns the greatest number of categories that a column may have. */
  int limit() {
    return limit;
  }

  /** Returns whether a column has more. */
  boolean isOver(int column) {
    return sizes.get(column) > limit;
  }
}
