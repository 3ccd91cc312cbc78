package dev.skeg.runtime.batch;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The requests, or parts of requests, that a lane runs together. All are of one class.
 *
 * <p><b>Threads.</b> Owned by whoever holds the lane's baton.
 */
final class Batch {
  private @Nullable ShapeClass shape;
  private @Nullable Entry[] entries = new Entry[8];
  private int[] firstRows = new int[8];
  private int[] rowCounts = new int[8];
  private int size;
  private int rows;

  /** Makes room for one more request, so that adding it cannot fail. */
  void makeRoom() {
    if (size == entries.length) {
      firstRows = Arrays.copyOf(firstRows, 2 * size);
      rowCounts = Arrays.copyOf(rowCounts, 2 * size);
      entries =
          Arrays.copyOf(entries, 2 * size); // The last: its length tells whether all have grown.
    }
  }

  /** Adds rows of a request, which has been taken. */
  void add(Entry entry, int firstRow, int rowCount) {
    makeRoom();
    shape = entry.shape;
    entries[size] = entry;
    firstRows[size] = firstRow;
    rowCounts[size] = rowCount;
    size++;
    rows += rowCount;
  }

  void clear() {
    Arrays.fill(entries, 0, size, null);
    shape = null;
    size = 0;
    rows = 0;
  }

  /** Returns the class of its requests; only if there is one. */
  ShapeClass shape() {
    if (shape == null) {
      throw new IllegalStateException("an empty batch has no shape");
    }
    return shape;
  }

  int size() {
    return size;
  }

  int rows() {
    return rows;
  }

  /** Returns how many rows run, also where a request runs in one piece. */
  int inferences() {
    return shape().isBatchable() ? rows : entry(0).inferences();
  }

  Entry entry(int index) {
    Entry entry = entries[index];
    if (entry == null) {
      throw new IllegalStateException("index: " + index + " (expected: less than " + size + ")");
    }
    return entry;
  }

  int firstRow(int index) {
    return firstRows[index];
  }

  int rowCount(int index) {
    return rowCounts[index];
  }

  /** Returns whether all rows of that request are here. */
  boolean isWhole(int index) {
    return rowCounts[index] == entry(index).rows;
  }
}
