package dev.skeg.monitor.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.baseline.BaselineBuilder;
import dev.skeg.monitor.baseline.BaselineOptions;
import dev.skeg.monitor.baseline.FeatureBaseline;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.Moments;
import dev.skeg.monitor.profile.NumericBins;
import dev.skeg.monitor.record.Centroid;
import dev.skeg.monitor.record.FeatureSpec.Role;
import dev.skeg.monitor.record.VectorSummary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Embeddings of 32 numbers, about a centroid, in a baseline of a file. */
final class EmbeddingDriftTest {
  private static final int LENGTH = 32;
  private static final int ROWS = 4_000;

  @TempDir Path directory;
  private final Random random = new Random(11);

  /**
   * @param swaps whether neighbours change places, which moves no norm, mean, extreme or block
   */
  private float[] embedding(boolean swaps) {
    float[] row = new float[LENGTH];
    for (int i = 0; i < LENGTH; i++) {
      row[swaps ? i ^ 1 : i] = (float) ((i % 2 == 0 ? .3 : .1) + random.nextGaussian());
    }
    return row;
  }

  private Baseline baseline() throws IOException {
    return baseline(Stream.generate(() -> embedding(false)).limit(ROWS).toList());
  }

  private Baseline baseline(List<float[]> embeddings) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (float[] embedding : embeddings) {
      lines.append("{\"e\": ").append(Arrays.toString(embedding)).append("}\n");
    }
    Path file = Files.writeString(directory.resolve("t.jsonl"), lines);
    return BaselineBuilder.build(
            List.of(file), BaselineOptions.standard(), (pass, rows, done, total) -> {})
        .baseline();
  }

  private FeatureProfile[] window(Baseline baseline, boolean swaps) {
    Centroid centroid = baseline.centroid(Role.INPUT, "e").orElseThrow();
    List<FeatureBaseline> features = baseline.features();
    double[][] columns = new double[features.size()][ROWS];
    long[] words = new long[features.size()];
    double[] values = new double[LENGTH];
    for (int row = 0; row < ROWS; row++) {
      float[] embedding = embedding(swaps);
      for (int i = 0; i < LENGTH; i++) {
        values[i] = embedding[i];
      }
      VectorSummary.write(values, LENGTH, centroid, words, 0);
      for (int i = 0; i < words.length; i++) {
        columns[i][row] = Double.longBitsToDouble(words[i]);
      }
    }
    List<FeatureProfile> profiles = new ArrayList<>();
    for (int i = 0; i < columns.length; i++) {
      FeatureBaseline feature = features.get(i);
      profiles.add(Columns.profile(feature.spec(), (NumericBins) feature.bins(), columns[i]));
    }
    return profiles.toArray(FeatureProfile[]::new);
  }

  @Test
  void findsAnotherDirectionThatNothingElseShows() throws IOException {
    Baseline baseline = baseline();
    Judge judge =
        new Judge(DriftConfig.ofWindow(Duration.ofHours(1)), key -> Optional.of(baseline));

    List<FeatureVerdict> same = judge.judge(Columns.hour(0, window(baseline, false))).features();
    List<FeatureVerdict> other = judge.judge(Columns.hour(1, window(baseline, true))).features();

    assertThat(same).hasSize(VectorSummary.SIZE + 1);
    assertThat(same).allMatch(verdict -> verdict.state() == DriftState.OK);
    assertThat(other)
        .filteredOn(verdict -> verdict.state() == DriftState.DRIFT)
        .extracting(verdict -> verdict.spec().name())
        .containsExactly("e.distance");
  }

  private double[] longRow() {
    double[] row = new double[256];
    Arrays.setAll(row, i -> (float) (.0625 + random.nextGaussian()));
    return row;
  }

  private static float[] floats(double[] row) {
    float[] floats = new float[row.length];
    for (int i = 0; i < row.length; i++) {
      floats[i] = (float) row[i];
    }
    return floats;
  }

  @Test
  void rowsThatMadeTheCentroidAreNoNearerThanOthers() throws IOException {
    Baseline baseline = baseline(Stream.generate(() -> floats(longRow())).limit(500).toList());
    Centroid centroid = baseline.centroid(Role.INPUT, "e").orElseThrow();
    double[] distances = new double[10_000];
    long[] words = new long[VectorSummary.SIZE + 1];
    for (int i = 0; i < distances.length; i++) {
      double[] row = longRow();
      VectorSummary.write(row, row.length, centroid, words, 0);
      distances[i] = Double.longBitsToDouble(words[VectorSummary.SIZE]);
    }

    Moments known = baseline.feature(Role.INPUT, "e.distance").orElseThrow().whole().moments();
    double shift = Moments.of(distances).mean() - known.mean();
    assertThat(shift / known.standardDeviation()).isCloseTo(0, within(.15));
  }
}
