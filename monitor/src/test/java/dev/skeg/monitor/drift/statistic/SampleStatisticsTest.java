package dev.skeg.monitor.drift.statistic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Figures of SciPy 1.17.1 that the definitions must reproduce. */
final class SampleStatisticsTest {
  private static final Offset<Double> EXACT = within(1e-10);

  private static final double[] LINE = IntStream.rangeClosed(1, 100).asDoubleStream().toArray();
  private static final double[] SHIFTED = IntStream.rangeClosed(11, 110).asDoubleStream().toArray();

  // Two samples with ties, of 37 and 53 values with one decimal.
  private static final double[] FEW = ties(37, .6180339887498949, 1);
  private static final double[] MANY = ties(53, .41421356237309503, 1.5);

  private static double[] ties(int count, double step, double power) {
    return IntStream.rangeClosed(1, count)
        .mapToDouble(i -> Math.rint(100 * Math.pow(i * step % 1, power)) / 10)
        .sorted()
        .toArray();
  }

  @Test
  void kolmogorovSmirnov() {
    assertThat(SampleStatistics.kolmogorovSmirnov(LINE, SHIFTED)).isCloseTo(.1, EXACT);
    assertThat(SampleStatistics.kolmogorovSmirnov(FEW, MANY)).isCloseTo(.1606323304436512, EXACT);

    assertThat(KolmogorovSmirnov.exactPValue(.1, 100, 100)).isCloseTo(.7020569828664881, EXACT);
    assertThat(KolmogorovSmirnov.exactPValue(.1606323304436512, 37, 53))
        .isCloseTo(.5590747758011664, EXACT);
    assertThat(KolmogorovSmirnov.asymptoticPValue(.1, 100, 100))
        .isCloseTo(.6623112704658178, EXACT);
    assertThat(KolmogorovSmirnov.asymptoticPValue(.1606323304436512, 37, 53))
        .isCloseTo(.5669930250579351, EXACT);
    // Of larger samples SciPy takes an expansion, good to 6 digits.
    assertThat(KolmogorovSmirnov.asymptoticPValue(.05, 1000, 1000))
        .isCloseTo(.15866260223815387, within(1e-7));
    assertThat(KolmogorovSmirnov.asymptoticPValue(.1, 300, 700))
        .isCloseTo(.02791474576622721, within(1e-6));
    assertThat(KolmogorovSmirnov.asymptoticPValue(.3, 20, 35)).isCloseTo(.15597324555204906, EXACT);
    assertThat(KolmogorovSmirnov.asymptoticPValue(.02, 20_000, 5_000))
        .isCloseTo(.08043072865191048, within(1e-7));
  }

  @Test
  void wasserstein() {
    assertThat(SampleStatistics.wasserstein(LINE, SHIFTED)).isCloseTo(10, EXACT);
    assertThat(SampleStatistics.normedWasserstein(LINE, SHIFTED)).isCloseTo(.34642748332, EXACT);
    assertThat(SampleStatistics.wasserstein(FEW, MANY)).isCloseTo(.9551759306476287, EXACT);
    assertThat(SampleStatistics.normedWasserstein(FEW, MANY)).isCloseTo(.33280175531914236, EXACT);
    assertThat(SampleStatistics.normedWasserstein(new double[] {3, 3}, new double[] {4, 4}))
        .isCloseTo(1000, within(1e-6));
  }

  @Test
  void cramerVonMises() {
    double line = SampleStatistics.cramerVonMises(LINE, SHIFTED);
    assertThat(line).isCloseTo(.46674999999999756, EXACT);
    assertThat(SampleStatistics.cramerVonMisesPValue(line, 100, 100))
        .isCloseTo(.04845218821865327, within(1e-6));
    double ties = SampleStatistics.cramerVonMises(FEW, MANY);
    assertThat(ties).isCloseTo(.2450148261469014, EXACT);
    assertThat(SampleStatistics.cramerVonMisesPValue(ties, 37, 53))
        .isCloseTo(.19672557983140448, within(1e-6));
  }

  @Test
  void andersonDarling() {
    double line = SampleStatistics.andersonDarling(LINE, SHIFTED);
    assertThat(line).isCloseTo(3.3631535430436714, EXACT);
    assertThat(SampleStatistics.andersonDarlingPValue(line))
        .isCloseTo(.014083435178515536, within(1e-9));
    double ties = SampleStatistics.andersonDarling(FEW, MANY);
    assertThat(ties).isCloseTo(.40435739016105776, EXACT);
    assertThat(SampleStatistics.andersonDarlingPValue(ties))
        .isCloseTo(.22707414962617328, within(1e-9));
    assertThat(SampleStatistics.andersonDarling(new double[] {1, 1}, new double[] {1, 1})).isNaN();
  }

  @Test
  void energy() {
    assertThat(SampleStatistics.energy(LINE, SHIFTED)).isCloseTo(1.3906832852953976, EXACT);
    assertThat(SampleStatistics.energy(FEW, MANY)).isCloseTo(.47422025109926697, EXACT);
  }

  @Test
  void allAreZeroOfTheSameValues() {
    double[] same = Arrays.copyOf(FEW, FEW.length);

    assertThat(SampleStatistics.kolmogorovSmirnov(FEW, same)).isZero();
    assertThat(SampleStatistics.wasserstein(FEW, same)).isZero();
    assertThat(SampleStatistics.energy(FEW, same)).isZero();
    assertThat(KolmogorovSmirnov.exactPValue(0, 37, 37)).isEqualTo(1);
  }
}
