package dev.skeg.runtime.tap;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.monitor.record.Centroid;
import dev.skeg.monitor.record.FeatureSpec.Role;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The mean of rows, of which some are not what the tensor's rows should be. */
final class RowSumsTest {
  private static final RowSums.Of TENSOR = new RowSums.Of(Role.INPUT, "embedding", 8);

  private static void addAll(RowSums sums, double... row) {
    for (int i = 0; i < 64; i++) {
      sums.add(row, row.length, norm(row));
    }
  }

  private static double norm(double... row) {
    double squares = 0;
    for (double each : row) {
      squares += each * each;
    }
    return Math.sqrt(squares);
  }

  @Test
  void isTheMeanOfRowsOfTheTensorsLengthWhoseNumbersAreFinite() {
    RowSums sums = new RowSums(TENSOR);
    sums.add(new double[] {7, 7, 7, 7, 7, 7, 7, 7}, 6, 1); // The last two are another row's.
    sums.add(new double[] {7, 7, 7, 7, 7, 7, 7, 7, 7}, 9, 1);
    sums.add(new double[] {Double.NaN, 1, 1, 1, 1, 1, 1, 1}, 8, Double.NaN);
    addAll(sums, 1, 2, 3, 4, 5, 6, 7, 8);

    Centroid centroid = Objects.requireNonNull(RowSums.centroid(TENSOR, List.of(sums)));

    assertThat(centroid)
        .isEqualTo(new Centroid(Role.INPUT, "embedding", new float[] {1, 2, 3, 4, 5, 6, 7, 8}));
  }

  @Test
  void thereIsNoneBeyondTheRangeOfFloats() {
    RowSums sums = new RowSums(TENSOR);
    addAll(sums, 1e150, 0, 0, 0, 0, 0, 0, 0);

    assertThat(RowSums.centroid(TENSOR, List.of(sums))).isNull();
  }
}
