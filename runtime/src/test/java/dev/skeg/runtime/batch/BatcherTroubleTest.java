package dev.skeg.runtime.batch;

import static dev.skeg.runtime.batch.TestVersion.floats;
import static dev.skeg.runtime.batch.TestVersion.get;
import static dev.skeg.runtime.batch.TestVersion.negation;
import static dev.skeg.runtime.batch.TestVersion.request;
import static dev.skeg.runtime.batch.TestVersion.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.skeg.runtime.config.ModelConfigFile;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InFlight;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.RequestTerms;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.os.Pace;
import dev.skeg.runtime.testing.Engine;
import dev.skeg.runtime.testing.OnnxGraph;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What must not stop a version, nor its neighbours: races, failures, requests that are too much.
 */
final class BatcherTroubleTest {
  @RegisterExtension static final Engine ENGINE = new Engine();

  private static TestVersion version(byte[] model, String config, int lanes) {
    return new TestVersion(ENGINE.backend(), ENGINE.directory(), model, config, lanes);
  }

  /** A row of one integer becomes a row of 4096 floats. */
  private static byte[] embedding() {
    return new OnnxGraph()
        .input("i", DataType.INT64, "n")
        .output("y", DataType.FP32, "n", 4096)
        .floats("table", new long[] {3, 4096}, 1)
        .node("Gather", List.of("table", "i"), List.of("y"))
        .build();
  }

  private static Tensor indexes(int rows) {
    return new Tensor(
        "i", DataType.INT64, Shape.of(rows), MemorySegment.ofArray(new byte[rows * Long.BYTES]));
  }

  @Test
  void aRequestCancelledWhileItsBatchIsPutTogetherDoesNotBreakTheScheduler() throws Exception {
    try (TestVersion version = version(negation(), "", 1)) {
      BatchPolicy policy = BatchPolicy.of(version.servable.config());
      ShapeClass shape = ShapeClass.alone(version.servable.signature(), true);
      AtomicReference<Entry> target = new AtomicReference<>();
      AtomicReference<Boolean> over = new AtomicReference<>(false);
      Thread canceller =
          Thread.ofPlatform()
              .start(() -> {
                Entry last = null;
                while (!over.get()) {
                  Entry entry = target.get();
                  if (entry != null && entry != last) {
                    last = entry;
                    for (int i = 0; i < (entry.waits().number & 255); i++) {
                      Thread.onSpinWait();
                    }
                    entry.cancel();
                  }
                }
              });
      try {
        for (int i = 0; i < 20_000; i++) {
          RequestQueue queue = new RequestQueue(policy, 200_000, 1);
          Entry entry =
              new Entry(
                  version.batcher,
                  Objects.requireNonNull(version.servable.acquire()),
                  row(1),
                  result -> {},
                  shape,
                  1,
                  0);
          entry.waits().number = i;
          queue.add(entry);
          Batch batch = new Batch();
          target.set(entry);
          for (int k = 0; k < 60; k++) {
            Thread.onSpinWait();
          }
          int round = i;
          assertThatCode(() -> queue.fill(batch, 0, 0))
              .as("round " + round)
              .doesNotThrowAnyException();
          entry.cancel();
          if (entry.state() != Entry.DONE) {
            version.batcher.endings().ended(entry, 0, 1, Endings.CANCELLED);
          }
        }
      } finally {
        over.set(true);
        canceller.join();
        Entry entry = target.get();
        if (entry != null && entry.state() != Entry.DONE) {
          version.batcher.endings().ended(entry, 0, 1, Endings.CANCELLED);
        }
      }
    }
  }

  @Test
  void aRequestWhoseAnswerIsTooLargeEndsAndTheVersionGoesOn() {
    try (TestVersion version = version(embedding(), "", 1)) {
      // 2^17 rows of 16 KiB are 2 GiB of answer for 1 MiB of request.
      InferenceResult large = get(version.submit(request(indexes(1 << 17)), null));
      InferenceResult small = get(version.submit(request(indexes(1)), null));

      assertThat(((InferenceResult.Rejected) large).detail())
          .isEqualTo(
              "the request has 131072 rows, but output 'y' would be longer than 2 GiB"
                  + " (expected: at most 131071 rows)");
      assertThat(floats(small)).hasSize(4096);
    }
  }

  @Test
  void oneVersionsTroubleLeavesTheEventLoopsOtherVersionsAlone() {
    try (TestVersion troubled = version(embedding(), "", 1);
        TestVersion other = version(negation(), "", 1)) {
      CompletableFuture<InferenceResult> refused =
          troubled.submit(request(indexes(1 << 17)), other.eventLoop());
      CompletableFuture<InferenceResult> answer = other.submit(row(1), other.eventLoop());
      other.turn();

      assertThat(get(refused)).isInstanceOf(InferenceResult.Rejected.class);
      assertThat(floats(get(answer))).containsExactly(-1, -2, -3);
    }
  }

