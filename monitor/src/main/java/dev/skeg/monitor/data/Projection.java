package dev.skeg.monitor.data;

import java.util.List;

/**
 * The columns that are wanted, in the order of the batch's.
 *
 * @param columns names in the file, each once
 */
public record Projection(List<Wanted> columns) {
  /** What a column's values become. */
  public enum As {
    /** A double; NaN where it is missing. */
    NUMBER,
    /** The {@link dev.skeg.monitor.record.CategoryHash} of its text; 0 where it is missing. */
    CATEGORY,
    /** Milliseconds since the epoch; {@link RowBatch#NO_TIME} where it is missing. */
    TIME
  }

  /** One of them by its name, and what it is to become. */
  public record Wanted(String name, As as) {}

  public Projection {
    columns = List.copyOf(columns);
    long distinct = columns.stream().map(Wanted::name).distinct().count();
    if (distinct != columns.size()) {
      throw new IllegalArgumentException("columns: " + columns + " (expected: each once)");
    }
  }
}
