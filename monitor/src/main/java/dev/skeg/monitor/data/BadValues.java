package dev.skeg.monitor.data;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * What to do about texts that are not what their column holds: count them, or end.
 *
 * <p><b>Threads.</b> Any.
 */
final class BadValues {
  private final Path path;
  private final Projection projection;
  private final boolean areMissing;
  private final AtomicLongArray counts;

  BadValues(Path path, Projection projection, boolean areMissing) {
    this.path = path;
    this.projection = projection;
    this.areMissing = areMissing;
    this.counts = new AtomicLongArray(projection.columns().size());
  }

  /**
   * Counts one.
   *
   * @param offset of its record in the file's text
   * @throws DataException if it is not to be read as missing
   */
  void add(int column, String text, long offset) {
    if (!areMissing) {
      throw failure(column, text, TextPlace.of(path, offset), offset);
    }
    counts.incrementAndGet(column);
  }

  /**
   * Counts one of a file whose rows have no place in a text.
   *
   * @param row from 0 on
   * @throws DataException if it is not to be read as missing
   */
  void addOfRow(int column, String text, long row) {
    if (!areMissing) {
      throw failure(column, text, path + ": row " + (row + 1), row);
    }
    counts.incrementAndGet(column);
  }

  private DataException failure(int column, String text, String place, long offset) {
    Projection.Wanted wanted = projection.columns().get(column);
    String expected =
        switch (wanted.as()) {
          case TIME ->
              "a time, as 2026-01-31T12:00:00Z, or seconds or milliseconds since the epoch";
          case VECTOR -> "a list of " + wanted.length() + " numbers";
          case NUMBER, CATEGORY, DERIVED -> "a number";
        };
    return new DataException(
        place
            + ": column "
            + wanted.name()
            + ": "
            + TextPlace.quote(text)
            + " (expected: "
            + expected
            + ")",
        wanted,
        offset);
  }

  long count(int column) {
    return counts.get(column);
  }
}
