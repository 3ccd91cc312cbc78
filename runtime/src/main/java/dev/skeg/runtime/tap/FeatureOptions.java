package dev.skeg.runtime.tap;

import dev.skeg.monitor.record.Centroid;
import dev.skeg.monitor.record.FeatureSpec;
import java.util.List;

/**
 * What is said of a model's features, by its configuration, its file and its baseline.
 *
 * @param tensor the input whose columns are the features; empty for the first input that has
 *     columns
 * @param names of that tensor's columns, by the configuration; empty if it does not say
 * @param categorical features whose values are names, though they are numbers, likewise
 * @param declared what the model's file says, where the configuration does not
 * @param known features and outputs of the baseline: what they are called and how they are read
 * @param centroids of the baseline's embeddings: their tensors are summarised, with the distance
 * @param sample the part of all predictions that is recorded, above 0, at most 1
 * @param segmentParameter the request parameter that says which segment; empty for none
 * @param segments whose rows have profiles of their own
 */
public record FeatureOptions(
    String tensor,
    List<String> names,
    List<String> categorical,
    DeclaredFeatures declared,
    List<FeatureSpec> known,
    List<Centroid> centroids,
    double sample,
    String segmentParameter,
    List<String> segments) {
  /** Nothing is said. */
  public static final FeatureOptions NONE =
      new FeatureOptions(
          "", List.of(), List.of(), DeclaredFeatures.NONE, List.of(), List.of(), 1, "", List.of());

  public FeatureOptions {
    names = List.copyOf(names);
    categorical = List.copyOf(categorical);
    known = List.copyOf(known);
    centroids = List.copyOf(centroids);
    segments = List.copyOf(segments);
  }
}
