package dev.skeg.monitor.baseline;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class LongCountsTest {
  private final LongCounts counts = new LongCounts();
  private final Map<Long, Long> expected = new HashMap<>();

  private void add(long key, long count) {
    if (!counts.addIfPresent(key, count)) {
      counts.put(key, count);
    }
    expected.merge(key, count, Long::sum);
  }

  private Map<Long, Long> all() {
    Map<Long, Long> all = new HashMap<>();
    counts.forEach((key, count) -> assertThat(all.put(key, count)).isNull());
    return all;
  }

  @Test
  void countsWhatAMapCounts() {
    Random random = new Random(3);
    for (int i = 0; i < 100_000; i++) {
      add(random.nextInt(20_000) - 10_000, 1 + random.nextInt(3)); // 0 is a number as others are.
    }

    assertThat(all()).isEqualTo(expected);
    assertThat(counts.size()).isEqualTo(expected.size());
  }

  @Test
  void keepsWhatItIsToKeepAndGoesOn() {
    for (int i = 0; i < 5_000; i++) {
      add(i, i + 1);
    }
    counts.keepOnly(key -> key % 3 == 0);
    expected.keySet().removeIf(key -> key % 3 != 0);
    add(1, 7);
    assertThat(all()).isEqualTo(expected);

    counts.clear();
    expected.clear();
    assertThat(counts.size()).isZero();
    for (int i = 0; i < 100; i++) {
      add(-i, 1);
    }
    assertThat(all()).isEqualTo(expected);
  }
}
