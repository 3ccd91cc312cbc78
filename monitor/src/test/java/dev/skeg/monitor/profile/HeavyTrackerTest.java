package dev.skeg.monitor.profile;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class HeavyTrackerTest {
  @Test
  void findsEveryValueOfHalfAPercentWithBoundsThatHold() {
    SplittableRandom random = new SplittableRandom(11);
    for (int round = 0; round < 40; round++) {
      int rows = 200 + random.nextInt(60_000);
      int heavy = random.nextInt(150);
      double share = heavy * (0.0055 + 0.02 * random.nextDouble() / (1 + heavy));
      boolean isLate = random.nextInt(4) == 0; // All the frequent ones at the end.
      Map<Long, Long> exact = new HashMap<>();
      HeavyTracker tracker = new HeavyTracker();
      for (int i = 0; i < rows; i++) {
        if (i % 512 == 0) {
          tracker.begin(i);
        }
        boolean isHeavy =
            heavy > 0 && (isLate ? i > rows * (1 - share) : random.nextDouble() < share);
        double value = isHeavy ? random.nextInt(heavy) + 0.5 : random.nextGaussian();
        long bits = Double.doubleToRawLongBits(value);
        exact.merge(bits, 1L, Long::sum);
        if (tracker.count(bits)) {
          tracker.track(bits);
        }
      }

      HeavyValues found = tracker.values(rows);

      String at = "round " + round + ", " + rows + " rows, " + heavy + " values";
      Map<Long, HeavyValue> byBits = new HashMap<>();
      for (HeavyValue value : found.values()) {
        byBits.put(value.bits(), value);
        assertThat(exact.get(value.bits())).as(at).isBetween(value.atLeast(), value.atMost());
      }
      exact.forEach((bits, count) -> {
        if (count > found.othersAtMost()) {
          assertThat(byBits).as(at + ": one of " + count).containsKey(bits);
        }
      });
      assertThat(found.othersAtMost()).as(at).isLessThanOrEqualTo(rows / 200);
    }
  }

  @Test
  void knowsNothingOfTheColumnBefore() {
    HeavyTracker tracker = new HeavyTracker();
    tracker.begin(0);
    for (int i = 0; i < 1000; i++) {
      if (tracker.count(17)) {
        tracker.track(17);
      }
    }

    tracker.clear();

    assertThat(tracker.values(0)).isEqualTo(HeavyValues.NONE);
  }
}
