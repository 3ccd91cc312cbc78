package dev.skeg.benchmarks;

import dev.skeg.runtime.backend.Backend;
import dev.skeg.runtime.backend.BackendModel;
import dev.skeg.runtime.backend.BatchSlot;
import dev.skeg.runtime.backend.LoadOptions;
import dev.skeg.runtime.backend.RunControl;
import dev.skeg.runtime.backend.SlotShape;
import dev.skeg.runtime.backend.UnsupportedOutput;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.TensorSpec;
import dev.skeg.runtime.os.Pace;
import dev.skeg.runtime.servable.LoadRequest;
import dev.skeg.runtime.servable.Loader;
import dev.skeg.runtime.servable.Servable;
import inference.ModelConfigOuterClass.ModelConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/**
 * An engine whose runs do nothing, so that what is measured is all around them. Its one model has
 * the bench MLP's signature: {@code features} FP32 {@code [batch, 32]} to {@code score} FP32 {@code
 * [batch, 1]}; every score is whatever the slot's memory holds.
 */
public final class IdleBackend implements Backend {
  /** Values in a row of {@code features}. */
  public static final int FEATURES = 32;

  /** Rows in one batch at most. */
  public static final int MAX_ROWS = 64;

  private static final Shape FEATURE_ROWS = Shape.of(Shape.VARIABLE, FEATURES);
  private static final Shape SCORE_ROWS = Shape.of(Shape.VARIABLE, 1);

  private final Function<SlotShape, BatchSlot> slots;

  /**
   * @param slots makes the memory for batches
   */
  public IdleBackend(Function<SlotShape, BatchSlot> slots) {
    this.slots = slots;
  }

  /** Loads the model, batchable, with memory off the heap. */
  public static Servable servable() {
    return servable(OffHeapSlot::new);
  }

  /** Loads the model, batchable, with memory from {@code slots}. */
  public static Servable servable(Function<SlotShape, BatchSlot> slots) {
    return new Loader(new IdleBackend(slots))
        .load(
            new LoadRequest(
                new ModelVersion("idle", 1),
                Path.of("idle.model"),
                ModelConfig.newBuilder().setMaxBatchSize(MAX_ROWS).build(),
                true,
                1),
            Pace.AT_ONCE);
  }

  @Override
  public String name() {
    return "idle";
  }

  @Override
  public String platform() {
    return "idle_model";
  }

  @Override
  public String version() {
    return "1";
  }

  @Override
  public BackendModel load(LoadOptions options) {
    return new IdleModel(slots);
  }

  @Override
  public void close() {}

  private static final class IdleModel implements BackendModel {
    private final Function<SlotShape, BatchSlot> slots;

    IdleModel(Function<SlotShape, BatchSlot> slots) {
      this.slots = slots;
    }

    @Override
    public Signature signature() {
      return new Signature(
          List.of(new TensorSpec("features", DataType.FP32, FEATURE_ROWS, false)),
          List.of(new TensorSpec("score", DataType.FP32, SCORE_ROWS, false)));
    }

    @Override
    public List<UnsupportedOutput> unsupportedOutputs() {
      return List.of();
    }

    @Override
    public boolean hasCommonFirstDimension() {
      return true;
    }

    @Override
    public InferenceOutputs run(List<Tensor> inputs, int[] outputs) {
      long rows = inputs.getFirst().shape().dim(0);
      MemorySegment data = MemorySegment.ofArray(new byte[Math.toIntExact(rows * Float.BYTES)]);
      return new OneOutput(new Tensor("score", DataType.FP32, Shape.of(rows, 1), data));
    }

    @Override
    public InferenceOutputs run(List<Tensor> inputs, int[] outputs, RunControl control) {
      return run(inputs, outputs);
    }

    @Override
    public RunControl openControl() {
      return new IdleControl();
    }

    @Override
    public BatchSlot openSlot(SlotShape shape) {
      return slots.apply(shape);
    }

    @Override
    public void close() {}
  }

  /** Nothing to end: a run is over at once. */
  private static final class IdleControl implements RunControl {
    @Override
    public void terminate() {}

    @Override
    public void clear() {}

    @Override
    public void close() {}
  }

  /** Memory as a real engine has it: off the heap, aligned to 64 bytes. */
  private static final class OffHeapSlot implements BatchSlot {
    private static final int ALIGNMENT = 64;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment features;
    private final MemorySegment scores;

    OffHeapSlot(SlotShape shape) {
      features = arena.allocate((long) shape.rows() * FEATURES * Float.BYTES, ALIGNMENT);
      scores = arena.allocate((long) shape.rows() * Float.BYTES, ALIGNMENT);
    }

    @Override
    public MemorySegment input(int index) {
      return features;
    }

    @Override
    public MemorySegment output(int index) {
      return scores;
    }

    @Override
    public void run(int rows, RunControl control) {}

    @Override
    public void close() {
      arena.close();
    }
  }
}
