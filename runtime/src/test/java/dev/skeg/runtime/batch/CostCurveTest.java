package dev.skeg.runtime.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

final class CostCurveTest {
  private final CostCurve cost = new CostCurve();

  @Test
  void knowsNothingAtFirst() {
    assertThat(cost.predict(3)).isZero();
    assertThat(cost.bestRows(64)).isEqualTo(64);
  }

  @Test
  void liesBetweenTheKnownSizesOnBothSides() {
    cost.set(2, 50_000);
    cost.set(8, 260_000);

    assertThat(cost.predict(2)).isEqualTo(50_000);
    assertThat(cost.predict(5)).isEqualTo(155_000);
    assertThat(cost.predict(8)).isEqualTo(260_000);
    assertThat(cost.predict(16)).isEqualTo(520_000);
    assertThat(cost.predict(1)).isEqualTo(50_000);
  }

  @Test
  void learnsASizeNearOneThatIsNotKnown() {
    cost.set(1, 10_000);

    cost.learn(10, 60_000);

    assertThat(cost.predict(8)).isCloseTo(48_000, Percentage.withPercentage(10));
  }

  @Test
  void followsRunsThatTakeLonger() {
    cost.set(1, 10_000);
    cost.set(2, 15_000);

    for (int i = 0; i < 100; i++) {
      cost.learn(2, 30_000);
    }

    assertThat(cost.predict(2)).isCloseTo(30_000, Percentage.withPercentage(2));
  }

  @Test
  void nearlyEveryRunEndsWithinWhatItTakesAtMost() {
    SplittableRandom random = new SplittableRandom(1);
    cost.set(4, 10_000_000);
    for (int i = 0; i < 500; i++) {
      cost.learn(4, Math.round(10_000_000 + 1_000_000 * random.nextGaussian()));
    }

    int later = 0;
    long most = cost.predictAtMost(4);
    for (int i = 0; i < 1000; i++) {
      later += 10_000_000 + 1_000_000 * random.nextGaussian() > most ? 1 : 0;
    }

    assertThat(later).isLessThan(40);
    assertThat(most).isBetween(11_500_000L, 13_500_000L);
  }

  @Test
  void runsThatAlwaysTakeTheSameTakeThatAtMost() {
    cost.set(4, 10_000);

    cost.learn(4, 10_000);

    assertThat(cost.predictAtMost(4)).isEqualTo(10_000);
  }

  @Test
  void ofARunThatWasHeldUpItTakesNoNotice() {
    cost.set(4, 10_000);

    cost.learn(4, 10_000_000);

    assertThat(cost.predict(4)).isLessThan(15_000);
  }

  @Test
  void aLoadOfTheMachineMakesNoOtherSizeLookBetter() {
    cost.set(1, 10_000);
    cost.set(2, 20_000);
    cost.set(4, 40_000);
    cost.set(8, 82_000);

    for (int i = 0; i < 20; i++) {
      cost.learn(1, 20_000);
    }

    assertThat(cost.predict(8)).isGreaterThan(120_000);
    assertThat(cost.bestRows(64)).isLessThanOrEqualTo(2);
  }

  @Test
  void triesALargerSizeWhereTheLastOneWasStillBetter() {
    cost.set(1, 10_000);
    cost.set(2, 14_000);

    assertThat(cost.bestRows(64)).isEqualTo(16);
    assertThat(cost.bestRows(3)).isEqualTo(3);
  }

  @Test
  void goesNoFurtherThanTheNextSizeWhereThatIsDear() {
    cost.set(1, 10_000_000);
    cost.set(2, 14_000_000);

    assertThat(cost.bestRows(64)).isEqualTo(4);
  }

  @Test
  void takesTheSmallestOfThoseThatAreAboutAsGood() {
    cost.set(1, 10_000);
    cost.set(2, 16_000);
    cost.set(4, 31_900);
    cost.set(8, 63_600);

    assertThat(cost.bestRows(64)).isEqualTo(2);
  }

  @Test
  void tellsTheLargestOfThoseThatAreAboutAsGood() {
    cost.set(1, 10_000);
    cost.set(2, 16_000);
    cost.set(4, 32_000);
    cost.set(8, 66_000);
    cost.set(16, 140_000);

    assertThat(cost.largestRows(64)).isEqualTo(8);
    assertThat(cost.largestRows(7)).isEqualTo(4);
    assertThat(cost.largestRows(0)).isEqualTo(1);
  }

  @Test
  void whatARunOfASizeThatSeldomRunsMissesByIsItsOwn() {
    cost.set(1, 10_000);
    cost.set(2, 20_000);
    cost.set(4, 60_000);

    for (int i = 0; i < 640; i++) {
      int rows = i % 64 == 63 ? 4 : 2;
      cost.learn(rows, rows * 10_000L);
    }

    assertThat((double) cost.predict(4)).isCloseTo(40_000, within(6_000.0));
    assertThat((double) cost.predict(2)).isCloseTo(20_000, within(200.0));
    assertThat((double) cost.predict(1)).isCloseTo(10_000, within(400.0));
  }

  @Test
  void comesBackWhenTheLoadIsGone() {
    cost.set(1, 10_000);

    for (int i = 0; i < 50; i++) {
      cost.learn(1, 40_000);
    }
    for (int i = 0; i < 200; i++) {
      cost.learn(1, 10_000);
    }

    assertThat((double) cost.predict(1)).isCloseTo(10_000, within(200.0));
  }
}
