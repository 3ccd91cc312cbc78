package dev.skeg.runtime.tap;

import dev.skeg.monitor.record.RecordRing;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.RequestTerms;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
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
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does it cost the thread that answers a request to record its row of 20 features and an
 * output, and does it allocate? Run with {@code -prof gc}. The ring is freed by the same thread,
 * which is in the figure; filling the profiles is not.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class LaneTapBenchmark {
  private static final int FEATURES = 20;
  private static final int FREED = 64;

  /** The request's id: none, or one as clients make them. */
  @Param({"", "5f3c2a9e-8f1b-4c61-9d0e-2b7a64c1f0aa"})
  String id = "";

  private final int[] offsets = new int[FREED];
  private LaneTap tap;
  private VersionTap version;
  private TapPlan plan;
  private InferenceRequest request;
  private MemorySegment[] inputs;
  private MemorySegment[] outputs;
  private int recorded;

  @Setup
  public void prepare() {
    Signature signature =
        new Signature(
            List.of(
                new TensorSpec(
                    "features", DataType.FP32, Shape.of(Shape.VARIABLE, FEATURES), false)),
            List.of(new TensorSpec("score", DataType.FP32, Shape.of(Shape.VARIABLE, 1), false)));
    version = new VersionTap();
    TapLayout layout = TapPlanner.plan(signature, FeatureOptions.NONE).layout();
    version.watch(layout);
    tap = version.lane();
    plan = layout.plan(new int[] {0}, new long[] {FEATURES}, new int[] {0}, new long[] {1});
    Arena arena = Arena.ofAuto();
    inputs = new MemorySegment[] {arena.allocate(4 * FEATURES, 64)};
    outputs = new MemorySegment[] {arena.allocate(4, 64)};
    request =
        new InferenceRequest(
            "m", "", id, List.of(), List.of(), RequestTerms.NONE, System.nanoTime());
  }

  /** Records a row, as a lane does after the answer. */
  @Benchmark
  public int oneRow() {
    if (tap.watched() != null) {
      tap.record(plan, request, inputs, outputs, 0, 0, 1);
      tap.publish();
    }
    if (++recorded == FREED) {
      recorded = 0;
      RecordRing ring = version.rings().getFirst();
      ring.free(ring.read(offsets));
    }
    return recorded;
  }
}
