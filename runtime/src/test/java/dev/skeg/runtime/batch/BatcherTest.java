package dev.skeg.runtime.batch;

import static dev.skeg.runtime.batch.TestVersion.floats;
import static dev.skeg.runtime.batch.TestVersion.get;
import static dev.skeg.runtime.batch.TestVersion.inOrder;
import static dev.skeg.runtime.batch.TestVersion.negation;
import static dev.skeg.runtime.batch.TestVersion.request;
import static dev.skeg.runtime.batch.TestVersion.row;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.InFlight;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.os.Pace;
import dev.skeg.runtime.testing.Engine;
import dev.skeg.runtime.testing.OnnxGraph;
import dev.skeg.runtime.testing.OnnxModels;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Requests to versions that the real engine runs. */
final class BatcherTest {
  @RegisterExtension static final Engine ENGINE = new Engine();

  /** Else what the first run happened to cost has a say in how many run together. */
  private static final String ALL_THAT_WAIT = "dynamic_batching { preferred_batch_size: [ 8 ] }";

  private static TestVersion version(byte[] model, String config, int lanes) {
    return new TestVersion(ENGINE.backend(), ENGINE.directory(), model, config, lanes);
  }

  @Test
  void whatOneTurnBroughtRunsTogetherOnTheEventLoop() {
    try (TestVersion version = version(negation(), "", 2)) {
      version.batcher.measure(Pace.AT_ONCE);
      List<CompletableFuture<InferenceResult>> results = new ArrayList<>();
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        CompletableFuture<InferenceResult> result = new CompletableFuture<>();
        var _ =
            version.submit(
                row(i),
                version.eventLoop(),
                answer -> {
                  threads.add(Thread.currentThread());
                  result.complete(answer);
                });
        results.add(result);
      }
      assertThat(results).noneMatch(CompletableFuture::isDone);

      version.turn();

      for (int i = 0; i < 5; i++) {
        assertThat(floats(results.get(i).getNow(null))).containsExactly(-(float) i, -2, -3);
      }
      assertThat(threads).containsOnly(Thread.currentThread());
      assertThat(version.metric("nv_inference_exec_count")).isEqualTo(1);
      assertThat(version.metric("nv_inference_count")).isEqualTo(5);
    }
  }

  @Test
  void whatNobodyKnowsTheCostOfRunsOnALane() {
    try (TestVersion version = version(negation(), "", 2)) {
      CompletableFuture<Thread> thread = new CompletableFuture<>();
      var _ =
          version.submit(
              row(1),
              version.eventLoop(),
              result -> {
                floats(result);
                thread.complete(Thread.currentThread());
              });

      version.turn();

      assertThat(thread.orTimeout(20, TimeUnit.SECONDS).join().getName()).startsWith("lane-m-");
    }
  }

  @Test
  void whatWaitedRunsTogetherWhenTheLaneIsFree() throws InterruptedException {
    try (TestVersion version = version(negation(), "", 1)) {
      List<CompletableFuture<InferenceResult>> results = new ArrayList<>();
      try (Blocker _ = new Blocker(version)) {
        for (int i = 0; i < 8; i++) {
          results.add(version.submit(row(i), null));
        }
      }

      for (int i = 0; i < 8; i++) {
        assertThat(floats(get(results.get(i)))).containsExactly(-(float) i, -2, -3);
      }
      // One by one it would be nine runs; a slow first one makes the next ones smaller.
      assertThat(version.metric("nv_inference_exec_count")).isBetween(2L, 5L);
    }
  }

  @Test
  void aRequestOfMoreRowsThanABatchIsSplitAndPutTogetherAgain() {
    try (TestVersion version = version(negation(), "", 2)) {
      version.batcher.measure(Pace.AT_ONCE);
      int rows = 1000;
      float[] values = new float[rows * 3];
      for (int i = 0; i < values.length; i++) {
        values[i] = i;
      }

      CompletableFuture<InferenceResult> result =
          version.submit(request(floats("x", new long[] {rows, 3}, values)), null);

      InferenceResult answer = get(result);
      assertThat(((InferenceResult.Completed) answer).outputs().get(0).shape())
          .isEqualTo(Shape.of(rows, 3));
      float[] negated = floats(answer);
      for (int i = 0; i < values.length; i++) {
        assertThat(negated[i]).isEqualTo(-values[i]);
      }
      assertThat(version.metric("nv_inference_count")).isEqualTo(rows);
      assertThat(version.metric("nv_inference_request_success")).isEqualTo(1);
    }
  }

  @Test
  void rowsOfDifferentShapesNeverRunTogether() throws InterruptedException {
    byte[] negation =
        new OnnxGraph()
            .input("x", DataType.FP32, "n", "k")
            .output("y", DataType.FP32, "n", "k")
            .node("Neg", List.of("x"), List.of("y"))
            .build();
    try (TestVersion version = version(negation, ALL_THAT_WAIT, 1)) {
      List<CompletableFuture<InferenceResult>> results = new ArrayList<>();
      try (Blocker _ = new Blocker(version)) {
        for (int i = 0; i < 6; i++) {
          float[] values = new float[i % 2 == 0 ? 2 : 5];
          values[0] = i;
          results.add(
              version.submit(request(floats("x", new long[] {1, values.length}, values)), null));
        }
      }

      for (int i = 0; i < 6; i++) {
        float[] answer = floats(get(results.get(i)));
        assertThat(answer).hasSize(i % 2 == 0 ? 2 : 5);
        assertThat(answer[0]).isEqualTo(-(float) i);
      }
      assertThat(version.metric("nv_inference_exec_count")).isEqualTo(3);
    }
  }

  @Test
  void stringsOfManyRequestsRunTogetherToo() throws InterruptedException {
    byte[] model = OnnxModels.identity(List.of(DataType.BYTES), "batch", 2);
    try (TestVersion version = version(model, ALL_THAT_WAIT, 1)) {
      List<CompletableFuture<InferenceResult>> results = new ArrayList<>();
      CountDownLatch taken = new CountDownLatch(1);
      CountDownLatch go = new CountDownLatch(1);
      var _ =
          version.submit(
              strings("first", ""),
              null,
              result -> {
                taken.countDown();
                try {
                  var _ = go.await(20, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
                ((InferenceResult.Completed) result).outputs().close();
              });
      assertThat(taken.await(20, TimeUnit.SECONDS)).isTrue();
      for (int i = 0; i < 4; i++) {
        results.add(version.submit(strings("a".repeat(i * 7), "😀" + i), null));
      }
      go.countDown();

      for (int i = 0; i < 4; i++) {
        InferenceResult.Completed answer = (InferenceResult.Completed) get(results.get(i));
        Tensor output = answer.outputs().get(0);
        assertThat(output.shape()).isEqualTo(Shape.of(1, 2));
        assertThat(output.data().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE))
            .isEqualTo(OnnxModels.wireStrings("a".repeat(i * 7), "😀" + i));
        answer.outputs().close();
      }
      assertThat(version.metric("nv_inference_exec_count")).isEqualTo(2);
    }
  }

  private static InferenceRequest strings(String... texts) {
    return request(
        new Tensor(
            "bytes_in",
            DataType.BYTES,
            Shape.of(1, texts.length),
            MemorySegment.ofArray(OnnxModels.wireStrings(texts))));
  }

  @Test
  void aRequestThatSpoilsABatchFailsAlone() throws InterruptedException {
    byte[] lookup =
        new OnnxGraph()
            .input("i", DataType.INT64, "n")
            .output("y", DataType.FP32, "n", 4)
            .floats("table", new long[] {3, 4}, 1)
            .node("Gather", List.of("table", "i"), List.of("y"))
            .build();
    try (TestVersion version = version(lookup, "max_batch_size: 16", 1)) {
      List<CompletableFuture<InferenceResult>> results = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        results.add(version.submit(index(i == 3 ? 99 : i % 3), version.eventLoop()));
      }
      version.turn();

      for (int i = 0; i < 8; i++) {
        InferenceResult result = get(results.get(i));
        if (i == 3) {
          assertThat(result).isInstanceOf(InferenceResult.Failed.class);
        } else {
          assertThat(floats(result)).hasSize(4);
        }
      }
      assertThat(version.quarantined).isEmpty();
    }
  }

  private static InferenceRequest index(long index) {
    byte[] data =
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(index).array();
    return request(new Tensor("i", DataType.INT64, Shape.of(1), MemorySegment.ofArray(data)));
  }

  @Test
  void aVersionThatFailsAgainAndAgainIsTakenOutOfServiceOnce() {
    try (TestVersion version = version(negation(), "", 1)) {
      for (int i = 0; i < 15; i++) {
        version.batcher.failures().failed(new IllegalStateException("broken"));
      }
      assertThat(floats(get(version.submit(row(1), null)))).containsExactly(-1, -2, -3);
      for (int i = 0; i < 15; i++) {
        version.batcher.failures().failed(new IllegalStateException("broken"));
      }
      assertThat(version.quarantined).isEmpty();

      version.batcher.failures().failed(new IllegalStateException("broken"));
      version.batcher.failures().failed(new IllegalStateException("broken"));

      assertThat(version.quarantined).hasSize(1).first().asString().contains("broken");
      assertThat(get(version.submit(row(1), null)))
          .isInstanceOfSatisfying(
              InferenceResult.Rejected.class,
              rejected -> assertThat(rejected.code()).isEqualTo(ErrorCode.UNAVAILABLE));
    }
  }

  @Test
  void aRunThatNobodyWaitsForEndsEarlyAndTheLaneGoesOn() {
    OnnxGraph chain = new OnnxGraph().input("x", DataType.FP32, "n", 1024);
    chain.output("y", DataType.FP32, "n", 1024).floats("w", new long[] {1024, 1024}, 1);
    String from = "x";
    for (int i = 0; i < 400; i++) {
      String to = i == 399 ? "y" : "h" + i;
      chain.node("MatMul", List.of(from, "w"), List.of(to));
      from = to;
    }
    try (TestVersion version = version(chain.build(), "max_batch_size: 512", 1)) {
      float[] values = new float[512 * 1024];
      CompletableFuture<InferenceResult> result = new CompletableFuture<>();
      InFlight running =
          version.submit(
              request(floats("x", new long[] {512, 1024}, values)), null, result::complete);
      long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
      while (((Entry) running).state() == Entry.WAITING && System.nanoTime() < giveUp) {
        Thread.onSpinWait();
      }

      running.cancel();

      assertThat(get(result)).isEqualTo(Endings.CANCELLED);
      assertThat(version.metric("nv_inference_exec_count")).isZero();
      assertThat(
              floats(
                  get(
                      version.submit(
                          request(floats("x", new long[] {1, 1024}, new float[1024])), null))))
          .hasSize(1024);
    }
  }

  @Test
  void answersThatAreHeldKeepTheirValues() {
    try (TestVersion version = version(negation(), "", 1)) {
      version.batcher.measure(Pace.AT_ONCE);
      List<InferenceResult.Completed> held = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        CompletableFuture<InferenceResult> result = version.submit(row(i), version.eventLoop());
        version.turn();
        held.add((InferenceResult.Completed) get(result));
      }

      for (int i = 0; i < 20; i++) {
        assertThat(floats(held.get(i))).containsExactly(-(float) i, -2, -3);
      }
    }
  }

  @Test
  void answersLeaveInTheOrderOfTheRequestsWhereThatIsAskedFor() throws InterruptedException {
    String config = "max_batch_size: 1 dynamic_batching { preserve_ordering: true }";
    try (TestVersion version = version(negation(), config, 4)) {
      List<Float> order = java.util.Collections.synchronizedList(new ArrayList<>());
      List<CompletableFuture<InferenceResult>> results = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        results.add(inOrder(version, row(i), order));
      }
      results.forEach(TestVersion::get);

      for (int i = 0; i < 60; i++) {
        assertThat(order.get(i)).isEqualTo(i);
      }
    }
  }

  @Test
  void aBatchWaitsForThePreferredSizeButNoLongerThanAllowed() {
    String config =
        """
        max_batch_size: 8
        dynamic_batching { preferred_batch_size: 4 max_queue_delay_microseconds: 60000000 }
        """;
    try (TestVersion version = version(negation(), config, 1)) {
      List<CompletableFuture<InferenceResult>> results = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        results.add(version.submit(row(i), version.eventLoop()));
        version.turn();
        assertThat(results).filteredOn(CompletableFuture::isDone).hasSizeLessThan(i == 3 ? 5 : 1);
      }

      for (int i = 0; i < 4; i++) {
        assertThat(floats(get(results.get(i)))).containsExactly(-(float) i, -2, -3);
      }
      assertThat(version.metric("nv_inference_exec_count")).isEqualTo(1);
    }
    String impatient =
        """
        max_batch_size: 8
        dynamic_batching { preferred_batch_size: 4 max_queue_delay_microseconds: 1000 }
        """;
    try (TestVersion version = version(negation(), impatient, 1)) {
      assertThat(floats(get(version.submit(row(9), null)))).containsExactly(-9, -2, -3);
    }
  }

  @Test
  void anAnswerThatCannotBeTakenStopsNothing() {
    try (TestVersion version = version(negation(), "", 1)) {
      var _ =
          version.submit(
              row(1),
              null,
              result -> {
                floats(result);
                throw new IllegalStateException("the transport broke");
              });

      assertThat(floats(get(version.submit(row(2), null)))).containsExactly(-2, -2, -3);
    }
  }

  @Test
  void anAnswerMayBringTheNextRequest() {
    try (TestVersion version = version(negation(), "", 1)) {
      version.batcher.measure(Pace.AT_ONCE);
      CompletableFuture<InferenceResult> second = new CompletableFuture<>();
      var _ =
          version.submit(
              row(1),
              version.eventLoop(),
              result -> {
                floats(result);
                var _ = version.submit(row(2), version.eventLoop(), second::complete);
              });

      version.turn();

      assertThat(floats(get(second))).containsExactly(-2, -2, -3);
    }
  }
}
