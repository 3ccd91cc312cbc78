package dev.skeg.monitor.baseline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

final class BlockVariationTest {
  @Test
  void isPearsonsStatisticOfATwoRowTableByItsDegreesOfFreedom() {
    // χ² of (50, 30, 20) against (40, 40, 20) is 2.53968.
    assertThat(BlockVariation.statistic(new long[] {50, 30, 20}, new long[] {40, 40, 20}))
        .isCloseTo(2.53968 / 2, within(1e-5));
  }

  @Test
  void isOneInTheMeanForIndependentRowsWhateverTheSizesAndEmptyBins() {
    Random random = new Random(11);
    for (int[] sizes : new int[][] {{100, 500}, {100, 100_000}, {5000, 6000}}) {
      double sum = 0;
      int runs = 2000;
      for (int run = 0; run < runs; run++) {
        sum += BlockVariation.statistic(draw(random, sizes[0]), draw(random, sizes[1]));
      }
      assertThat(sum / runs).as(sizes[0] + " rows").isCloseTo(1, within(.06));
    }
  }

  private static long[] draw(Random random, int rows) {
    long[] counts = new long[40];
    // By normal approximation of independent Poisson counts: fast, and of the same variance.
    double left = 1;
    long rest = rows;
    for (int bin = 0; bin < 30; bin++) {
      double share = (bin % 10 == 0 ? 4 : 1) / 39.0;
      double p = Math.min(1, share / left);
      long drawn = bin == 29 ? rest : binomial(random, rest, p);
      counts[bin] = drawn;
      rest -= drawn;
      left -= share;
    }
    return counts;
  }

  private static long binomial(Random random, long n, double p) {
    double value = n * p + random.nextGaussian() * Math.sqrt(n * p * (1 - p));
    return Math.clamp(Math.round(value), 0, n);
  }

  @Test
  void isNothingWhereThereIsNothingToCompare() {
    assertThat(BlockVariation.statistic(new long[3], new long[] {1, 2, 3})).isZero();
    assertThat(BlockVariation.statistic(new long[] {1, 2, 3}, new long[3])).isZero();
    assertThat(BlockVariation.statistic(new long[] {100, 0}, new long[] {1000, 0})).isZero();
  }

  @Test
  void ranksAWindowAmongTheBlocks() {
    BlockVariation variation =
        new BlockVariation(4, 100, 1.5, new double[0], new double[] {3, 1, 2, 2});

    assertThat(variation.statistics()).containsExactly(1, 2, 2, 3);
    assertThat(variation.conformal(.5)).isEqualTo(1);
    assertThat(variation.conformal(2)).isEqualTo(4 / 5.0);
    assertThat(variation.conformal(3.5)).isEqualTo(1 / 5.0);
    assertThat(BlockVariation.NONE.conformal(9)).isEqualTo(1);
  }

  @Test
  void knowsTheDesignEffectByTheHourInWhichAWindowBegins() {
    double[] byHour = new double[Seasons.HOURS];
    for (int hour = 0; hour < byHour.length; hour++) {
      byHour[hour] = 1 + hour;
    }
    BlockVariation variation = new BlockVariation(900, 100, 2, byHour, new double[0]);

    assertThat(variation.designEffect(3_600_000L * 5)).isEqualTo(1 + 3 * 24 + 5);
    assertThat(BlockVariation.NONE.designEffect(0)).isEqualTo(1);
    byHour[3] = .5;
    assertThatThrownBy(() -> new BlockVariation(900, 100, 2, byHour, new double[0]))
        .hasMessageContaining("(expected: 1 or more)");
  }
}
