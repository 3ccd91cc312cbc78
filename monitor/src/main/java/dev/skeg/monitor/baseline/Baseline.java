package dev.skeg.monitor.baseline;

import dev.skeg.monitor.profile.Window;
import dev.skeg.monitor.record.Centroid;
import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.monitor.record.FeatureSpec.Role;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What the rows of a model's training data look like, feature by feature.
 *
 * @param rows that it is of, 1 or more
 * @param span of the rows' times; nothing where they have none
 * @param blockMillis how long the blocks are from which {@link BlockVariation} was taken: the
 *     length of the windows that are to be compared with this
 * @param features the inputs' features first, then the outputs', each of {@code rows} rows; an
 *     output of fewer where requests did not ask for it
 * @param centroids of the tensors whose rows are embeddings, one each
 */
public record Baseline(
    long rows,
    Optional<Window> span,
    long blockMillis,
    List<FeatureBaseline> features,
    List<Centroid> centroids) {
  /** A baseline without embeddings. */
  public Baseline(
      long rows, Optional<Window> span, long blockMillis, List<FeatureBaseline> features) {
    this(rows, span, blockMillis, features, List.of());
  }

  public Baseline {
    features = List.copyOf(features);
    centroids = List.copyOf(centroids);
    if (rows < 1) {
      throw new IllegalArgumentException("rows: " + rows + " (expected: 1 or more)");
    }
    if (blockMillis < 1) {
      throw new IllegalArgumentException("blockMillis: " + blockMillis + " (expected: 1 or more)");
    }
    Set<String> names = new HashSet<>();
    for (FeatureBaseline feature : features) {
      FeatureSpec spec = feature.spec();
      long its = feature.whole().rows();
      boolean isOutput = spec.role() == Role.OUTPUT;
      if (isOutput ? its > rows : its != rows) {
        throw new IllegalArgumentException(
            spec.name()
                + ": "
                + its
                + " rows (expected: "
                + (isOutput ? "at most " : "")
                + rows
                + ")");
      }
      if (!names.add(spec.role() + " " + spec.name())) {
        throw new IllegalArgumentException(spec.name() + " is there twice (expected: once)");
      }
    }
    Set<String> tensors = new HashSet<>();
    for (Centroid centroid : centroids) {
      if (!tensors.add(centroid.role() + " " + centroid.tensor())) {
        throw new IllegalArgumentException(
            "centroids: " + centroid.tensor() + " is there twice (expected: once)");
      }
    }
  }

  /**
   * Returns what is wrong, for people, about comparing windows of a length with this: how much
   * blocks vary depends on how long they are.
   */
  public Optional<String> misfit(Duration window) {
    if (span.isEmpty() || window.toMillis() == blockMillis) {
      return Optional.empty();
    }
    return Optional.of(
        "baseline.json: built for windows of "
            + text(blockMillis)
            + ", and monitor.window is "
            + text(window.toMillis())
            + ": how much windows vary by themselves is misjudged (expected: the same; skeg"
            + " baseline --window "
            + text(window.toMillis())
            + ")");
  }

  private static String text(long millis) {
    long seconds = millis / 1000;
    if (millis % 1000 != 0) {
      return millis + "ms";
    }
    return seconds % 86_400 == 0
        ? seconds / 86_400 + "d"
        : seconds % 3_600 == 0
            ? seconds / 3_600 + "h"
            : seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
  }

  /** Returns the inputs' features. */
  public List<FeatureBaseline> inputs() {
    return ofRole(Role.INPUT);
  }

  /** Returns the outputs. */
  public List<FeatureBaseline> outputs() {
    return ofRole(Role.OUTPUT);
  }

  private List<FeatureBaseline> ofRole(Role role) {
    List<FeatureBaseline> found = new ArrayList<>();
    for (FeatureBaseline feature : features) {
      if (feature.spec().role() == role) {
        found.add(feature);
      }
    }
    return found;
  }

  /** Returns the centroid of a tensor's rows. */
  public Optional<Centroid> centroid(Role role, String tensor) {
    return centroids.stream()
        .filter(centroid -> centroid.role() == role && centroid.tensor().equals(tensor))
        .findFirst();
  }

  /** Returns a feature by its name. */
  public Optional<FeatureBaseline> feature(Role role, String name) {
    return features.stream()
        .filter(feature -> feature.spec().role() == role && feature.spec().name().equals(name))
        .findFirst();
  }
}
