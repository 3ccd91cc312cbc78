package dev.skeg.runtime.batch;

import static dev.skeg.runtime.batch.TestVersion.floats;
import static dev.skeg.runtime.batch.TestVersion.get;
import static dev.skeg.runtime.batch.TestVersion.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.testing.Engine;
import dev.skeg.runtime.testing.OnnxModels;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A {@link SlotBudget}, by itself and as the slots of many shapes share it. */
final class SlotBudgetTest {
  private static final long MIB = 1L << 20;

  /** Four rows of so many floats are all but 4 MiB. */
  private static final int WIDTH = 262_000;

  @RegisterExtension static final Engine ENGINE = new Engine();

  private static TestVersion version() {
    return new TestVersion(
        ENGINE.backend(), ENGINE.directory(), OnnxModels.largestOfRow(), "max_batch_size: 4", 1);
  }

  @Test
  void givesWhatThereIsAndNoMore() {
    AtomicInteger trims = new AtomicInteger();
    SlotBudget budget = new SlotBudget(_ -> trims.incrementAndGet());

    assertThat(budget.take(100 * MIB)).isTrue();
    assertThat(budget.take(28 * MIB)).isTrue();
    assertThat(trims).hasValue(0);
    assertThat(budget.take(1)).isFalse();
    assertThat(trims).hasValue(1);
    budget.giveBack(28 * MIB);
    assertThat(budget.take(29 * MIB)).isFalse();
    assertThat(budget.take(28 * MIB)).isTrue();
  }

  @Test
  void givesWhatATrimHasFreed() {
    List<SlotBudget> self = new ArrayList<>();
    SlotBudget budget = new SlotBudget(_ -> self.getFirst().giveBack(64 * MIB));
    self.add(budget);
    assertThat(budget.take(128 * MIB)).isTrue();

    assertThat(budget.take(64 * MIB)).isTrue();
    assertThat(budget.take(65 * MIB)).isFalse();
  }

  @Test
  void slotsOfManyShapesTakeNoMoreTogetherAndThoseUnusedMakeRoom() {
    try (TestVersion version = version()) {
      ShapeClasses classes = new ShapeClasses(version.servable, true, 4, 1);
      List<SlotPool> pools = new ArrayList<>();
      List<SlotPool.PooledSlot> used = new ArrayList<>();
      long bytes = 0;
      boolean isFull = false;
      for (int width = WIDTH; !isFull; width++) {
        ShapeClass shape =
            classes.of(request(floats("x", new long[] {1, width}, new float[width])), 1);
        SlotPool pool = Objects.requireNonNull(shape.slots());
        SlotPool.PooledSlot slot = pool.take();
        isFull = slot == null;
        if (slot != null) {
          pools.add(pool);
          used.add(slot);
          bytes += shape.slotBytes();
          assertThat(bytes).isLessThanOrEqualTo(SlotBudget.MAX_BYTES);
        } else {
          assertThat(bytes + shape.slotBytes()).isGreaterThan(SlotBudget.MAX_BYTES);

          pools.getFirst().put(used.getFirst()); // Not used by anyone now.

          SlotPool.PooledSlot late = pool.take();
          assertThat(late).isNotNull();
          assertThat(pools.getFirst().take()).isNull();
          pool.put(Objects.requireNonNull(late));
        }
      }
      for (int i = 1; i < used.size(); i++) {
        pools.get(i).put(used.get(i));
      }
      classes.close();
    }
  }

  @Test
  void answersToMoreShapesThanThereIsMemoryForAreRight() {
    try (TestVersion version = version()) {
      for (int width = WIDTH; width < WIDTH + 40; width++) {
        float[] row = new float[width];
        row[width - 1] = width;

        for (int i = 0; i < 2; i++) { // The first of a shape has no slot.
          float[] answer =
              floats(get(version.submit(request(floats("x", new long[] {1, width}, row)), null)));

          assertThat(answer).containsExactly(width);
        }
      }
    }
  }
}
