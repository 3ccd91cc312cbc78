package dev.skeg.monitor.record;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.monitor.record.FeatureSpec.Kind;
import dev.skeg.monitor.record.FeatureSpec.Role;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class RecordRingTest {
  private final RecordRing ring = new RecordRing(layout(200));
  private final int[] offsets = new int[100];

  private static RecordLayout layout(int features) {
    return RecordLayout.of(
        IntStream.range(0, features)
            .mapToObj(i -> new FeatureSpec("f" + i, Role.INPUT, Kind.NUMERIC))
            .toList());
  }

  private boolean offer(long id) {
    int at = ring.claim();
    if (at < 0) {
      return false;
    }
    ring.words()[at] = id;
    ring.words()[at + ring.width() - 1] = ~id;
    return true;
  }

  private List<Long> take() {
    int count = ring.read(offsets);
    long[] words = ring.readable();
    List<Long> ids = IntStream.range(0, count).mapToObj(i -> words[offsets[i]]).toList();
    for (int i = 0; i < count; i++) {
      assertThat(words[offsets[i] + ring.width() - 1]).isEqualTo(~words[offsets[i]]);
    }
    ring.free(count);
    return ids;
  }

  @Test
  void showsNothingBeforeItIsPublished() {
    offer(1);
    offer(2);

    assertThat(take()).isEmpty();
    ring.publish();
    assertThat(take()).containsExactly(1L, 2L);
    assertThat(take()).isEmpty();
  }

  @Test
  void givesEveryRecordOnceAndInOrderWhileItGrowsAndWraps() {
    SplittableRandom random = new SplittableRandom(5);
    long written = 0;
    long expected = 0;
    for (int round = 0; round < 3_000; round++) {
      int more = random.nextInt(round % 50 == 0 ? 3_000 : 120);
      for (int i = 0; i < more; i++) {
        written += offer(written) ? 1 : 0;
      }
      ring.publish();
      for (int i = random.nextInt(4); i >= 0; i--) {
        for (long id : take()) {
          assertThat(id).isEqualTo(expected++);
        }
      }
    }
    for (List<Long> ids = take(); !ids.isEmpty(); ids = take()) {
      expected += ids.size();
    }
    assertThat(expected).isEqualTo(written);
  }

  @Test
  void dropsAndCountsWhenItIsFull() {
    int taken = 0;
    for (int i = 0; i < 100_000; i++) {
      taken += offer(i) ? 1 : 0;
    }
    ring.publish();

    assertThat(8L * taken * ring.width()).isLessThanOrEqualTo(2L * RecordRing.MOST_BYTES);
    assertThat(ring.dropped()).isEqualTo(100_000 - taken);
    assertThat(take()).first().isEqualTo(0L);
  }

  @Test
  void carriesRecordsFromOneThreadToAnother() throws InterruptedException {
    int all = 200_000;
    Thread producer =
        Thread.ofPlatform()
            .start(() -> {
              long id = 0;
              while (id < all) {
                if (offer(id)) {
                  id++;
                } else {
                  Thread.onSpinWait();
                }
                ring.publish();
              }
            });

    long expected = 0;
    while (expected < all) {
      for (long id : take()) {
        assertThat(id).isEqualTo(expected++);
      }
    }
    producer.join();
  }
}
