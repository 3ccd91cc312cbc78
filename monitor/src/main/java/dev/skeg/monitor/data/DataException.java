package dev.skeg.monitor.data;

import dev.skeg.monitor.data.Projection.Wanted;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Data that cannot be read as they were meant to be; the message names file, line and column as far
 * as they are known, what was found, and what would do.
 */
public final class DataException extends RuntimeException {
  private final @Nullable Wanted wanted;
  private final long offset;

  public DataException(String message) {
    this(message, null, Long.MAX_VALUE);
  }

  public DataException(String message, Throwable cause) {
    super(message, cause);
    this.wanted = null;
    this.offset = Long.MAX_VALUE;
  }

  DataException(String message, @Nullable Wanted wanted, long offset) {
    super(message);
    this.wanted = wanted;
    this.offset = offset;
  }

  static DataException unreadable(Path file, Exception cause) {
    return new DataException(file + " cannot be read: " + cause, cause);
  }

  static DataException empty(Path file) {
    return new DataException(
        file + " is empty (expected: CSV with a header, JSON lines or Parquet, with rows)");
  }

  /** A file that has no row, where rows are needed. */
  public static DataException withoutRows(Path file) {
    return new DataException(file + " has no row (expected: at least one, below a CSV's header)");
  }

  static DataException noColumn(Path file, String column, List<String> columns) {
    return new DataException(
        file
            + " has no column "
            + column
            + " (expected: one of "
            + String.join(", ", columns)
            + ")");
  }

  /**
   * Returns the column that has a value of another kind than its others, and as what it was read;
   * else nothing.
   */
  public Optional<Wanted> wanted() {
    return Optional.ofNullable(wanted);
  }

  /**
   * Returns how far into the file it is: of several failures of a sweep, the least is the cause.
   */
  public long offset() {
    return offset;
  }
}
