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
  private final Column[] columns;
  private final RowSample sample;
  private final NumberHashes numbers = new NumberHashes();
  private final double[] doubles = new double[MAX_BATCH];
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
    for (int i = 0; i < columns.length; i++) {
      columns[i] = Column.of(layout.features().get(i), bins.get(i));
    }
    this.sample = new RowSample(columns.length);
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
      int word = RecordLayout.HEADER + c;
      Column column = columns[c];
      Encoding encoding = encodings[c];
      switch (column) {
        case NumericColumn numeric -> {
          for (int i = 0; i < count; i++) {
            doubles[i] = number(encoding, words[offsets[i] + word]);
          }
          numeric.add(doubles, count, rows - column.unobserved(), cells);
          for (int i = 0; i < forDistinct; i++) {
            double value = doubles[sampled[i]];
            if (!Double.isNaN(value)) {
              column.sample(DistinctEstimate.hash(value));
            }
          }
        }
        case CategoryColumn category -> {
          for (int i = 0; i < count; i++) {
            hashes[i] = hash(encoding, words[offsets[i] + word], numbers);
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
        column.leaveOut(unobserved(encoding, words, offsets, count, word));
      }
    }
    rows += count;
  }

  private static long unobserved(
      Encoding encoding, long[] words, int[] offsets, int count, int word) {
    long none = encoding.unobserved();
    long found = 0;
    for (int i = 0; i < count; i++) {
      found += words[offsets[i] + word] == none ? 1 : 0;
    }
    return found;
  }

  /** Returns the number that a record's word is; NaN if it is missing or was not observed. */
  static double number(Encoding encoding, long word) {
    return encoding == Encoding.DOUBLE
        ? Double.longBitsToDouble(word)
        : word <= Encoding.LONG.unobserved() ? Double.NaN : (double) word;
  }

  /** Returns the category that a record's word is; missing if it was not observed. */
  static long hash(Encoding encoding, long word, NumberHashes numbers) {
    return switch (encoding) {
      case DOUBLE -> numbers.of(Double.longBitsToDouble(word));
      case LONG -> word <= encoding.unobserved() ? CategoryHash.MISSING : numbers.of(word);
      case CATEGORY -> word == encoding.unobserved() ? CategoryHash.MISSING : word;
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
      long word = sample.word(i, c);
      if (word != encodings[c].unobserved()) {
        kept[size] = priorities[i];
        values[size++] =
            isNumeric
                ? number(encodings[c], word)
                : Double.longBitsToDouble(hash(encodings[c], word, numbers));
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
