package dev.skeg.runtime.batch;

import static dev.skeg.runtime.batch.TestVersion.negation;
import static dev.skeg.runtime.batch.TestVersion.row;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.backend.onnx.OnnxRuntimeBackend;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How large the next batch is, of a model whose rows cost the same in batches of any size. */
final class RequestQueueTest {
  private static final int LANES = 2;
  private static final long MILLIS = 1_000_000;
  private static final long SECOND = 1_000 * MILLIS;

  @TempDir Path directory;

  private OnnxRuntimeBackend backend;
  private TestVersion version;
  private ShapeClass shape;
  private RequestQueue queue;
  private long now = 100 * SECOND;
  private long startBy = Long.MAX_VALUE;

  @BeforeEach
  void start() {
    backend = new OnnxRuntimeBackend(directory);
    version = new TestVersion(backend, directory, negation(), "max_batch_size: 64", LANES);
    shape = Objects.requireNonNull(new ShapeClasses(version.servable, true, 64, LANES).typical(1));
    queue = new RequestQueue(policy(), 200_000, LANES);
    costs(26 * MILLIS);
  }

  private BatchPolicy policy() {
    return BatchPolicy.of(version.servable.config());
  }

  private void costs(long rowNanos) {
    for (int rows = 1; rows <= 64; rows *= 2) {
      shape.cost().set(rows, rows * rowNanos);
    }
  }

  @AfterEach
  void stop() {
    for (Entry entry : queue.removeAll()) {
      end(entry);
    }
    version.close();
    backend.close();
  }

  private void end(Entry entry) {
    version.batcher.endings().ended(entry, 0, entry.rows, Endings.CANCELLED);
  }

  /** Has requests come; returns the last. */
  private Entry comes(int requests, long finishBy) {
    Entry last = null;
    for (int i = 0; i < requests; i++) {
      Entry entry =
          new Entry(
              version.batcher,
              Objects.requireNonNull(version.servable.acquire()),
              row(i),
              _ -> {},
              shape,
              1,
              0);
      entry.waits().queuedAt = now;
      entry.waits().startBy = startBy;
      entry.waits().finishBy = finishBy;
      entry.waits().urgency = Math.min(Math.min(startBy, finishBy), now + SECOND);
      queue.add(entry);
      last = entry;
    }
    return Objects.requireNonNull(last);
  }

  /** Takes the next batch for one of two lanes, of which the other is at work. */
  private int next() {
    Batch batch = new Batch();
    assertThat(queue.fill(batch, now, 0)).isTrue();
    int rows = batch.rows();
    for (int i = 0; i < batch.size(); i++) {
      end(batch.entry(i));
    }
    return rows;
  }

  /** Has 24 requests wait for so many seconds; returns the last batch. */
  private int keptFull(int seconds) {
    comes(24, Long.MAX_VALUE);
    int rows = 0;
    for (int i = 0; i < 10 * seconds; i++) {
      rows = nextOfMany();
    }
    return rows;
  }

  /** Takes the next batch, and has as many requests come as were taken. */
  private int nextOfMany() {
    now += 100 * MILLIS;
    int rows = next();
    comes(rows, Long.MAX_VALUE);
    return rows;
  }

  @Test
  void whatMightBeLateIsStartedOnlyWhereNobodyElseNeedsTheLane() {
    costs(10 * MILLIS);
    for (int i = 0; i < 300; i++) {
      shape.cost().learn(1, (i % 2 == 0 ? 12 : 8) * MILLIS);
    }

    comes(1, now + 13 * MILLIS);
    assertThat(queue.expire(now)).isZero();
    assertThat(next()).isOne();

    comes(1, Long.MAX_VALUE);
    comes(1, now + 20 * MILLIS);
    assertThat(queue.expire(now)).isZero();
    comes(1, now + 13 * MILLIS);
    assertThat(queue.expire(now)).isOne();
  }

  @Test
  void aBurstRunsInSmallBatches() {
    comes(32, Long.MAX_VALUE);

    assertThat(next()).isEqualTo(1);
  }

  @Test
  void whereMoreThanTheLanesCanTakeAlwaysWaitBatchesAreLarge() {
    assertThat(keptFull(3)).isEqualTo(8);
  }

  @Test
  void aLargerBatchThatWasDearWhenItWasMeasuredIsTriedAgain() {
    shape.cost().set(8, 8 * 31 * MILLIS);
    assertThat(keptFull(3)).isEqualTo(4);

    int trials = 0;
    for (int i = 0; i < 1_000; i++) {
      int rows = nextOfMany();
      trials += rows == 8 && i < 320 ? 1 : 0;
      shape.cost().learn(rows, rows * (26 * MILLIS));
    }

    assertThat(trials).isBetween(4, 6);
    assertThat(nextOfMany()).isEqualTo(8);
  }

  @Test
  void noTrialTakesLongerThanAQuarterOfASecond() {
    shape.cost().set(8, 8 * 35 * MILLIS);
    keptFull(3);

    for (int i = 0; i < 1_000; i++) {
      assertThat(nextOfMany()).isEqualTo(4);
    }
  }

  @Test
  void afterALullABurstRunsInSmallBatchesAgain() {
    keptFull(3);
    while (!queue.isEmpty()) {
      next();
    }

    comes(32, Long.MAX_VALUE);

    assertThat(next()).isEqualTo(1);
  }

  @Test
  void aLargeBatchTakesAtMostTwoFifthsOfASecond() {
    costs(60 * MILLIS);

    assertThat(keptFull(3)).isEqualTo(4);
  }

  @Test
  void whereSomeHaveADeadlineItTakesATenthForTheNextTenSeconds() {
    comes(1, now + 60 * SECOND);
    next();

    assertThat(keptFull(3)).isEqualTo(2);
    assertThat(keptFull(8)).isEqualTo(8);
  }

  @Test
  void whereSomeMustBeBegunInTimeItIsTheSame() {
    startBy = now + 60 * SECOND;
    comes(1, Long.MAX_VALUE);
    next();
    startBy = Long.MAX_VALUE;

    assertThat(keptFull(3)).isEqualTo(2);
  }

  @Test
  void urgentOnesHoldARequestUpThatCanWaitForASecondAndNoLonger() {
    Entry patient = comes(1, Long.MAX_VALUE);
    long came = now;
    while (patient.state() == Entry.WAITING) {
      assertThat(now - came).isLessThanOrEqualTo(SECOND);
      comes(20, now + 200 * MILLIS);
      next();
      now += 50 * MILLIS;
      queue.takeUnwanted().forEach(this::end); // Too late for their deadlines.
    }

    assertThat(now - came).isGreaterThan(SECOND / 2);
  }

  @Test
  void whatWaitedLongAgoIsNotTakenToWaitNow() {
    keptFull(3);
    now += 3_600 * SECOND;
    comes(8, Long.MAX_VALUE);

    assertThat(next()).isEqualTo(1);
  }
}
