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
    TIME,
    /** A list of numbers, as floats; all of them NaN where it is missing. */
    VECTOR,
    /** A double that is in no file: whoever reads the batches writes it. */
    DERIVED
  }

  /**
   * One of them by its name, and what it is to become.
   *
   * @param length numbers that each list has; 1 of what is no list
   */
  public record Wanted(String name, As as, int length) {
    public Wanted {
      if (length < 1 || (length > 1 && as != As.VECTOR)) {
        throw new IllegalArgumentException(
            "length: " + length + " (expected: 1, or of lists more)");
      }
    }

    public Wanted(String name, As as) {
      this(name, as, 1);
    }
  }

  public Projection {
    columns = List.copyOf(columns);
    long distinct = columns.stream().map(Wanted::name).distinct().count();
    if (distinct != columns.size()) {
      throw new IllegalArgumentException("columns: " + columns + " (expected: each once)");
    }
  }
}
