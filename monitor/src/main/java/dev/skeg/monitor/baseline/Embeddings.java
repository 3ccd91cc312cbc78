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
 * is not exactly the mean of all rows makes nothing wrong. But a row draws the mean that it is part
 * of towards itself, and no row to come does: those that were sampled are measured from the mean of
 * the others.
 *
 * <p><b>Threads.</b> Any, with a {@link Scratch} of its own; the centroids are found between
 * passes.
 */
final class Embeddings {
  /** A column of lists. */
  private record Part(Schema.Embedding of, int vectors, int firstFeature) {}

  private final List<Part> parts = new ArrayList<>();
  private List<Optional<Mean>> means = new ArrayList<>();
  private long sampledLimit; // The greatest key of the sample, unsigned.

  /**
   * A centroid, and what it is the mean of.
   *
   * @param length its Euclidean length
   */
  private record Mean(Centroid centroid, long rows, double length) {
    static Mean of(Centroid centroid, long rows) {
      double squares = 0;
      for (float value : centroid.mean()) {
        squares += (double) value * value;
      }
      return new Mean(centroid, rows, Math.sqrt(squares));
    }

    /**
     * Returns how far one of its rows is from the mean of the others; of one that has none, from
     * itself.
     *
     * @param distance to the mean of all
     * @param norm the row's Euclidean length
     */
    double distanceToOthers(double distance, double norm) {
      if (rows == 1) {
        return distance;
      }
      double sum = rows * length;
      double cosine = 1 - distance;
      double others = Math.sqrt(sum * sum - 2 * sum * norm * cosine + norm * norm);
      return Math.clamp(1 - (sum * cosine - norm) / others, 0.0, 2.0);
    }
  }

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
      means.add(Optional.empty());
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
        write(i, scratch, Long.compareUnsigned(batch.keys()[row], sampledLimit) <= 0);
        for (int k = 0; k < scratch.words.length; k++) {
          batch.numbers(part.firstFeature() + k)[row] = Double.longBitsToDouble(scratch.words[k]);
        }
      }
    }
  }

  /**
   * Summarises the scratch's values; without a centroid the distance is missing.
   *
   * @param isSampled whether the row is one of those that the centroid is the mean of
   */
  private void write(int index, Scratch scratch, boolean isSampled) {
    Mean mean = means.get(index).orElse(null);
    int length = parts.get(index).of().length();
    long[] words = scratch.words;
    words[VectorSummary.SIZE] = Double.doubleToRawLongBits(Double.NaN);
    VectorSummary.write(scratch.values, length, mean == null ? null : mean.centroid(), words, 0);
    if (mean != null && isSampled) {
      double norm = Double.longBitsToDouble(words[0]);
      double distance = Double.longBitsToDouble(words[VectorSummary.SIZE]);
      words[VectorSummary.SIZE] = Double.doubleToRawLongBits(mean.distanceToOthers(distance, norm));
    }
  }

  /** Finds the centroids, and the sampled rows' distances to them. */
  void findCentroids(SampledRows sample) {
    Scratch scratch = new Scratch();
    int[] order = sample.ascending(sample.rows());
    means = new ArrayList<>(means);
    sampledLimit = sample.limit();
    for (int i = 0; i < parts.size(); i++) {
      Part part = parts.get(i);
      means.set(i, mean(part.of(), sample, i, order, scratch.values));
      long[] distances = new long[order.length];
      for (int row = 0; row < order.length; row++) {
        sample.vector(i, row, scratch.values);
        write(i, scratch, true);
        distances[row] = scratch.words[VectorSummary.SIZE];
      }
      sample.replace(part.firstFeature() + VectorSummary.SIZE, distances);
    }
  }

  /** Returns the mean, summed in the order of keys, so that it is the same whatever the threads. */
  private static Optional<Mean> mean(
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
        : Optional.of(Mean.of(new Centroid(embedding.role(), embedding.name(), mean), rows));
  }

  /** Returns whether a feature is the distance to a centroid that there is not. */
  boolean lacksCentroid(FeatureSpec feature) {
    for (int i = 0; i < parts.size(); i++) {
      Schema.Embedding embedding = parts.get(i).of();
      if (means.get(i).isEmpty()
          && feature.role() == embedding.role()
          && feature.name().equals(VectorSummary.distanceName(embedding.name()))) {
        return true;
      }
    }
    return false;
  }

  List<Centroid> centroids() {
    return means.stream().flatMap(Optional::stream).map(Mean::centroid).toList();
  }
}
