package dev.skeg.monitor.profile;

import dev.skeg.monitor.record.FeatureSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * What a model's rows of a window look like: one {@link FeatureProfile} a feature and output.
 *
 * @param window which all its rows' event times lie in
 * @param features the inputs' features first, then the outputs', each of {@code counts.recorded()}
 *     rows; an output of fewer where requests did not ask for it
 */
public record Profile(
    ProfileKey key, Window window, RowCounts counts, List<FeatureProfile> features) {
  public Profile {
    features = List.copyOf(features);
    for (FeatureProfile feature : features) {
      boolean isOutput = feature.spec().role() == FeatureSpec.Role.OUTPUT;
      if (isOutput ? feature.rows() > counts.recorded() : feature.rows() != counts.recorded()) {
        throw new IllegalArgumentException(
            "features: "
                + feature.spec().name()
                + " has "
                + feature.rows()
                + " rows (expected: "
                + (isOutput ? "at most " : "")
                + counts.recorded()
                + ")");
      }
    }
  }

  /** Returns how many rows are in it. */
  public long rows() {
    return counts.recorded();
  }

  /** Returns the inputs' features. */
  public List<FeatureProfile> inputs() {
    return ofRole(FeatureSpec.Role.INPUT);
  }

  /** Returns the outputs. */
  public List<FeatureProfile> outputs() {
    return ofRole(FeatureSpec.Role.OUTPUT);
  }

  private List<FeatureProfile> ofRole(FeatureSpec.Role role) {
    return features.stream().filter(feature -> feature.spec().role() == role).toList();
  }

  /**
   * Returns the profile of both ones' rows; its window spans both, its key is this one's.
   *
   * @throws IllegalArgumentException if the features or their bins differ
   */
  public Profile merge(Profile other) {
    if (features.size() != other.features.size()) {
      throw new IllegalArgumentException(
          "other: " + other.features.size() + " features (expected: " + features.size() + ")");
    }
    List<FeatureProfile> both = new ArrayList<>();
    for (int i = 0; i < features.size(); i++) {
      both.add(features.get(i).merge(other.features.get(i)));
    }
    return new Profile(key, window.span(other.window), counts.merge(other.counts), both);
  }

  /** Returns the same profile under another key. */
  public Profile withKey(ProfileKey other) {
    return new Profile(other, window, counts, features);
  }
}
