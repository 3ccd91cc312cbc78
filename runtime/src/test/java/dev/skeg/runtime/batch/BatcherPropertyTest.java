package dev.skeg.runtime.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InFlight;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.RequestTerms;
import dev.skeg.runtime.os.Pace;
import dev.skeg.runtime.testing.Engine;
import dev.skeg.runtime.testing.OnnxGraph;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Many clients at once, each doing as it likes: whatever the order, every request ends exactly
 * once, with its own answer, in the order promised, and nothing is left behind.
 */
final class BatcherPropertyTest {
  private static final int CLIENTS = 4;
  private static final int REQUESTS = 1_500;

  @RegisterExtension static final Engine ENGINE = new Engine();

  private static byte[] negation() {
    return new OnnxGraph()
        .input("x", DataType.FP32, "n", "k")
        .output("y", DataType.FP32, "n", "k")
        .node("Neg", List.of("x"), List.of("y"))
        .build();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9})
  void everyRequestEndsOnceWithItsOwnAnswer(long seed) throws InterruptedException {
    SplittableRandom random = new SplittableRandom(seed);
    int maxRows = 1 + random.nextInt(20);
    boolean keepsOrder = seed % 2 == 0;
    String config =
        "max_batch_size: "
            + maxRows
            + " dynamic_batching { priority_levels: 3 default_priority_level: 2"
            + (keepsOrder ? " preserve_ordering: true" : "")
            + (seed % 3 == 0 ? " max_queue_delay_microseconds: 200" : "")
            + " }";
    int widths = seed > 6 ? 2 * KnownShapes.MOST : 2; // More than are kept, or few.
    boolean declares = seed % 5 != 0; // Else requests may be of more rows than a batch.
    ConcurrentLinkedQueue<String> mistakes = new ConcurrentLinkedQueue<>();
    AtomicLong answered = new AtomicLong();
    try (TestVersion version =
        new TestVersion(
            ENGINE.backend(),
            ENGINE.directory(),
            negation(),
            declares ? config : "",
            1 + random.nextInt(3))) {
      if (random.nextBoolean()) {
        version.batcher.measure(Pace.AT_ONCE);
      }
      CountDownLatch ended = new CountDownLatch(CLIENTS * REQUESTS);
      List<Thread> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        SplittableRandom own = random.split();
        boolean isEventLoop = i % 2 == 0;
        clients.add(
            Thread.ofPlatform()
                .start(() ->
                    runClient(
                        version,
                        own,
                        isEventLoop,
                        declares ? maxRows : 200,
                        widths,
                        keepsOrder && declares,
                        ended,
                        answered,
                        mistakes)));
      }
      for (Thread client : clients) {
        client.join();
      }

      assertThat(ended.await(30, TimeUnit.SECONDS)).as("seed %d: all ended", seed).isTrue();
      assertThat(mistakes).as("seed %d", seed).isEmpty();
      assertThat(answered.get()).as("seed %d", seed).isPositive();
      assertThat(version.metric("nv_inference_pending_request_count")).isZero();
    }
  }

  private static void runClient(
      TestVersion version,
      SplittableRandom random,
      boolean isEventLoop,
      int maxRows,
      int widths,
      boolean keepsOrder,
      CountDownLatch ended,
      AtomicLong answered,
      ConcurrentLinkedQueue<String> mistakes) {
    ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    List<InFlight> open = new ArrayList<>();
    AtomicInteger endedInOrder = new AtomicInteger();
    for (int i = 0; i < REQUESTS; i++) {
      int rows = 1 + random.nextInt(random.nextInt(20) == 0 ? maxRows : Math.min(3, maxRows));
      int width = 1 + random.nextInt(random.nextInt(3) == 0 ? 2 : widths);
      float[] values = new float[rows * width];
      for (int k = 0; k < values.length; k++) {
        values[k] = random.nextInt();
      }
      RequestTerms terms =
          new RequestTerms(
              random.nextInt(8) == 0 ? 1 + random.nextInt(2_000_000) : 0,
              random.nextInt(8) == 0 ? 1 + random.nextInt(2_000_000) : 0,
              random.nextInt(4));
      InferenceRequest request =
          TestVersion.request(terms, TestVersion.floats("x", new long[] {rows, width}, values));
      AtomicInteger ends = new AtomicInteger();
      int number = i;
      open.add(
          version.submit(
              request,
              isEventLoop ? tasks::add : null,
              result -> {
                if (ends.incrementAndGet() > 1) {
                  mistakes.add("ended twice: " + result);
                }
                if (keepsOrder && endedInOrder.getAndIncrement() != number) {
                  mistakes.add("out of order: " + number);
                }
                check(result, values, answered, mistakes);
                ended.countDown();
              }));
      if (random.nextInt(10) == 0) {
        open.get(random.nextInt(open.size())).cancel();
      }
      if (random.nextInt(6) == 0) {
        tasks.forEach(Runnable::run);
        tasks.clear();
      }
    }
    tasks.forEach(Runnable::run);
  }

  private static void check(
      InferenceResult result,
      float[] values,
      AtomicLong answered,
      ConcurrentLinkedQueue<String> mistakes) {
    switch (result) {
      case InferenceResult.Completed _ -> {
        float[] negated = TestVersion.floats(result);
        boolean same = negated.length == values.length;
        for (int i = 0; i < values.length && same; i++) {
          same = negated[i] == -values[i];
        }
        if (!same) {
          mistakes.add("another request's answer");
        }
        answered.incrementAndGet();
      }
      case InferenceResult.Rejected rejected -> {
        if (rejected.detail().isEmpty()) {
          mistakes.add("no reason");
        }
      }
      case InferenceResult.Failed failed -> mistakes.add(failed.detail());
    }
  }
}
