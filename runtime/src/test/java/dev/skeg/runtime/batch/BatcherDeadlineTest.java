package dev.skeg.runtime.batch;

import static dev.skeg.runtime.batch.TestVersion.floats;
import static dev.skeg.runtime.batch.TestVersion.get;
import static dev.skeg.runtime.batch.TestVersion.negation;
import static dev.skeg.runtime.batch.TestVersion.refusal;
import static dev.skeg.runtime.batch.TestVersion.row;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.model.InFlight;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.RequestTerms;
import dev.skeg.runtime.testing.Engine;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Requests whose time is over while every lane is busy with something long. */
final class BatcherDeadlineTest {
  private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);
  private static final RequestTerms HURRIED = new RequestTerms(0, 20 * MILLI, 0);
  private static final RequestTerms SHORT = new RequestTerms(20 * MILLI, 0, 0);
  private static final RequestTerms PATIENT =
      new RequestTerms(TimeUnit.MINUTES.toNanos(5), TimeUnit.MINUTES.toNanos(5), 0);

  @RegisterExtension static final Engine ENGINE = new Engine();

  private static void assertExpired(CompletableFuture<InferenceResult> result) {
    assertThat(refusal(result).detail()).isEqualTo("Request timeout expired for model 'm'");
  }

  private static TestVersion version(String config) {
    return new TestVersion(ENGINE.backend(), ENGINE.directory(), negation(), config, 1);
  }

  @Test
  void areToldBeforeALaneIsFree() throws InterruptedException {
    try (TestVersion version = version("")) {
      List<CompletableFuture<InferenceResult>> others = new ArrayList<>();
      try (Blocker _ = new Blocker(version)) {
        others.add(version.submit(row(1), null));
        others.add(version.submit(row(2, PATIENT), null));
        CompletableFuture<InferenceResult> hurried = version.submit(row(3, HURRIED), null);
        CompletableFuture<InferenceResult> soon = version.submit(row(4, SHORT), null);

        assertExpired(hurried);
        assertExpired(soon);
        assertThat(others).noneMatch(CompletableFuture::isDone);
      }
      assertThat(floats(get(others.get(0)))).containsExactly(-1, -2, -3);
      assertThat(floats(get(others.get(1)))).containsExactly(-2, -2, -3);
    }
  }

  @Test
  void areToldOneAfterTheOtherAndLeaveTheirPlaces() throws InterruptedException {
    String config =
        """
        max_batch_size: 8
        dynamic_batching {
          default_queue_policy {
            max_queue_size: 1
            allow_timeout_override: true
          }
        }
        """;
    try (TestVersion version = version(config);
        Blocker _ = new Blocker(version)) {
      for (int i = 0; i < 600; i++) { // More than stay in line when they have ended.
        assertExpired(version.submit(row(i, new RequestTerms(0, MILLI, 0)), null));
      }
      assertThat(version.metric("nv_inference_pending_request_count")).isZero();
    }
  }

  @Test
  void areNotRefusedForTheirWaitWherePolicyDelaysThem() throws InterruptedException {
    String config =
        """
        max_batch_size: 8
        dynamic_batching {
          default_queue_policy { timeout_action: DELAY allow_timeout_override: true }
        }
        """;
    try (TestVersion version = version(config)) {
      CompletableFuture<InferenceResult> delayed;
      try (Blocker _ = new Blocker(version)) {
        delayed = version.submit(row(1, new RequestTerms(0, 1, 0)), null);

        assertExpired(version.submit(row(2, SHORT), null));
        assertThat(delayed).isNotDone();
      }
      assertThat(floats(get(delayed))).containsExactly(-1, -2, -3);
    }
  }

  @Test
  void endOnceWhenTheyAreCancelledToo() throws InterruptedException {
    try (TestVersion version = version("")) {
      List<InferenceResult> ends = new ArrayList<>();
      try (Blocker _ = new Blocker(version)) {
        InFlight cancelled = version.submit(row(1, SHORT), null, ends::add);
        cancelled.cancel();

        assertExpired(version.submit(row(2, SHORT), null)); // Its time is over after the first's.
        cancelled.cancel();
      }
      assertThat(ends).containsExactly(Endings.CANCELLED);
    }
  }
}
