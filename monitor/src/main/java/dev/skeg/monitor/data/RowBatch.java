package dev.skeg.monitor.data;

import dev.skeg.monitor.data.Projection.As;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * Some rows, column by column. Arrays are as long as the capacity; only the first {@link #rows()}
 * of their values are meant.
 *
 * <p><b>Threads.</b> Owned by the thread that owns its {@link RowReader}, which writes it anew with
 * each {@link RowReader#next()}. Whoever is shown an array may read it until then.
 */
public final class RowBatch {
  /** A missing time. */
  public static final long NO_TIME = Long.MIN_VALUE;

  /** The limit that selects every row. */
  public static final long EVERY_ROW = -1;

  private static final int MOST_ROWS = 4096;
  private static final int FEWEST_ROWS = 64;
  private static final int VALUES = 1 << 17; // A megabyte of them, so that they stay in a cache.
  private static final double[] NO_NUMBERS = {};
  private static final long[] NO_LONGS = {};
  private static final float[] NO_FLOATS = {};

  final double[][] numbers;
  final long[][] longs;
  final long[][] texts;
  final float[][] vectors;
  final long[] keys;
  final int capacity;

  int rows;
  long skipped;

  /** Where the texts of categories lie. */
  byte[] text = {};

  /** Where {@link #text} begins in its file's text, if it is a part of that. */
  long textOffset;

  private final Projection projection;
  private final Path path;
  private long limit = EVERY_ROW;

  /**
   * @param path of the file that it will have rows of
   */
  RowBatch(Projection projection, Path path) {
    this.projection = projection;
    this.path = path;
    List<Projection.Wanted> columns = projection.columns();
    int count = columns.size();
    int values = columns.stream().mapToInt(Projection.Wanted::length).sum();
    this.capacity = Math.clamp(VALUES / Math.max(1, values), FEWEST_ROWS, MOST_ROWS);
    this.numbers = new double[count][];
    this.longs = new long[count][];
    this.texts = new long[count][];
    this.vectors = new float[count][];
    this.keys = new long[capacity];
    for (int i = 0; i < count; i++) {
      As as = columns.get(i).as();
      numbers[i] = as == As.NUMBER || as == As.DERIVED ? new double[capacity] : NO_NUMBERS;
      longs[i] = as == As.CATEGORY || as == As.TIME ? new long[capacity] : NO_LONGS;
      texts[i] = as == As.CATEGORY ? new long[capacity] : NO_LONGS;
      vectors[i] = as == As.VECTOR ? new float[capacity * columns.get(i).length()] : NO_FLOATS;
    }
  }

  public int rows() {
    return rows;
  }

  /** Returns how many rows were passed over beside those that are here. */
  public long skipped() {
    return skipped;
  }

  /** Returns a column of numbers; those of rows that are not selected mean nothing. */
  public double[] numbers(int column) {
    return numbers[column];
  }

  /**
   * Returns a column of lists, one row's numbers behind the other's; those of rows that are not
   * selected mean nothing.
   */
  public float[] vectors(int column) {
    return vectors[column];
  }

  /** Returns a column's category hashes, {@link dev.skeg.monitor.record.CategoryHash}. */
  public long[] categories(int column) {
    return longs[column];
  }

  /** Returns a column's times in milliseconds since the epoch, or {@link #NO_TIME}. */
  public long[] times(int column) {
    return longs[column];
  }

  /** Returns the text that a category's hash is of. */
  public String categoryText(int column, int row) {
    long place = texts[column][row];
    return new String(text, (int) (place >>> 32), (int) place, StandardCharsets.UTF_8);
  }

  /**
   * Checks the text that a category's hash is of.
   *
   * @throws DataException if it is no UTF-8, so that no request's text could have its hash
   */
  public void checkText(int column, int row) {
    long place = texts[column][row];
    int from = (int) (place >>> 32);
    if (!Texts.isUtf8(text, from, from + (int) place)) {
      long offset = textOffset + from;
      throw new DataException(
          TextPlace.of(path, offset)
              + ": column "
              + projection.columns().get(column).name()
              + ": "
              + TextPlace.quote(categoryText(column, row))
              + " is no UTF-8 "
              + Texts.EXPECTED_UTF_8,
          null,
          offset);
    }
  }

  /** Says where the text of a category lies in {@link #text}. */
  void place(int column, int row, int start, int length) {
    texts[column][row] = (long) start << 32 | length;
  }

  /**
   * Returns each row's key: as good as random, and always the same for the same row of the same
   * file. So the rows with the least keys, as unsigned numbers, are a fair sample.
   */
  public long[] keys() {
    return keys;
  }

  /**
   * Asks the batches to come only for the rows whose key is at most this unsigned number. Of
   * others, numbers are not read; where only numbers are wanted, such rows are counted and left
   * out.
   */
  public void select(long greatestKey) {
    limit = greatestKey;
  }

  /** Returns whether a key is one of those asked for. */
  public boolean isSelected(long key) {
    return Long.compareUnsigned(key, limit) <= 0;
  }

  /** Returns a row's key from its place in a file. */
  static long key(long file, long place) {
    return SplitMix.hash(place + (file << 48));
  }
}
