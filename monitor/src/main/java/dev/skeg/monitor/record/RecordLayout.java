package dev.skeg.monitor.record;

import java.util.List;

/**
 * A model's features and outputs, in the order in which a row's record holds them.
 *
 * @param features the inputs' features first, then the outputs'
 */
public record RecordLayout(List<FeatureSpec> features) {
  /** Features and outputs of a row at most, so that a row's record stays under 4 KiB. */
  public static final int MAX_FEATURES = 508;

  public RecordLayout {
    features = List.copyOf(features);
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
