package dev.skeg.monitor.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.skeg.monitor.record.FeatureSpec.Kind;
import dev.skeg.monitor.record.FeatureSpec.Role;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class VectorSummaryTest {
  private final Centroid centroid =
      new Centroid(Role.INPUT, "e", new float[] {2, 0, 0, 0, 0, 0, 0, 0});

  private double distance(double... row) {
    long[] words = new long[VectorSummary.SIZE + 1];
    VectorSummary.write(row, row.length, centroid, words, 0);
    return Double.longBitsToDouble(words[VectorSummary.SIZE]);
  }

  @Test
  void measuresTheAngleToTheCentroidAndNotTheLength() {
    assertThat(distance(5, 0, 0, 0, 0, 0, 0, 0)).isZero();
    assertThat(distance(0, 0, 0, 7, 0, 0, 0, 0)).isEqualTo(1);
    assertThat(distance(-.1, 0, 0, 0, 0, 0, 0, 0)).isEqualTo(2);
    assertThat(distance(1, 1, 0, 0, 0, 0, 0, 0)).isCloseTo(1 - Math.sqrt(.5), within(1e-15));
  }

  @Test
  void isMissingWhereARowHasNoDirectionOrAnotherLength() {
    assertThat(distance(0, 0, 0, 0, 0, 0, 0, 0)).isNaN();
    assertThat(distance(1, 0, 0, 0, 0, 0, 0, Double.NaN)).isNaN();
    assertThat(distance(1, 0, 0, 0, 0, 0, 0, 0, 0)).isNaN();
  }

  @Test
  void refusesCentroidsThatPointNowhere() {
    assertThatThrownBy(() -> new Centroid(Role.INPUT, "e", new float[7]))
        .hasMessage("mean: 7 numbers (expected: 8 to 4096)");
    assertThatThrownBy(() -> new Centroid(Role.INPUT, "e", new float[8]))
        .hasMessage("mean: a length of 0.0 (expected: above 0)");
    float[] broken = new float[8];
    Arrays.fill(broken, Float.NaN);
    assertThatThrownBy(() -> new Centroid(Role.INPUT, "e", broken))
        .hasMessage("mean: a length of NaN (expected: above 0)");
  }

  @Test
  void tellsDistancesFromFeaturesThatOnlyHaveSuchAName() {
    Set<FeatureSpec> features =
        VectorSummary.names("e", true).stream().map(this::input).collect(Collectors.toSet());
    Set<FeatureSpec> others = new HashSet<>(features);
    others.add(input("trip.distance"));

    assertThat(VectorSummary.measured(input("e.distance"), others)).contains("e");
    assertThat(VectorSummary.measured(input("trip.distance"), others)).isEmpty();
    assertThat(VectorSummary.measured(input("e.norm"), others)).isEmpty();
    assertThat(VectorSummary.measured(input(".distance"), others)).isEmpty();
  }

  private FeatureSpec input(String name) {
    return new FeatureSpec(name, Role.INPUT, Kind.NUMERIC);
  }
}
