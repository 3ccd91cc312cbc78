package dev.skeg.runtime.batch;

import static dev.skeg.runtime.batch.TestVersion.floats;
import static dev.skeg.runtime.batch.TestVersion.get;
import static dev.skeg.runtime.batch.TestVersion.inOrder;
import static dev.skeg.runtime.batch.TestVersion.negation;
import static dev.skeg.runtime.batch.TestVersion.refusal;
import static dev.skeg.runtime.batch.TestVersion.row;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.model.ErrorCode;
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

/** Requests that wait: how many may, for how long, and who goes first. */
final class BatcherQueueTest {
  @RegisterExtension static final Engine ENGINE = new Engine();

  private static TestVersion version(byte[] model, String config, int lanes) {
    return new TestVersion(ENGINE.backend(), ENGINE.directory(), model, config, lanes);
  }

  @Test
  void oneMoreThanTheQueueHoldsIsRefusedAtOnce() throws InterruptedException {
    String config =
        """
        max_batch_size: 8
        dynamic_batching { default_queue_policy { max_queue_size: 2 } }
        """;
    try (TestVersion version = version(negation(), config, 1)) {
      List<CompletableFuture<InferenceResult>> waiting = new ArrayList<>();
      CompletableFuture<InferenceResult> refused;
      try (Blocker _ = new Blocker(version)) {
        waiting.add(version.submit(row(1), null));
        waiting.add(version.submit(row(2), null));
        refused = version.submit(row(3), null);

        assertThat(refused.getNow(null))
            .isInstanceOfSatisfying(
                InferenceResult.Rejected.class,
                rejected -> {
                  assertThat(rejected.code()).isEqualTo(ErrorCode.UNAVAILABLE);
                  assertThat(rejected.detail()).startsWith("Exceeds maximum queue size");
                  assertThat(rejected.retryAfterNanos()).isPositive();
                });
      }
      assertThat(waiting).allSatisfy(each -> floats(get(each)));
    }
  }

  @Test
  void aRequestThatIsCancelledWhileItWaitsLeavesItsPlaceToAnother() throws InterruptedException {
    String config =
        """
        max_batch_size: 8
        dynamic_batching { default_queue_policy { max_queue_size: 1 } }
        """;
    try (TestVersion version = version(negation(), config, 1)) {
      List<InferenceResult> ends = new ArrayList<>();
      CompletableFuture<InferenceResult> next;
      try (Blocker _ = new Blocker(version)) {
        InFlight first = version.submit(row(1), null, ends::add);

        first.cancel();
        first.cancel();
        next = version.submit(row(2), null);
      }

      assertThat(floats(get(next))).containsExactly(-2, -2, -3);
      assertThat(ends).containsExactly(Endings.CANCELLED);
    }
  }

  @Test
  void aRequestThatWaitedTooLongIsRefused() throws InterruptedException {
    RequestTerms hurried = new RequestTerms(0, 1, 0);
    RequestTerms late = new RequestTerms(1, 0, 0);
    try (TestVersion version = version(negation(), "", 1)) {
      CompletableFuture<InferenceResult> queueTimeout;
      CompletableFuture<InferenceResult> deadline;
      try (Blocker _ = new Blocker(version)) {
        queueTimeout = version.submit(row(1, hurried), null);
        deadline = version.submit(row(2, late), null);
      }

      assertThat(refusal(queueTimeout).detail()).startsWith("Request timeout expired");
      assertThat(refusal(deadline).detail()).startsWith("Request timeout expired");
    }
  }

  @Test
  void aPolicyThatDelaysRunsTheLateOnesLast() throws InterruptedException {
    String config =
        """
        max_batch_size: 1
        dynamic_batching {
          default_queue_policy { timeout_action: DELAY allow_timeout_override: true }
        }
        """;
    RequestTerms hurried = new RequestTerms(0, 1, 0);
    try (TestVersion version = version(negation(), config, 1)) {
      List<Float> order = new ArrayList<>();
      List<CompletableFuture<InferenceResult>> results = new ArrayList<>();
      try (Blocker _ = new Blocker(version)) {
        results.add(inOrder(version, row(1, hurried), order));
        results.add(inOrder(version, row(2), order));
        results.add(inOrder(version, row(3), order));
      }
      results.forEach(TestVersion::get);

      assertThat(order).containsExactly(2f, 3f, 1f);
    }
  }

  @Test
  void aHigherPriorityGoesFirstAndWithinOneTheEarlierDeadline() throws InterruptedException {
    String config =
        """
        max_batch_size: 1
        dynamic_batching { priority_levels: 2 default_priority_level: 2 }
        """;
    long second = TimeUnit.SECONDS.toNanos(1);
    try (TestVersion version = version(negation(), config, 1)) {
      List<Float> order = new ArrayList<>();
      List<CompletableFuture<InferenceResult>> results = new ArrayList<>();
      try (Blocker _ = new Blocker(version)) {
        results.add(inOrder(version, row(1), order));
        results.add(inOrder(version, row(2, new RequestTerms(30 * second, 0, 2)), order));
        results.add(inOrder(version, row(3, new RequestTerms(second / 2, 0, 2)), order));
        results.add(inOrder(version, row(4, new RequestTerms(0, 0, 1)), order));
      }
      results.forEach(TestVersion::get);

      assertThat(order.getFirst()).isEqualTo(4f);
      assertThat(order.indexOf(3f)).isLessThan(order.indexOf(2f));
    }
  }
}
