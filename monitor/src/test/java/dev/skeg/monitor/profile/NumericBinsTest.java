package dev.skeg.monitor.profile;

import static dev.skeg.monitor.profile.NumericBins.ABOVE;
import static dev.skeg.monitor.profile.NumericBins.BELOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class NumericBinsTest {
  @Test
  void keepsWhatIsNoFiniteNumberApart() {
    NumericBins bins = new NumericBins(new double[0], new double[] {-2, 3, 5});

    assertThat(bins.binOf(Double.NaN)).isEqualTo(Bins.MISSING);
    assertThat(bins.binOf(Double.longBitsToDouble(0xFFF8000000000001L))).isEqualTo(Bins.MISSING);
    assertThat(bins.binOf(Double.NEGATIVE_INFINITY)).isEqualTo(NumericBins.NEGATIVE_INFINITY);
    assertThat(bins.binOf(Double.POSITIVE_INFINITY)).isEqualTo(NumericBins.POSITIVE_INFINITY);
    assertThat(bins.binOf(-Double.MAX_VALUE)).isEqualTo(BELOW);
    assertThat(bins.binOf(Double.MAX_VALUE)).isEqualTo(ABOVE);
  }

  @Test
  void givesIntervalsTheirUpperEdgeAndTheFirstItsLowerToo() {
    NumericBins bins = new NumericBins(new double[0], new double[] {-2, 3, 5});

    assertThat(bins.size()).isEqualTo(9);
    assertThat(bins.binOf(Math.nextDown(-2.0))).isEqualTo(BELOW);
    assertThat(bins.binOf(-2)).isEqualTo(7);
    assertThat(bins.binOf(3)).isEqualTo(7);
    assertThat(bins.binOf(Math.nextUp(3.0))).isEqualTo(8);
    assertThat(bins.binOf(5)).isEqualTo(8);
    assertThat(bins.binOf(Math.nextUp(5.0))).isEqualTo(ABOVE);
  }

  @Test
  void givesZeroMinusOneAndOtherAtomsBinsOfTheirOwn() {
    NumericBins bins = new NumericBins(new double[] {7, 2.5}, new double[] {0, 3, 5});

    assertThat(bins.atomCount()).isEqualTo(4);
    assertThat(bins.binOf(-1)).isEqualTo(5);
    assertThat(bins.binOf(0.0)).isEqualTo(6);
    assertThat(bins.binOf(-0.0)).isEqualTo(6);
    assertThat(bins.binOf(2.5)).isEqualTo(7);
    assertThat(bins.binOf(7)).isEqualTo(8);
    assertThat(bins.binOf(-Double.MIN_VALUE)).isEqualTo(BELOW);
    assertThat(bins.binOf(Double.MIN_VALUE)).isEqualTo(9);
    assertThat(bins.binOf(2.6)).isEqualTo(9);
  }

  @Test
  void givesAConstantColumnOneAtomAndNoInterval() {
    NumericBins bins = new NumericBins(new double[0], new double[] {4});

    assertThat(bins.intervalCount()).isZero();
    assertThat(bins.binOf(4)).isEqualTo(7);
    assertThat(bins.binOf(3)).isEqualTo(BELOW);
    assertThat(bins.binOf(5)).isEqualTo(ABOVE);
  }

  @Test
  void putsAllThatIsNoAtomAboveWhereNothingIsKnown() {
    NumericBins bins = new NumericBins(new double[0], new double[0]);

    assertThat(bins.binOf(-5)).isEqualTo(ABOVE);
    assertThat(bins.binOf(-1)).isEqualTo(5);
  }

  @Test
  void findsTheBinThatAPlainLoopFinds() {
    SplittableRandom random = new SplittableRandom(7);
    for (int round = 0; round < 300; round++) {
      int scale = 1 + random.nextInt(40);
      double[] edges =
          random
              .ints(random.nextInt(66), -scale, scale)
              .mapToDouble(i -> i / 4.0)
              .sorted()
              .distinct()
              .limit(65)
              .toArray();
      double[] atoms =
          random.ints(random.nextInt(30), -scale, scale).mapToDouble(i -> i / 8.0).toArray();
      NumericBins bins = new NumericBins(atoms, edges);
      for (int i = 0; i < 500; i++) {
        double value = random.nextInt(-3 * scale, 3 * scale) / 16.0;
        assertThat(bins.binOf(value)).as("%s in %s", value, bins).isEqualTo(plain(bins, value));
      }
    }
  }

  private static int plain(NumericBins bins, double value) {
    for (int i = 0; i < bins.atomCount(); i++) {
      if (bins.atom(i) == value) {
        return NumericBins.FIRST_ATOM + i;
      }
    }
    if (bins.edgeCount() == 0) {
      return ABOVE;
    }
    if (value < bins.edge(0)) {
      return BELOW;
    }
    for (int k = 0; k < bins.intervalCount(); k++) {
      if (value <= bins.edge(k + 1)) {
        return bins.firstInterval() + k;
      }
    }
    return ABOVE;
  }

  @Test
  void refusesEdgesThatDoNotAscend() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new NumericBins(new double[0], new double[] {1, 1}))
        .withMessageContaining("ascend");
    double[] many = new double[66];
    Arrays.setAll(many, i -> i);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new NumericBins(new double[0], many))
        .withMessageContaining("at most 65");
  }

  @Test
  void saysWhatABinHolds() {
    NumericBins bins = new NumericBins(new double[0], new double[] {-2, 3, 5});

    assertThat(bins.label(BELOW)).isEqualTo("< -2.0");
    assertThat(bins.label(5)).isEqualTo("= -1.0");
    assertThat(bins.label(7)).isEqualTo("[-2.0, 3.0]");
    assertThat(bins.label(8)).isEqualTo("(3.0, 5.0]");
  }

  @Test
  void takesANumberAndItsFloat32ForTheSameAtomWhereverEdgesAre() {
    double[] atoms = {.1, .2, .3, -5.7, 1234.56, 7, 16_777_217};
    NumericBins bins = new NumericBins(atoms, new double[] {-5.7, .1, .25, .3, 20_000_000});

    for (double atom : atoms) {
      int bin = bins.binOf(atom);
      assertThat(bins.atom(bin - NumericBins.FIRST_ATOM)).isEqualTo(atom);
      if (atom < 1 << 23) {
        assertThat(bins.binOf((float) atom)).isEqualTo(bin);
      }
    }
    assertThat(bins.binOf(.1000001)).isEqualTo(bins.firstInterval() + 1);
    assertThat(bins.binOf(.0999999)).isEqualTo(bins.firstInterval());
    assertThat(bins.binOf(-5.70001)).isEqualTo(NumericBins.BELOW);
    assertThat(bins.binOf(7.0000001)).isEqualTo(bins.firstInterval() + 3);
    assertThat(bins.binOf(16_777_216)).isEqualTo(bins.firstInterval() + 3);
  }
}