  @Test
  void anOutputThatIsAnInputHasTheInputsValueInASlotToo() {
    byte[] model =
        new OnnxGraph()
            .input("x", DataType.FP32, "n", 3)
            .output("x", DataType.FP32, "n", 3)
            .output("y", DataType.FP32, "n", 3)
            .node("Neg", List.of("x"), List.of("y"))
            .build();
    try (TestVersion version = version(model, "max_batch_size: 8", 1)) {
      assertThat(floats(get(version.submit(row(7), null)))).containsExactly(7, 2, 3);
    }
  }

  /**
   * One request is held back for company while another shape takes the only lane: when the first is
   * due there is nobody to run it, so the timer must not go off until there is.
   */
  @Test
  void theTimerRestsWhileNoLaneIsIdle() throws Exception {
    byte[] model =
        new OnnxGraph()
            .input("x", DataType.FP32, "n", "m")
            .output("y", DataType.FP32, "n", "m")
            .node("Neg", List.of("x"), List.of("y"))
            .build();
    String config =
        """
        max_batch_size: 8
        dynamic_batching { preferred_batch_size: 4 max_queue_delay_microseconds: 60000000 }
        """;
    try (TestVersion version = version(model, config, 1)) {
      CountDownLatch taken = new CountDownLatch(1);
      CountDownLatch go = new CountDownLatch(1);
      CompletableFuture<InferenceResult> held = new CompletableFuture<>();
      InFlight waiting =
          version.submit(
              request(floats("x", new long[] {1, 2}, 1, 2)), version.eventLoop(), held::complete);
      var _ =
          version.submit(
              request(floats("x", new long[] {4, 1}, 1, 2, 3, 4)),
              version.eventLoop(),
              result -> hold(result, taken, go));
      version.turn();
      assertThat(taken.await(20, TimeUnit.SECONDS)).isTrue();

      assertThat(version.batcher.scheduler().isTimerSet()).isFalse();

      go.countDown();
      waiting.cancel();
      assertThat(get(held)).isEqualTo(Endings.CANCELLED);
    }
  }

  /**
   * Made-up integers may be a step of zero, by which the engine divides and so ends the process.
   * What was not run has no known cost, so a lane's thread runs it and not the event loop.
   */
  @Test
  void aVersionThatIsNotBatchableIsNotRunOnMadeUpData() {
    byte[] model =
        new OnnxGraph()
            .input("x", DataType.FP32, 1, 3)
            .output("y", DataType.FP32, 1, 3)
            .node("Neg", List.of("x"), List.of("y"))
            .build();
    try (TestVersion version = version(model, "max_batch_size: 0", 1)) {
      version.batcher.measure(Pace.AT_ONCE);
      CompletableFuture<String> thread = new CompletableFuture<>();

      var _ =
          version.submit(
              row(1),
              version.eventLoop(),
              result -> {
                floats(result);
                thread.complete(Thread.currentThread().getName());
              });
      version.turn();

      assertThat(thread).succeedsWithin(20, TimeUnit.SECONDS).isEqualTo("lane-m-0");
    }
  }

  private static byte[] chain(int length) {
    OnnxGraph chain = new OnnxGraph().input("x", DataType.FP32, "n", 512);
    chain.output("y", DataType.FP32, "n", 512).floats("w", new long[] {512, 512}, 1);
    String from = "x";
    for (int i = 0; i < length; i++) {
      String to = i == length - 1 ? "y" : "h" + i;
      chain.node("MatMul", List.of(from, "w"), List.of(to));
      from = to;
    }
    return chain.build();
  }

  private static InferenceRequest wide(RequestTerms terms) {
    return request(terms, floats("x", new long[] {1, 512}, new float[512]));
  }

  /** Returns the nanoseconds that a row takes, the fastest of a few. */
  private static long cost(TestVersion version) {
    long fastest = Long.MAX_VALUE;
    for (int i = 0; i < 8; i++) {
      long start = System.nanoTime();
      floats(get(version.submit(wide(RequestTerms.NONE), null)));
      fastest = Math.min(fastest, System.nanoTime() - start);
    }
    return fastest;
  }

