package dev.skeg.monitor.baseline;

import dev.skeg.monitor.data.RowBatch;
import java.util.Arrays;

/**
 * A uniform sample of rows: those with the least keys, so that it is the same in whatever order
 * threads bring them.
 *
 * <p>From it the edges of bins are taken. With {@value #MOST_ROWS} rows the mass of a bin of 1/64
 * is known to ± 0.05 % of the rows; a quantile sketch of a thousand values is off by up to 0.35 %
 * (KLL, k = 1,024), takes thirty times as long, and keeps no rows.
 *
 * <p><b>Threads.</b> Any; one at a time is let in.
 */
final class SampledRows {
  static final int MOST_ROWS = 1 << 16;
  private static final int FEWEST_ROWS = 1 << 12;
  private static final int MOST_VALUES = 1 << 23;

  private final int columns;
  private final int[] lengths; // Of the lists of each column that has lists.
  private final int numbers; // In all of a row's lists.
  private final int wanted;

  // Guarded by this. Twice as many rows as wanted, so that they are thinned out only now and then.
  private final long[] keys;
  private final long[] values; // By row, then by column: bits of numbers, hashes of categories.
  private float[] vectors; // By row, then by column of lists.
  private int rows;

  /**
   * The greatest key that may still belong to the sample; read without a lock, as it only falls.
   */
  private volatile long limit = RowBatch.EVERY_ROW;

  /**
   * @param columns of numbers and categories, the batches' first
   * @param lengths numbers in the lists of each column behind those
   */
  SampledRows(int columns, int[] lengths) {
    this.columns = columns;
    this.lengths = lengths;
    this.numbers = Arrays.stream(lengths).sum();
    int longs = columns + numbers * Float.BYTES / Long.BYTES;
    this.wanted = Math.clamp(MOST_VALUES / Math.max(1, longs), FEWEST_ROWS, MOST_ROWS);
    this.keys = new long[2 * wanted];
    this.values = new long[2 * wanted * columns];
    this.vectors = new float[2 * wanted * numbers];
  }

  long limit() {
    return limit;
  }

  /** Adds those rows of a batch that may belong to the sample. */
  synchronized void add(RowBatch batch, boolean[] isCategory) {
    long[] batchKeys = batch.keys();
    for (int row = 0; row < batch.rows(); row++) {
      // What the batch was not asked for has no numbers.
      if (!batch.isSelected(batchKeys[row]) || Long.compareUnsigned(batchKeys[row], limit) > 0) {
        continue;
      }
      if (rows == keys.length) {
        thinOut();
        if (Long.compareUnsigned(batchKeys[row], limit) > 0) {
          continue;
        }
      }
      keys[rows] = batchKeys[row];
      int at = rows * columns;
      for (int column = 0; column < columns; column++) {
        values[at + column] =
            isCategory[column]
                ? batch.categories(column)[row]
                : Double.doubleToRawLongBits(batch.numbers(column)[row]);
      }
      int list = rows * numbers;
      for (int i = 0; i < lengths.length; i++) {
        float[] from = batch.vectors(columns + i);
        System.arraycopy(from, row * lengths[i], vectors, list, lengths[i]);
        list += lengths[i];
      }
      rows++;
    }
  }

  private void thinOut() {
    long[] ascending = sorted(rows);
    long last = ascending[wanted - 1] ^ Long.MIN_VALUE;
    int kept = 0;
    for (int row = 0; row < rows; row++) {
      if (Long.compareUnsigned(keys[row], last) <= 0) {
        keys[kept] = keys[row];
        System.arraycopy(values, row * columns, values, kept * columns, columns);
        System.arraycopy(vectors, row * numbers, vectors, kept * numbers, numbers);
        kept++;
      }
    }
    rows = kept;
    limit = last;
  }

  /** Returns the keys, with their first bit turned so that signed order is unsigned order. */
  private long[] sorted(int count) {
    long[] ascending = new long[count];
    for (int i = 0; i < count; i++) {
      ascending[i] = keys[i] ^ Long.MIN_VALUE;
    }
    Arrays.sort(ascending);
    return ascending;
  }

  /** Drops what is too much; called when all rows are there. */
  synchronized void finish() {
    if (rows > wanted) {
      thinOut();
    }
  }

  synchronized int rows() {
    return rows;
  }

  /** Returns a column's values, in the order of {@link #keys}. */
  synchronized long[] column(int column) {
    long[] all = new long[rows];
    for (int row = 0; row < rows; row++) {
      all[row] = values[row * columns + column];
    }
    return all;
  }

  /** Replaces a column's values, in the order of {@link #keys}. */
  synchronized void replace(int column, long[] replacement) {
    for (int row = 0; row < rows; row++) {
      values[row * columns + column] = replacement[row];
    }
  }

  /**
   * Reads a row's list.
   *
   * @param list the column, of those that have lists
   */
  synchronized void vector(int list, int row, double[] to) {
    int from = row * numbers;
    for (int i = 0; i < list; i++) {
      from += lengths[i];
    }
    for (int k = 0; k < lengths[list]; k++) {
      to[k] = vectors[from + k];
    }
  }

  /** Lets go of the lists. */
  synchronized void releaseVectors() {
    vectors = new float[0];
  }

  /** Returns the indexes of at most so many rows with the least keys. */
  synchronized int[] ascending(int most) {
    int kept = Math.min(rows, most);
    int[] order = new int[kept];
    if (kept == 0) {
      return order;
    }
    long[] ascending = sorted(rows);
    for (int row = 0; row < rows; row++) {
      int rank = Arrays.binarySearch(ascending, keys[row] ^ Long.MIN_VALUE);
      if (rank < kept) {
        order[rank] = row;
      }
    }
    return order;
  }

  synchronized long[] keys() {
    return Arrays.copyOf(keys, rows);
  }
}
