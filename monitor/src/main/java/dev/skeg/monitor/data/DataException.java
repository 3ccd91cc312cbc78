package dev.skeg.monitor.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Data that cannot be read as they were meant to be; the message names file, line and column as far
 * as they are known, what was found, and what would do.
 */
public final class DataException extends RuntimeException {
  private final @Nullable String column;
  private final long offset;

  public DataException(String message) {
    this(message, null, Long.MAX_VALUE);
  }

  public DataException(String message, Throwable cause) {
    super(message, cause);
    this.column = null;
    this.offset = Long.MAX_VALUE;
  }

  DataException(String message, @Nullable String column, long offset) {
    super(message);
    this.column = column;
    this.offset = offset;
  }

  static DataException unreadable(Path file, Exception cause) {
    return new DataException(file + " cannot be read: " + cause, cause);
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

  /** Returns the column that has a value of another kind than its others; else nothing. */
  public Optional<String> column() {
    return Optional.ofNullable(column);
  }

  /**
   * Returns how far into the file it is: of several failures of a sweep, the least is the cause.
   */
  public long offset() {
    return offset;
  }
}
