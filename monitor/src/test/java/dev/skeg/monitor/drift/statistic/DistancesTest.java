package dev.skeg.monitor.drift.statistic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Figures of SciPy 1.17.1 and of the tools' documentation, which a definition must reproduce. */
final class DistancesTest {
  private static final Offset<Double> EIGHT = within(5e-9);
  private static final Offset<Double> EXACT = within(1e-12);

  private static final double[] P = {.5, .3, .2};
  private static final double[] Q = {.4, .4, .2};

  // Counts (120, 80, 30, 5) and (60, 70, 41, 9) as shares.
  private static final double[] FOUR = Distances.shares(new double[] {120, 80, 30, 5});
  private static final double[] OTHER_FOUR = Distances.shares(new double[] {60, 70, 41, 9});

  @Test
  void populationStabilityIndex() {
    assertThat(Distances.psi(P, Q)).isCloseTo(.05108256, EIGHT);
    assertThat(Distances.psi(FOUR, OTHER_FOUR)).isCloseTo(.16458468293921769, EXACT);
    assertThat(Distances.psi(new double[] {1, 0}, new double[] {.5, .5})).isInfinite();
  }

  @Test
  void kullbackLeibler() {
    assertThat(Distances.kullbackLeibler(P, Q)).isCloseTo(.02526715, EIGHT);
    assertThat(Distances.kullbackLeibler(FOUR, OTHER_FOUR)).isCloseTo(.08039260994341361, EXACT);
    assertThat(Distances.kullbackLeibler(new double[] {.5, .5}, new double[] {1, 0})).isInfinite();
  }

  @Test
  void jensenShannonInBothBases() {
    assertThat(Distances.jensenShannonDistanceNats(P, Q)).isCloseTo(.07979473, EIGHT);
    assertThat(Distances.jensenShannonDistanceBits(P, Q)).isCloseTo(.09584323, EIGHT);
    assertThat(Distances.jensenShannonBits(P, Q)).isCloseTo(.00918593, EIGHT);
    assertThat(Distances.jensenShannonDistanceNats(FOUR, OTHER_FOUR))
        .isCloseTo(.14251981661577792, EXACT);
    assertThat(Distances.jensenShannonDistanceBits(FOUR, OTHER_FOUR))
        .isCloseTo(.17118374543334627, EXACT);
    double[] left = {1, 0};
    double[] right = {0, 1};
    assertThat(Distances.jensenShannonDistanceNats(left, right))
        .isCloseTo(.8325546111576977, EXACT);
    assertThat(Distances.jensenShannonBits(left, right)).isCloseTo(1, EXACT);
  }

  @Test
  void hellingerTotalVariationAndGreatestDifference() {
    assertThat(Distances.hellinger(P, Q)).isCloseTo(.07985138, EIGHT);
    assertThat(Distances.hellinger(FOUR, OTHER_FOUR)).isCloseTo(.14297242818632802, EXACT);
    assertThat(Distances.totalVariation(P, Q)).isCloseTo(.1, EXACT);
    assertThat(Distances.totalVariation(FOUR, OTHER_FOUR)).isCloseTo(.1773049645390071, EXACT);
    assertThat(Distances.lInfinity(P, Q)).isCloseTo(.1, EXACT);
  }

  @Test
  void cumulativeDistancesOfBinsThatHoldOneValueEachAreThoseOfTheValues() {
    double[] x = new double[110];
    double[] y = new double[110];
    double[] at = new double[110];
    for (int i = 0; i < 110; i++) {
      x[i] = i < 100 ? 1 : 0;
      y[i] = i >= 10 ? 1 : 0;
      at[i] = i + 1;
    }
    double[] p = Distances.shares(x);
    double[] q = Distances.shares(y);

    assertThat(Distances.kolmogorovSmirnov(p, q)).isCloseTo(.1, EXACT);
    assertThat(Distances.wasserstein(p, q, at)).isCloseTo(10, within(1e-9));
  }

  @Test
  void robustDistanceTakesOffWhatSamplingExplains() {
    assertThat(Distances.robust(.2, 1000, 1000)).isCloseTo(.2 - 1.8 * Math.sqrt(.002), EXACT);
    assertThat(Distances.robust(.05, 1000, 1000)).isZero();
  }

  @Test
  void contingency() {
    Contingency three = Contingency.of(new double[] {50, 30, 20}, new double[] {40, 40, 20});
    assertThat(three.chiSquared()).isCloseTo(2.53968, within(5e-6));
    assertThat(three.chiSquaredPValue()).isCloseTo(.280876, within(5e-7));
    assertThat(three.cramersV()).isCloseTo(.112687, within(5e-7));

    Contingency five =
        Contingency.of(new double[] {120, 80, 30, 5, 0}, new double[] {60, 70, 41, 9, 3});
    assertThat(five.degreesOfFreedom()).isEqualTo(4);
    assertThat(five.chiSquared()).isCloseTo(20.35993668479114, within(1e-10));
    assertThat(five.chiSquaredPValue()).isCloseTo(.00042397133705577753, within(1e-13));
    assertThat(five.g()).isCloseTo(21.598286739484976, within(1e-10));
    assertThat(five.gPValue()).isCloseTo(.000240902941805132, within(1e-13));
    assertThat(five.cramersV()).isCloseTo(.22069885024508018, EXACT);
    assertThat(five.corrected()).isLessThan(five.cramersV()).isPositive();
  }

  @Test
  void evidentlysOneSampleTest() {
    double[] reference = {50, 30, 20};
    double[] counts = {40, 40, 20};
    assertThat(Contingency.oneSample(reference, counts, 1)).isCloseTo(5.33333, within(5e-6));
    assertThat(Contingency.oneSamplePValue(reference, counts)).isCloseTo(.069483, within(5e-7));
    assertThat(
            Contingency.oneSamplePValue(
                new double[] {16, 18, 16, 14, 12, 12}, new double[] {16, 16, 16, 16, 16, 8}))
        .isCloseTo(.67309, within(5e-6));
    assertThat(Contingency.oneSamplePValue(new double[] {5, 0}, new double[] {4, 1})).isZero();
  }

  @Test
  void theSizeAwareFormOfPsiIsChiSquared() {
    // Under no change PSI / (1/m + 1/n) is about χ² of the contingency test: 2.7 and 2.5 here.
    double[] reference = {500, 300, 200};
    double[] counts = {490, 312, 198};
    double psi = Distances.psi(Distances.shares(reference), Distances.shares(counts));
    double scaled = psi / (2.0 / 1000);
    assertThat(scaled).isCloseTo(Contingency.of(reference, counts).chiSquared(), within(.01));
  }
}
