package dev.skeg.runtime.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.backend.onnx.OnnxRuntimeBackend;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.servable.ServableHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link Deadlines} beside a list that is searched. */
final class DeadlinesTest {
  @TempDir static Path directory;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void theFirstIsTheFirstWhicheverLeft(long seed) {
    try (OnnxRuntimeBackend backend = new OnnxRuntimeBackend(directory);
        TestVersion version = new TestVersion(backend, directory, TestVersion.negation(), "", 1);
        ServableHandle handle = Objects.requireNonNull(version.servable.acquire())) {
      Random random = new Random(seed);
      Deadlines deadlines = new Deadlines();
      List<Entry> expected = new ArrayList<>();
      InferenceRequest request = TestVersion.row(1);

      for (int step = 0; step < 20_000; step++) {
        if (expected.isEmpty() || random.nextInt(100) < (step / 1_000 % 2 == 0 ? 60 : 40)) {
          Entry entry =
              new Entry(
                  version.batcher,
                  handle,
                  request,
                  result -> {},
                  ShapeClass.alone(version.servable.signature(), false),
                  1,
                  0);
          entry.waits().expiresAt = random.nextLong(-500, 500);
          deadlines.add(entry);
          expected.add(entry);
        } else {
          Entry gone =
              random.nextBoolean()
                  ? deadlines.first()
                  : expected.get(random.nextInt(expected.size()));
          deadlines.remove(gone);
          deadlines.remove(gone);
          assertThat(expected.remove(gone)).isTrue();
        }
        assertThat(deadlines.isEmpty()).isEqualTo(expected.isEmpty());
        if (!expected.isEmpty()) {
          assertThat(deadlines.nextAt())
              .isEqualTo(
                  expected.stream()
                      .map(entry -> entry.waits().expiresAt)
                      .min(Comparator.naturalOrder())
                      .orElseThrow());
          assertThat(expected).contains(deadlines.first());
        }
      }
    }
  }

  @Test
  void whatIsNotThereCanBeTakenOut() {
    try (OnnxRuntimeBackend backend = new OnnxRuntimeBackend(directory);
        TestVersion version = new TestVersion(backend, directory, TestVersion.negation(), "", 1);
        ServableHandle handle = Objects.requireNonNull(version.servable.acquire())) {
      Deadlines deadlines = new Deadlines();

      deadlines.remove(
          new Entry(
              version.batcher,
              handle,
              TestVersion.row(1),
              result -> {},
              ShapeClass.alone(version.servable.signature(), false),
              1,
              0));

      assertThat(deadlines.isEmpty()).isTrue();
    }
  }
}
