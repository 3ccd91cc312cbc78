package dev.skeg.monitor.profile;

import dev.skeg.monitor.record.CategoryHash;
import dev.skeg.monitor.record.NumberHashes;
import dev.skeg.monitor.record.RecordLayout;
import dev.skeg.monitor.record.RecordLayout.Encoding;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Makes a profile of records, column by column over a batch of them.
 *
 * <p><b>Threads.</b> One at a time. <b>Allocation.</b> None by batch, once the first ones have
 * come.
 */
public final class ProfileBuilder {
  /** Records of one batch at most. */
  public static final int MAX_BATCH = 512;

  /** One row in so many is looked at for the number of distinct values. */
  private static final int DISTINCT_SHIFT = Long.SIZE - 6;

  private final RecordLayout layout;
  private final Encoding[] encodings;
  private final int[] places; // In a record, behind its header.
  private final Column[] columns;
  private final RowSample sample;
  private final NumberHashes numbers = new NumberHashes();
  private final double[] doubles = new double[MAX_BATCH];
  private final double[] uppers = new double[MAX_BATCH]; // Of the next column.
  private final long[] hashes = new long[MAX_BATCH];
  private final int[] cells = new int[MAX_BATCH];
  private final int[] sampled = new int[MAX_BATCH];
  private long rows;

  /**
   * @param bins of the layout's features, in its order
   */
  public ProfileBuilder(RecordLayout layout, List<Bins> bins) {
    this.layout = layout;
    this.encodings = layout.encodings().toArray(Encoding[]::new);
    this.columns = new Column[layout.size()];
    this.places = new int[columns.length];
    for (int i = 0; i < columns.length; i++) {
      columns[i] = Column.of(layout.features().get(i), bins.get(i));
      places[i] = RecordLayout.place(layout.encodings(), i);
    }
    this.sample = new RowSample(layout.words() - RecordLayout.HEADER);
  }

  /** Returns how many rows were added. */
  public long rows() {
    return rows;
  }

  /**
   * Adds records.
   *
   * @param words which they are in
   * @param offsets where the records begin: the first {@code count}
   * @param count 0 to {@link #MAX_BATCH}
   */
  public void add(long[] words, int[] offsets, int count) {
    int forDistinct = 0;
    long marks = 0;
    for (int i = 0; i < count; i++) {
      long priority = Mixing.mix(words[offsets[i] + RecordLayout.ID] + Mixing.mix(rows + i));
      sample.offer(priority, words, offsets[i]);
      marks |= words[offsets[i] + RecordLayout.GROUP];
      if (priority >>> DISTINCT_SHIFT == 0) {
        sampled[forDistinct++] = i;
      }
    }
    for (int c = 0; c < columns.length; c++) {
      Column column = columns[c];
      Encoding encoding = encodings[c];
      switch (column) {
        case NumericColumn numeric -> {
          double[] values = numbers(c, words, offsets, count);
          numeric.add(values, count, rows - column.unobserved(), cells);
          for (int i = 0; i < forDistinct; i++) {
            double value = values[sampled[i]];
            if (!Double.isNaN(value)) {
              column.sample(DistinctEstimate.hash(value));
            }
          }
        }
        case CategoryColumn category -> {
          int place = places[c];
          for (int i = 0; i < count; i++) {
            int first = offsets[i] + RecordLayout.HEADER;
            hashes[i] = hash(encoding, RecordLayout.bits(encoding, words, first, place), numbers);
          }
          category.add(hashes, count, rows - column.unobserved());
          for (int i = 0; i < forDistinct; i++) {
            long hash = hashes[sampled[i]];
            if (hash != CategoryHash.MISSING) {
              column.sample(hash);
            }
          }
        }
      }
      if ((marks & RecordLayout.SOME_UNOBSERVED) != 0) {
        column.leaveOut(unobserved(c, words, offsets, count));
      }
    }
    rows += count;
  }

  /**
   * Returns a column's numbers. Those in the upper halves of words were read with the lower halves,
   * if the column before has these: to fetch a record's words is a good part of what a value costs.
   */
  private double[] numbers(int c, long[] words, int[] offsets, int count) {
    Encoding encoding = encodings[c];
    int place = places[c];
    int word = RecordLayout.HEADER + (place >> 1);
    if (encoding != Encoding.FLOAT) {
      for (int i = 0; i < count; i++) {
        doubles[i] = encoding.number(words[offsets[i] + word]);
      }
      return doubles;
    }
    boolean isUpper = (place & 1) != 0;
    if (isUpper && columns[c - 1] instanceof NumericColumn) {
      return uppers;
    }
    for (int i = 0; i < count; i++) {
      long both = words[offsets[i] + word];
      doubles[i] = Float.intBitsToFloat((int) both);
      uppers[i] = Float.intBitsToFloat((int) (both >>> 32));
    }
    return isUpper ? uppers : doubles;
  }

  private long unobserved(int c, long[] words, int[] offsets, int count) {
    Encoding encoding = encodings[c];
    long none = encoding.unobserved();
    long found = 0;
    for (int i = 0; i < count; i++) {
      int first = offsets[i] + RecordLayout.HEADER;
      found += RecordLayout.bits(encoding, words, first, places[c]) == none ? 1 : 0;
    }
    return found;
  }

  /** Returns the category that a feature's bits are; missing if it was not observed. */
  static long hash(Encoding encoding, long bits, NumberHashes numbers) {
    return switch (encoding) {
      case FLOAT, DOUBLE -> numbers.of(encoding.number(bits));
      case LONG -> bits <= encoding.unobserved() ? CategoryHash.MISSING : numbers.of(bits);
      case CATEGORY -> bits == encoding.unobserved() ? CategoryHash.MISSING : bits;
    };
  }

  /**
   * Returns the profile of what was added.
   *
   * @param counts of as many recorded rows as were added
   */
  public Profile build(ProfileKey key, Window window, RowCounts counts) {
    long[] priorities = new long[sample.size()];
    for (int i = 0; i < priorities.length; i++) {
      priorities[i] = sample.priority(i);
    }
    List<FeatureProfile> features = new ArrayList<>();
    for (int c = 0; c < columns.length; c++) {
      long observed = rows - columns[c].unobserved();
      features.add(columns[c].profile(observed, reservoir(c, observed, priorities)));
    }
    return new Profile(key, window, counts, features);
  }

  private Reservoir reservoir(int c, long observed, long[] priorities) {
    long[] kept = new long[priorities.length];
    double[] values = new double[priorities.length];
    boolean isNumeric = layout.features().get(c).isNumeric();
    int size = 0;
    for (int i = 0; i < priorities.length; i++) {
      long bits = sample.bits(i, encodings[c], places[c]);
      if (bits != encodings[c].unobserved()) {
        kept[size] = priorities[i];
        values[size++] =
            isNumeric
                ? encodings[c].number(bits)
                : Double.longBitsToDouble(hash(encodings[c], bits, numbers));
      }
    }
    return new Reservoir(observed, Arrays.copyOf(kept, size), Arrays.copyOf(values, size));
  }

  /** Forgets what was added. */
  public void clear() {
    for (Column column : columns) {
      column.clear();
    }
    sample.clear();
    rows = 0;
  }
}
