package dev.skeg.monitor.drift.statistic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** The tools' definitions, computed once with NumPy 2.4.6 and SciPy 1.17.1: 1..100 and 11..110. */
final class PresetsTest {
  private static final Offset<Double> EXACT = within(1e-10);
  private static final double[] X = IntStream.rangeClosed(1, 100).asDoubleStream().toArray();
  private static final double[] Y = IntStream.rangeClosed(11, 110).asDoubleStream().toArray();

  @Test
  void evidently() {
    assertThat(Presets.sturges(200)).isEqualTo(9);
    assertThat(Presets.evidentlyPsi(X, Y)).isCloseTo(.2932674137586854, EXACT);
    assertThat(Presets.evidentlyJensenShannon(X, Y)).isCloseTo(.18355145998130695, EXACT);
  }

  @Test
  void evidentlyFillsEmptyBinsByTheLeastOfTheOthers() {
    assertThat(Presets.evidentlyFill(new double[] {.5, .5, 0})).containsExactly(.5, .5, 1e-4);
    double[] small = Presets.evidentlyFill(new double[] {.99995, .00005, 0});
    assertThat(small[2]).isCloseTo(5e-11, within(1e-20));
  }

  @Test
  void nannyml() {
    assertThat(Presets.doane(X)).isEqualTo(8);
    assertThat(Presets.nannymlJensenShannon(X, Y)).isCloseTo(.2725858015194268, EXACT);
    assertThat(Presets.nannymlHellinger(X, Y)).isCloseTo(.2599038668739194, EXACT);
  }

  @Test
  void tensorFlowDataValidationAndWhylogs() {
    assertThat(Presets.tfdvJensenShannon(X, Y)).isCloseTo(.10101010101010105, EXACT);
    assertThat(Presets.tfdvJensenShannon(new double[] {3, 3}, new double[] {4, 4}))
        .isCloseTo(1, EXACT);
    assertThat(Presets.whylogsHellinger(X, Y)).isCloseTo(.3009273681472132, EXACT);
  }
}