  @Test
  void requestsThatCameTogetherAreSharedOutAmongAllIdleLanes() {
    try (TestVersion version = version(chain(400), "max_batch_size: 8", 4)) {
      version.batcher.measure(Pace.AT_ONCE);
      List<CompletableFuture<InferenceResult>> results = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        results.add(version.submit(wide(RequestTerms.NONE), version.eventLoop()));
      }
      version.turn();
      results.forEach(result -> floats(get(result)));

      // 8 runs are no measure's: it does not count.
      assertThat(version.metric("nv_inference_exec_count")).isEqualTo(4);
    }
  }

  @Test
  void aDefaultPriorityWithoutLevelsIsRefusedWithItsPlaceOrTaken() throws Exception {
    Path file =
        Files.writeString(
            ENGINE.directory().resolve("levels.pbtxt"),
            "max_batch_size: 8 dynamic_batching { default_priority_level: 2 }");
    ModelConfigFile config = ModelConfigFile.read(file, "m");

    assertThatCode(() -> BatchPolicy.of(config.config())).doesNotThrowAnyException();
  }

  @Test
  void whatALaneTookByItselfCountsAsRunningToo() throws Exception {
    try (TestVersion version = version(chain(400), "max_batch_size: 1", 1)) {
      version.batcher.measure(Pace.AT_ONCE);
      long cost = cost(version);
      CountDownLatch firstTaken = new CountDownLatch(1);
      CountDownLatch secondTaken = new CountDownLatch(1);
      CountDownLatch firstGoes = new CountDownLatch(1);
      CountDownLatch secondGoes = new CountDownLatch(1);
      var _ =
          version.submit(
              wide(RequestTerms.NONE), null, result -> hold(result, firstTaken, firstGoes));
      assertThat(firstTaken.await(20, TimeUnit.SECONDS)).isTrue();
      var _ =
          version.submit(
              wide(RequestTerms.NONE), null, result -> hold(result, secondTaken, secondGoes));
      firstGoes.countDown();
      assertThat(secondTaken.await(20, TimeUnit.SECONDS)).isTrue();
      long whileSecond = retryAfterNanos(version, cost / 4);
      secondGoes.countDown();

      assertThat(whileSecond).as("while the second runs").isGreaterThan(cost / 8);
    }
  }

  private static void hold(InferenceResult result, CountDownLatch taken, CountDownLatch go) {
    taken.countDown();
    try {
      var _ = go.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    floats(result);
  }

  private static long retryAfterNanos(TestVersion version, long timeoutNanos) {
    InferenceResult result = get(version.submit(wide(new RequestTerms(timeoutNanos, 0, 0)), null));
    return ((InferenceResult.Rejected) result).retryAfterNanos();
  }

  @Test
  void anEngineThatFailsAgainAndAgainTakesTheVersionOutOfService() {
    byte[] expand =
        new OnnxGraph()
            .input("shape", DataType.INT64, "k")
            .output("y", DataType.FP32, "a", "b")
            .floats("x", new long[] {1, 1}, 1)
            .node("Expand", List.of("x", "shape"), List.of("y"))
            .build();
    try (TestVersion version = version(expand, "max_batch_size: 0", 1)) {
      for (int i = 0; i < 16; i++) {
        // The engine's arena throws: no memory.
        assertThat(get(version.submit(request(longs(1 << 22, 1 << 22)), null)))
            .isInstanceOf(InferenceResult.Failed.class);
      }

      assertThat(version.quarantined).hasSize(1);
    }
  }

  @Test
  void noClientTakesAVersionFromTheOthersThatRunsOnTheirRequestsOnly() {
    byte[] sevens =
        new OnnxGraph()
            .input("x", DataType.FP32, "n")
            .output("y", DataType.FP32, "rows", 7)
            .longs("shape", -1, 7)
            .node("Reshape", List.of("x", "shape"), List.of("y"))
            .build();
    try (TestVersion version = version(sevens, "max_batch_size: 0", 1)) {
      version.batcher.measure(Pace.AT_ONCE);
      assertThat(floats(get(version.submit(request(of(7)), null)))).hasSize(7);

      for (int i = 0; i < 3 * FailureStreak.MOST; i++) {
        assertThat(get(version.submit(request(of(8)), null)))
            .isInstanceOf(InferenceResult.Failed.class);
      }

      assertThat(version.quarantined).isEmpty();
      assertThat(floats(get(version.submit(request(of(14)), null)))).hasSize(14);
    }
  }

  private static Tensor of(int elements) {
    return floats("x", new long[] {elements}, new float[elements]);
  }

  private static Tensor longs(long... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) {
      bytes.putLong(value);
    }
    return new Tensor(
        "shape", DataType.INT64, Shape.of(values.length), MemorySegment.ofArray(bytes.array()));
  }

  @Test
  void bothRunsOfASplitRequestEndWhenItIsCancelled() throws Exception {
    TestVersion version = version(chain(400), "", 2);
    try {
      int rows = 2048;
      CompletableFuture<InferenceResult> result = new CompletableFuture<>();
      Entry running =
          (Entry)
              version.submit(
                  request(floats("x", new long[] {rows, 512}, new float[rows * 512])),
                  null,
                  result::complete);
      long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
      while (running.state() == Entry.WAITING && System.nanoTime() < giveUp) {
        Thread.onSpinWait();
      }

      running.cancel();

      assertThat(get(result)).isEqualTo(Endings.CANCELLED);
      assertThat(version.metric("nv_inference_exec_count")).isZero();
    } finally {
      version.close();
    }
  }
}
