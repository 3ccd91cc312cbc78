package dev.skeg.runtime.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.backend.onnx.OnnxRuntimeBackend;
import dev.skeg.runtime.testing.OnnxModels;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which sizes a {@link CostProbe} runs when time passes as the test says. */
final class CostProbeTest {
  @TempDir Path directory;

  @Test
  void everySizeThatRequestsBringRunsOnceHoweverSlowTheFirstAre() {
    assertThat(largestRun(100_000_000)).isEqualTo(64);
    assertThat(largestRun(4_000_000_000L)).isEqualTo(1);
    assertThat(largestRun(1000)).isEqualTo(256);
  }

  /** Returns the largest size that was measured when each look at the clock takes so long. */
  private int largestRun(long stepNanos) {
    AtomicLong clock = new AtomicLong();
    try (OnnxRuntimeBackend backend = new OnnxRuntimeBackend(directory);
        TestVersion version =
            new TestVersion(backend, directory, OnnxModels.adding(1), "max_batch_size: 256", 1)) {
      ShapeClasses shapes = new ShapeClasses(version.servable, true, 256, 1);

      boolean hasRun =
          new CostProbe(version.servable, shapes, () -> clock.addAndGet(stepNanos)).measure();

      assertThat(hasRun).isTrue();
      CostCurve cost = Objects.requireNonNull(shapes.typical(4)).cost();
      int largest = 1;
      while (cost.predict(2 * largest) == stepNanos) { // As it was measured; else it were more.
        largest *= 2;
      }
      return largest;
    }
  }
}
