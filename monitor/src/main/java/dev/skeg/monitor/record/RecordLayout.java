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
  }

  /** What stands for a whole number that is missing: the least there is, which nobody means. */
  public static final long MISSING_LONG = Long.MIN_VALUE;

  /** The word that holds the hash of the prediction's id. */
  public static final int ID = 0;

  /** The word that holds the event time, in milliseconds since the epoch. */
  public static final int TIME = 1;

  /**
   * The word that says whose row it is: bit 63 is set if the time is when it arrived, for want of
   * another; bits 32 to 39 are the arm, 0 the stable one; bits 0 to 15 the segment.
   */
  public static final int GROUP = 2;

  /** Set in {@link #GROUP} if the time is when the row arrived. */
  public static final long ARRIVAL = Long.MIN_VALUE;

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
