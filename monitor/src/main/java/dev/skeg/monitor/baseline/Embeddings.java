package dev.skeg.monitor.baseline;

import dev.skeg.monitor.data.RowBatch;
import dev.skeg.monitor.record.Centroid;
import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.monitor.record.FeatureSpec.Kind;
import dev.skeg.monitor.record.VectorSummary;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;

/**
 * A table's columns of lists, and what becomes of them: a {@link VectorSummary} of each row, as a
 * served model's rows are summarised, and a {@link Centroid} of each column.
 *
 * <p>The centroid is the mean of the rows that the first pass has sampled, which are all where they
 * are few. It is a point to measure from, the same for the baseline and for what is served: that it
 * is not exactly the mean of all rows makes nothing wrong.
 *
 * <p><b>Threads.</b> Any, with a {@link Scratch} of its own; the centroids are found between
 * passes.
 */
final class Embeddings {
  /** A column of lists. */
  private record Part(Schema.Embedding of, int vectors, int firstFeature) {}

  private final List<Part> parts = new ArrayList<>();
  private List<Optional<Centroid>> centroids = new ArrayList<>();

  /** What a thread needs to summarise rows. */
  static final class Scratch {
    final double[] values = new double[Centroid.MAX_LENGTH];
    final long[] words = new long[VectorSummary.SIZE + 1];
  }

  Embeddings(Schema schema) {
    for (int i = 0; i < schema.embeddings().size(); i++) {
      Schema.Embedding embedding = schema.embeddings().get(i);
      String first = VectorSummary.names(embedding.name(), false).getFirst();
      FeatureSpec feature = new FeatureSpec(first, embedding.role(), Kind.NUMERIC);
      parts.add(
          new Part(embedding, schema.features().size() + i, schema.features().indexOf(feature)));
      centroids.add(Optional.empty());
    }
  }

  /** Returns how many numbers the lists of each column have. */
  int[] lengths() {
    return parts.stream().mapToInt(part -> part.of().length()).toArray();
  }

  /** Writes the summaries of those rows of a batch that are selected. */
  void summarise(RowBatch batch, Scratch scratch) {
    for (int i = 0; i < parts.size(); i++) {
      Part part = parts.get(i);
      int length = part.of().length();
      float[] vectors = batch.vectors(part.vectors());
      for (int row = 0; row < batch.rows(); row++) {
        if (!batch.isSelected(batch.keys()[row])) {
          continue;
        }
        for (int k = 0; k < length; k++) {
          scratch.values[k] = vectors[row * length + k];
        }
        write(i, scratch);
        for (int k = 0; k < scratch.words.length; k++) {
          batch.numbers(part.firstFeature() + k)[row] = Double.longBitsToDouble(scratch.words[k]);
        }
      }
    }
  }

  /** Summarises the scratch's values; without a centroid the distance is missing. */
  private void write(int index, Scratch scratch) {
    Optional<Centroid> centroid = centroids.get(index);
    int length = parts.get(index).of().length();
    scratch.words[VectorSummary.SIZE] = Double.doubleToRawLongBits(Double.NaN);
    VectorSummary.write(scratch.values, length, centroid.orElse(null), scratch.words, 0);
  }

  /** Finds the centroids, and the sampled rows' distances to them. */
  void findCentroids(SampledRows sample) {
    Scratch scratch = new Scratch();
    int[] order = sample.ascending(sample.rows());
    centroids = new ArrayList<>(centroids);
    for (int i = 0; i < parts.size(); i++) {
      Part part = parts.get(i);
      centroids.set(i, centroid(part.of(), sample, i, order, scratch.values));
      long[] distances = new long[order.length];
      for (int row = 0; row < order.length; row++) {
        sample.vector(i, row, scratch.values);
        write(i, scratch);
        distances[row] = scratch.words[VectorSummary.SIZE];
      }
      sample.replace(part.firstFeature() + VectorSummary.SIZE, distances);
    }
  }

  /** Returns the mean, summed in the order of keys, so that it is the same whatever the threads. */
  private static Optional<Centroid> centroid(
      Schema.Embedding embedding, SampledRows sample, int index, int[] order, double[] row) {
    double[] sums = new double[embedding.length()];
    long rows = 0;
    for (int at : order) {
      sample.vector(index, at, row);
      if (DoubleStream.of(row).limit(sums.length).allMatch(Double::isFinite)) {
        rows++;
        for (int k = 0; k < sums.length; k++) {
          sums[k] += row[k];
        }
      }
    }
    float[] mean = new float[sums.length];
    boolean isZero = true;
    for (int k = 0; k < mean.length; k++) {
      mean[k] = (float) (sums[k] / rows);
      isZero &= !(Math.abs(mean[k]) > 0);
    }
    return isZero
        ? Optional.empty()
        : Optional.of(new Centroid(embedding.role(), embedding.name(), mean));
  }

  /** Returns whether a feature is the distance to a centroid that there is not. */
  boolean lacksCentroid(FeatureSpec feature) {
    for (int i = 0; i < parts.size(); i++) {
      Schema.Embedding embedding = parts.get(i).of();
      if (centroids.get(i).isEmpty()
          && feature.role() == embedding.role()
          && feature.name().equals(VectorSummary.distanceName(embedding.name()))) {
        return true;
      }
    }
    return false;
  }

  List<Centroid> centroids() {
    return centroids.stream().flatMap(Optional::stream).toList();
  }
}
