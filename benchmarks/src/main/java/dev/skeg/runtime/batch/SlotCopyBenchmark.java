package dev.skeg.runtime.batch;

import dev.skeg.benchmarks.IdleBackend;
import dev.skeg.runtime.backend.BatchSlot;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.RequestTerms;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.servable.Servable;
import dev.skeg.runtime.telemetry.InferenceMetrics;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does it cost to copy the inputs of a batch into its slot, for so many requests of one row of
 * 32 floats each?
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class SlotCopyBenchmark {
  @Param({"1", "32"})
  int rows;

  private Servable servable;
  private BatchSlot slot;
  private Batch batch;
  private BatchRun run;

  @Setup
  public void prepare() {
    servable = IdleBackend.servable();
    BatchPolicy policy = BatchPolicy.of(servable.config());
    Batcher batcher =
        new Batcher(
            servable,
            policy,
            1,
            1,
            new InferenceMetrics().forVersion(servable.version()),
            reason -> {});
    ShapeClass shape =
        Objects.requireNonNull(new ShapeClasses(servable, true, policy.maxRows(), 1).typical(1));
    slot = servable.openSlot(shape.slotShape());
    batch = new Batch();
    run = new BatchRun(batch);
    for (int i = 0; i < rows; i++) {
      batch.add(entry(batcher, shape), 0, 1);
    }
  }

  /** A request whose inputs lie in memory of their own, off the heap, as a network buffer does. */
  private Entry entry(Batcher batcher, ShapeClass shape) {
    MemorySegment row = Arena.ofAuto().allocate((long) IdleBackend.FEATURES * Float.BYTES);
    Tensor features = new Tensor("features", DataType.FP32, Shape.of(1, IdleBackend.FEATURES), row);
    return new Entry(
        batcher,
        Objects.requireNonNull(servable.acquire()),
        new InferenceRequest("idle", "", "", List.of(features), List.of(), RequestTerms.NONE, 0),
        result -> {},
        shape,
        1,
        0);
  }

  @TearDown
  public void close() {
    slot.close();
  }

  @Benchmark
  public BatchSlot copy() {
    run.fill(slot);
    return slot;
  }
}
