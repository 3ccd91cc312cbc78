package dev.skeg.monitor.record;

import java.util.List;

/**
 * A model's features and outputs, in the order in which a row's record holds them.
 *
 * <p>A record is {@link #HEADER} words and then one word a feature, as its {@link Encoding} says.
 *
 * @param features the inputs' features first, then the outputs'
 * @param encodings of the same features
 */
public record RecordLayout(List<FeatureSpec> features, List<Encoding> encodings) {
  /** What a feature's word in a record is. */
  public enum Encoding {
    /** The bits of a double; NaN where the value is missing. */
    DOUBLE,
    /** A whole number; {@link #MISSING_LONG} where the value is missing. */
    LONG,
    /** A {@link CategoryHash}. */
    CATEGORY;

    /** Returns the word of a value that is missing. */
    public long missing() {
      return switch (this) {
        case DOUBLE -> Double.doubleToRawLongBits(Double.NaN);
        case LONG -> MISSING_LONG;
        case CATEGORY -> CategoryHash.MISSING;
      };
    }

    /**
     * Returns the word of an output that was not asked for: it is in no count, for nobody knows
     * what it would have been. A record that has any says so in its {@link #GROUP}.
     */
    public long unobserved() {
      return switch (this) {
        case DOUBLE -> UNOBSERVED_NAN;
        case LONG -> UNOBSERVED_LONG;
        case CATEGORY -> UNOBSERVED_HASH;
      };
    }
  }

  /** A NaN as no computation makes it. */
  private static final long UNOBSERVED_NAN = 0x7FF8_0000_736B_6567L;

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
            "encodings: " + features.get(i).name() + " is a number (expected: DOUBLE or LONG)");
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
    return HEADER + features.size();
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
