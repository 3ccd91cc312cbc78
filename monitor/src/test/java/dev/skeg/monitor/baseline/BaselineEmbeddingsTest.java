package dev.skeg.monitor.baseline;

import static dev.skeg.monitor.baseline.BaselineFixture.build;
import static dev.skeg.monitor.baseline.BaselineFixture.feature;
import static dev.skeg.monitor.baseline.BaselineFixture.options;
import static dev.skeg.monitor.baseline.BaselineFixture.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.skeg.monitor.profile.Bins;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.NumericBins;
import dev.skeg.monitor.record.Centroid;
import dev.skeg.monitor.record.FeatureSpec.Role;
import dev.skeg.monitor.record.VectorSummary;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@link BaselineBuilder} makes of lists of numbers. */
final class BaselineEmbeddingsTest {
  @TempDir Path directory;

  /** Embeddings of 16 numbers, and what they are. */
  private static List<double[]> embeddings(int rows, StringBuilder lines) {
    Random random = new Random(5);
    List<double[]> embeddings = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      double[] row = new double[16];
      float[] floats = new float[16];
      for (int k = 0; k < 16; k++) {
        floats[k] = (float) (k / 4.0 + random.nextGaussian());
        row[k] = floats[k];
      }
      String list = i % 50 == 7 ? "null" : Arrays.toString(floats);
      lines.append("{\"n\": ").append(i % 3).append(", \"e\": ").append(list).append("}\n");
      if (i % 50 != 7) {
        embeddings.add(row);
      }
    }
    return embeddings;
  }

  /** Returns the centroid of all rows but one. */
  private static Centroid ofOthers(double[] row, int rows, double[] sums) {
    float[] mean = new float[row.length];
    for (int k = 0; k < mean.length; k++) {
      mean[k] = (float) ((sums[k] - row[k]) / (rows - 1));
    }
    return new Centroid(Role.INPUT, "e", mean);
  }

  @Test
  void summarisesListsOfNumbersAndKeepsTheirCentroid() {
    StringBuilder lines = new StringBuilder();
    List<double[]> embeddings = embeddings(5_000, lines);
    Path file = write(directory, "t.jsonl", lines);

    BuiltBaseline built = build(options(2), file);

    assertThat(built.schema().leftOut()).isEmpty();
    Centroid centroid = built.baseline().centroid(Role.INPUT, "e").orElseThrow();
    double[] sums = new double[16];
    for (int k = 0; k < 16; k++) {
      int at = k;
      sums[k] = embeddings.stream().mapToDouble(row -> row[at]).sum();
      assertThat(centroid.mean()[k]).isCloseTo((float) (sums[k] / 4_900), within(1e-6f));
    }
    List<String> names = VectorSummary.names("e", true);
    long[] words = new long[names.size()];
    long[][] counts = new long[names.size()][];
    for (double[] row : embeddings) {
      VectorSummary.write(row, row.length, ofOthers(row, embeddings.size(), sums), words, 0);
      for (int i = 0; i < words.length; i++) {
        NumericBins bins = (NumericBins) feature(built, names.get(i)).bins();
        counts[i] = counts[i] == null ? new long[bins.size()] : counts[i];
        counts[i][bins.binOf(Double.longBitsToDouble(words[i]))]++;
      }
    }
    for (int i = 0; i < counts.length; i++) {
      counts[i][Bins.MISSING] += 100;
      FeatureProfile profile = feature(built, names.get(i)).whole();
      // A distance is rounded another way, which may matter at an edge.
      long most = i < VectorSummary.SIZE ? 0 : 1;
      for (int bin = 0; bin < counts[i].length; bin++) {
        assertThat(profile.count(bin)).as(names.get(i)).isCloseTo(counts[i][bin], within(most));
      }
      assertThat(profile.count(NumericBins.BELOW) + profile.count(NumericBins.ABOVE)).isZero();
    }
    assertThat(((NumericBins) feature(built, "e.distance").bins()).edgeCount()).isEqualTo(65);
    assertThat(BaselineFile.toBytes(build(options(5), file).baseline()))
        .isEqualTo(BaselineFile.toBytes(built.baseline()));
  }

  @Test
  void takesListsForNoFeatureIfTheyAreShortOrUnlikeOrAllZero() {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 100; i++) {
      lines.append("{\"n\": ").append(i % 7).append(", \"short\": [1, 2], \"unlike\": ");
      lines.append(i % 2 == 0 ? "[1,2,3,4,5,6,7,8]" : "[1,2,3,4,5,6,7,8,9]");
      lines.append(", \"zero\": [0,0,0,0,0,0,0,0]}\n");
    }
    Path file = write(directory, "t.jsonl", lines);

    BuiltBaseline built = build(options(1), file);

    assertThat(built.schema().leftOut())
        .extracting(Schema.Column::name)
        .containsExactly("short", "unlike");
    assertThat(built.baseline().centroids()).isEmpty();
    assertThat(built.baseline().feature(Role.INPUT, "zero.norm")).isPresent();
    assertThat(built.baseline().feature(Role.INPUT, "zero.distance")).isEmpty();
  }
}
