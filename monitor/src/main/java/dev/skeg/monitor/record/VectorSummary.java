package dev.skeg.monitor.record;

import dev.skeg.monitor.record.FeatureSpec.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is recorded of a row of many numbers, as an embedding or an image, instead of each: the
 * Euclidean norm, mean, standard deviation, least and greatest of them, the means of eight blocks
 * of numbers next to one another, and, where there is a {@link Centroid}, the distance to it.
 *
 * <p>Of rows longer than {@link #MOST_LOOKED_AT} it looks at one number in so many, for an answer
 * may wait for it; the norm is scaled to all of them.
 */
public final class VectorSummary {
  private static final int BLOCKS = 8;
  private static final List<String> PARTS = List.of("norm", "mean", "sd", "min", "max");

  /** Numbers in a summary without a distance. */
  public static final int SIZE = PARTS.size() + BLOCKS;

  /** Numbers of a row that are looked at, at most. */
  public static final int MOST_LOOKED_AT = 4096;

  private VectorSummary() {}

  /**
   * Returns what the parts of a tensor's summary are called, in their order.
   *
   * @param hasDistance whether it has the distance, {@code embedding.distance}, the last of them
   */
  public static List<String> names(String tensor, boolean hasDistance) {
    List<String> names = new ArrayList<>();
    PARTS.forEach(part -> names.add(tensor + "." + part));
    for (int block = 0; block < BLOCKS; block++) {
      names.add(tensor + ".block" + block);
    }
    if (hasDistance) {
      names.add(distanceName(tensor));
    }
    return names;
  }

  /** Returns what the distance of a tensor's rows to their centroid is called. */
  public static String distanceName(String tensor) {
    return tensor + ".distance";
  }

  /**
   * Returns which tensor's rows a feature is the distance of, if it is one.
   *
   * @param all features, those of the same summary among them
   */
  public static Optional<String> measured(FeatureSpec feature, Set<FeatureSpec> all) {
    String suffix = distanceName("");
    if (!feature.name().endsWith(suffix) || feature.name().length() == suffix.length()) {
      return Optional.empty();
    }
    int end = feature.name().length() - suffix.length();
    String tensor = feature.name().substring(0, end);
    boolean hasOthers =
        names(tensor, false).stream()
            .allMatch(name -> all.contains(new FeatureSpec(name, feature.role(), Kind.NUMERIC)));
    return hasOthers ? Optional.of(tensor) : Optional.empty();
  }

  /**
   * Returns how far the numbers that are looked at lie apart: not so that they always are those of
   * one channel or column of an image.
   *
   * @param count numbers of the row
   */
  public static long stride(long count) {
    long stride = Math.ceilDiv(count, (long) MOST_LOOKED_AT);
    while (stride % 2 == 0 || stride % 3 == 0) {
      stride++;
    }
    return Math.max(1, stride);
  }

  /**
   * Writes the summary of a row.
   *
   * @param values those that are looked at, a {@link #stride} apart
   * @param count numbers of the row, those that are not looked at among them
   * @param centroid null where the summary has no distance
   * @param words written: the bits of {@link #SIZE} doubles, or one more
   * @param to where to begin
   */
  public static void write(
      double[] values, long count, @Nullable Centroid centroid, long[] words, int to) {
    long stride = stride(count);
    int looked = 0;
    double sum = 0;
    double squares = 0;
    double least = Double.POSITIVE_INFINITY;
    double greatest = Double.NEGATIVE_INFINITY;
    for (int block = 0; block < BLOCKS; block++) {
      int end = (int) Math.ceilDiv(count * (block + 1) / BLOCKS, stride);
      int before = looked;
      double blockSum = 0;
      for (; looked < end; looked++) {
        double value = values[looked];
        blockSum += value;
        squares += value * value;
        least = Math.min(least, value);
        greatest = Math.max(greatest, value);
      }
      sum += blockSum;
      // NaN, which is missing, if it is empty.
      put(words, to + PARTS.size() + block, blockSum / (looked - before));
    }
    double mean = sum / looked;
    double norm = Math.sqrt(looked == count ? squares : squares * count / looked);
    put(words, to, norm);
    put(words, to + 1, mean);
    put(words, to + 2, Math.sqrt(Math.max(0, squares / looked - mean * mean)));
    put(words, to + 3, count == 0 ? Double.NaN : least);
    put(words, to + 4, count == 0 ? Double.NaN : greatest);
    if (centroid != null) {
      boolean fits = centroid.length() == count;
      put(words, to + SIZE, fits ? centroid.distance(values, norm) : Double.NaN);
    }
  }

  private static void put(long[] words, int at, double value) {
    words[at] = Double.doubleToRawLongBits(value);
  }
}
