package dev.skeg.benchmarks;

import dev.skeg.runtime.batch.BatchPolicy;
import dev.skeg.runtime.batch.Batcher;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.RequestTerms;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.os.Pace;
import dev.skeg.runtime.servable.Servable;
import dev.skeg.runtime.servable.ServableHandle;
import dev.skeg.runtime.telemetry.InferenceMetrics;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does the way through the batcher cost, from the claim on a version to the answer, when the
 * model itself costs nothing? On the event loop with an idle lane, alone and with others read in
 * the same turn; and by a lane's thread, the answer awaited.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class HandOffBenchmark {
  private static final int TURN = 16;

  private final Loop loop = new Loop();
  private Servable servable;
  private Batcher batcher;
  private InferenceRequest request;
  private volatile long answered;

  /** An event loop that turns when it is told to; one task at a time. */
  private static final class Loop implements Executor {
    private @Nullable Runnable task;

    @Override
    public void execute(Runnable next) {
      task = next;
    }

    void turn() {
      Runnable next = Objects.requireNonNull(task);
      task = null;
      next.run();
    }
  }

  @Setup
  public void prepare() {
    servable = IdleBackend.servable();
    batcher =
        new Batcher(
            servable,
            BatchPolicy.of(servable.config()),
            1,
            256,
            new InferenceMetrics().forVersion(servable.version()),
            reason -> {});
    batcher.measure(Pace.AT_ONCE);
    MemorySegment row = Arena.ofAuto().allocate((long) IdleBackend.FEATURES * Float.BYTES);
    request =
        new InferenceRequest(
            "idle",
            "",
            "",
            List.of(new Tensor("features", DataType.FP32, Shape.of(1, IdleBackend.FEATURES), row)),
            List.of(),
            RequestTerms.NONE,
            System.nanoTime());
  }

  @TearDown
  public void close() {
    servable.retire().join();
    batcher.free();
    servable.free();
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // One request at a time, or one thread for all.
  private void answer(InferenceResult result) {
    if (!(result instanceof InferenceResult.Completed completed)) {
      throw new IllegalStateException("not answered: " + result);
    }
    completed.outputs().close();
    answered++;
  }

  private ServableHandle claim() {
    return Objects.requireNonNull(servable.acquire());
  }

  @Benchmark
  public long onTheEventLoop() {
    var _ = batcher.submit(claim(), request, 1, loop, this::answer);
    loop.turn();
    return answered;
  }

  @Benchmark
  @OperationsPerInvocation(TURN)
  public long sixteenInOneTurn() {
    for (int i = 0; i < TURN; i++) {
      var _ = batcher.submit(claim(), request, 1, loop, this::answer);
    }
    loop.turn();
    return answered;
  }

  @Benchmark
  public long throughTheLanesThread() {
    long before = answered;
    var _ = batcher.submit(claim(), request, 1, null, this::answer);
    while (answered == before) {
      Thread.onSpinWait();
    }
    return answered;
  }
}
