package dev.skeg.runtime.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.backend.onnx.OnnxRuntimeBackend;
import dev.skeg.runtime.model.InferenceResult;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Admission to a queue of two priorities before one lane, where a row is known to take 7 ms. */
final class AdmissionTest {
  private static final long MILLI = 1_000_000;
  private static final long NOW = 5_000 * MILLI;
  private static final int URGENT = 0;
  private static final int ORDINARY = 1;

  @TempDir static Path directory;

  private final OnnxRuntimeBackend backend = new OnnxRuntimeBackend(directory);
  private final TestVersion version =
      new TestVersion(
          backend,
          directory,
          TestVersion.negation(),
          "max_batch_size: 1 dynamic_batching { priority_levels: 2 default_priority_level: 2 }",
          1);
  private final BatchPolicy policy = BatchPolicy.of(version.servable.config());
  private final Admission admission = new Admission("m", policy, 1, 100);
  private final ShapeClass shape =
      Objects.requireNonNull(new ShapeClasses(version.servable, true, 1, 1).typical(1));
  private final List<Entry> entries = new ArrayList<>();

  AdmissionTest() {
    shape.cost().set(1, 7 * MILLI);
    shape.runs(NOW);
  }

  @AfterEach
  void close() {
    entries.forEach(entry -> entry.handle.close());
    version.close();
    backend.close();
  }

  private InferenceResult.@Nullable Rejected enter(int level, long finishBy) {
    Entry entry =
        new Entry(
            version.batcher,
            Objects.requireNonNull(version.servable.acquire()),
            TestVersion.row(1),
            result -> {},
            shape,
            1,
            level);
    entry.waits().finishBy = finishBy;
    entries.add(entry);
    InferenceResult.Rejected refusal = admission.enter(entry, NOW);
    if (refusal != null) {
      admission.leave(entry);
    }
    return refusal;
  }

  @Test
  void takesWhateverCanJustBeDoneWhileNothingWaits() {
    assertThat(enter(ORDINARY, NOW + 7 * MILLI)).isNull();
  }

  @Test
  void refusesAtOnceWhatCannotBeDoneInTime() {
    for (int i = 0; i < 10; i++) {
      assertThat(enter(ORDINARY, Long.MAX_VALUE)).isNull();
    }

    InferenceResult.Rejected refusal = enter(ORDINARY, NOW + 2_000 * MILLI - 1);
    assertThat(refusal).isNull();
    assertThat(enter(ORDINARY, NOW + 6 * MILLI)).isNotNull();
    assertThat(admission.waiting()).isEqualTo(11);
  }

  @Test
  void saysWhenToTryAgain() {
    for (int i = 0; i < 10; i++) {
      enter(URGENT, Long.MAX_VALUE);
    }

    InferenceResult.Rejected refusal = Objects.requireNonNull(enter(ORDINARY, NOW + 50 * MILLI));

    assertThat(refusal.retryAfterNanos()).isEqualTo(70 * MILLI);
    assertThat(refusal.detail())
        .contains("its turn would come in about 70 ms and its answer in about 77 ms");
  }

  @Test
  void triesASlowModelAgainOnceASecond() {
    shape.runs(NOW - 900 * MILLI);
    assertThat(enter(ORDINARY, NOW + 6 * MILLI)).isNotNull();

    shape.runs(NOW - 1_100 * MILLI);
    assertThat(enter(ORDINARY, NOW + 6 * MILLI)).isNull();
    assertThat(enter(ORDINARY, NOW + 6 * MILLI)).isNotNull();
  }

  @Test
  void whatMightBeLateIsRefusedWhereOthersWait() {
    for (int i = 0; i < 300; i++) {
      shape.cost().learn(1, (i % 2 == 0 ? 9 : 5) * MILLI);
    }
    shape.runs(NOW);

    assertThat(enter(ORDINARY, NOW + 8 * MILLI)).isNull();
    assertThat(enter(URGENT, NOW + 8 * MILLI)).isNotNull();
    assertThat(enter(URGENT, NOW + 20 * MILLI)).isNull();
  }

  @Test
  void reckonsAnUrgentRequestWithNothingOfALowerPriority() {
    for (int i = 0; i < 40; i++) {
      enter(ORDINARY, Long.MAX_VALUE);
    }

    assertThat(enter(URGENT, NOW + 7 * MILLI)).isNull();
    assertThat(enter(ORDINARY, NOW + 900 * MILLI)).isNull();
  }

  @Test
  void reckonsARequestWithThoseOfItsPriorityThatAreMoreUrgent() {
    for (int i = 0; i < 40; i++) {
      enter(ORDINARY, NOW + 900 * MILLI);
    }

    assertThat(enter(ORDINARY, NOW + 100 * MILLI)).isNull();
  }

  @Test
  void countsWhatRunsHalf() {
    admission.runs(100 * MILLI);

    assertThat(enter(ORDINARY, NOW + 50 * MILLI)).isNotNull();
    admission.runs(-100 * MILLI);
    assertThat(enter(ORDINARY, NOW + 50 * MILLI)).isNull();
  }
}
