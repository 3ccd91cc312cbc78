package dev.skeg.monitor.record;

import java.util.List;

/**
 * A model's features and outputs, in the order in which a row's record holds them.
 *
 * <p>A record is {@link #HEADER} words and then the features, as their {@link Encoding}s say: a
 * word each, but for float32, of which two that follow each other share a word, the first in its
 * lower half. So a row of them is in a record as it was in memory, and takes half the room.
 *
 * @param features the inputs' features first, then the outputs'
 * @param encodings of the same features
 */
public record RecordLayout(List<FeatureSpec> features, List<Encoding> encodings) {
  /** What a feature's word in a record is, or its half of one. */
  public enum Encoding {
    /** Half a word: the bits of a float; NaN where the value is missing. */
    FLOAT,
    /** The bits of a double; NaN where the value is missing. */
    DOUBLE,
    /** A whole number; {@link #MISSING_LONG} where the value is missing. */
    LONG,
    /** A {@link CategoryHash}. */
    CATEGORY;

    /** Returns the bits of a value that is missing. */
    public long missing() {
      return switch (this) {
        case FLOAT -> Float.floatToRawIntBits(Float.NaN);
        case DOUBLE -> Double.doubleToRawLongBits(Double.NaN);
        case LONG -> MISSING_LONG;
        case CATEGORY -> CategoryHash.MISSING;
      };
    }

    /**
     * Returns the bits of an output that was not asked for: it is in no count, for nobody knows
     * what it would have been. A record that has any says so in its {@link #GROUP}.
     */
    public long unobserved() {
      return switch (this) {
        case FLOAT -> UNOBSERVED_FLOAT;
        case DOUBLE -> UNOBSERVED_NAN;
        case LONG -> UNOBSERVED_LONG;
        case CATEGORY -> UNOBSERVED_HASH;
      };
    }

    /** Returns the number that bits are; NaN if it is missing or was not observed. */
    public double number(long bits) {
      return switch (this) {
        case FLOAT -> Float.intBitsToFloat((int) bits);
        case DOUBLE -> Double.longBitsToDouble(bits);
        case LONG -> bits <= UNOBSERVED_LONG ? Double.NaN : (double) bits;
        case CATEGORY -> throw new IllegalStateException("a category is no number");
      };
    }
  }

  /** NaNs as no computation makes them. */
  private static final long UNOBSERVED_NAN = 0x7FF8_0000_736B_6567L;

  private static final int UNOBSERVED_FLOAT = 0x7FF3_6B65;

  private static final long UNOBSERVED_LONG = Long.MIN_VALUE + 1;

  /** The hash of no text, but for one in 2⁶⁴. */
  private static final long UNOBSERVED_HASH = 0x736B_6567_6E6F_6E65L;

  /** What stands for a whole number that is missing: the least there is, which nobody means. */
  public static final long MISSING_LONG = Long.MIN_VALUE;

  /** The word that holds the hash of the prediction's id. */
  public static final int ID = 0;

  /** The word that holds the event time, in milliseconds since the epoch. */
  public static final int TIME = 1;

  /**
   * The word that says whose row it is: bit 63 is set if the time is when it arrived, for want of
   * another; bit 48 if some output may be {@link Encoding#unobserved}; bits 32 to 39 are the arm, 0
   * the stable one; bits 0 to 15 the segment.
   */
  public static final int GROUP = 2;

  /** Set in {@link #GROUP} if the time is when the row arrived. */
  public static final long ARRIVAL = Long.MIN_VALUE;

  /** Set in {@link #GROUP} if some output may be {@link Encoding#unobserved}. */
  public static final long SOME_UNOBSERVED = 1L << 48;

  /** The bits of {@link #GROUP} that say which arm and segment. */
  public static final long WHOSE = 0xFF_0000_FFFFL;

  /** Words before the features. */
  public static final int HEADER = 3;

  /** Features and outputs of a row at most, so that a row's record stays under 4 KiB. */
  public static final int MAX_FEATURES = 4096 / Long.BYTES - HEADER;

  public RecordLayout {
    features = List.copyOf(features);
    encodings = List.copyOf(encodings);
    if (encodings.size() != features.size()) {
      throw new IllegalArgumentException(
          "encodings: " + encodings.size() + " (expected: " + features.size() + ")");
    }
    if (features.size() > MAX_FEATURES) {
      throw new IllegalArgumentException(
          "features: " + features.size() + " (expected: at most " + MAX_FEATURES + ")");
    }
    boolean outputs = false;
    for (FeatureSpec feature : features) {
      boolean isOutput = feature.role() == FeatureSpec.Role.OUTPUT;
      if (outputs && !isOutput) {
        throw new IllegalArgumentException(
            "features: " + feature.name() + " follows an output (expected: inputs first)");
      }
      outputs = isOutput;
    }
    for (int i = 0; i < encodings.size(); i++) {
      if (encodings.get(i) == Encoding.CATEGORY && features.get(i).isNumeric()) {
        throw new IllegalArgumentException(
            "encodings: "
                + features.get(i).name()
                + " is a number (expected: FLOAT, DOUBLE or LONG)");
      }
    }
  }

  /** Returns the layout in which numbers are doubles and categories are hashes. */
  public static RecordLayout of(List<FeatureSpec> features) {
    return new RecordLayout(
        features,
        features.stream()
            .map(feature -> feature.isNumeric() ? Encoding.DOUBLE : Encoding.CATEGORY)
            .toList());
  }

  /** Returns the words of a record. */
  public int words() {
    return HEADER + (place(encodings, encodings.size()) + 1) / 2;
  }

  /**
   * Returns where a feature stands behind the header of a record, counted in halves of words.
   *
   * @param encodings of the record's features, those behind this one may be left out
   * @param index of the feature; as many as there are for where the next one may be
   */
  public static int place(List<Encoding> encodings, int index) {
    int place = 0;
    for (int i = 0; i <= index; i++) {
      boolean isHalf = i < encodings.size() && encodings.get(i) == Encoding.FLOAT;
      if (i < encodings.size() && !isHalf) {
        place += place & 1;
      }
      if (i < index) {
        place += isHalf ? 1 : 2;
      }
    }
    return place;
  }

  /**
   * Returns the bits of a feature.
   *
   * @param words which the record is in
   * @param at where its first feature is, behind the header
   * @param place of the feature
   */
  public static long bits(Encoding encoding, long[] words, int at, int place) {
    long word = words[at + (place >> 1)];
    return encoding == Encoding.FLOAT ? (int) (word >>> (place << 5)) : word;
  }

  /** Writes the bits of a feature, as {@link #bits} reads them. */
  public static void put(Encoding encoding, long bits, long[] words, int at, int place) {
    int word = at + (place >> 1);
    if (encoding == Encoding.FLOAT) {
      int shift = (place & 1) << 5;
      long rest = words[word] & ~(0xFFFF_FFFFL << shift);
      words[word] = rest | ((bits & 0xFFFF_FFFFL) << shift);
    } else {
      words[word] = bits;
    }
  }

  /** Returns how many values a row has. */
  public int size() {
    return features.size();
  }

  /** Returns how many of them are inputs' features; they come first. */
  public int inputCount() {
    int count = 0;
    while (count < features.size() && features.get(count).role() == FeatureSpec.Role.INPUT) {
      count++;
    }
    return count;
  }
}
