package dev.skeg.runtime.batch;

import dev.skeg.runtime.backend.BatchSlot;
import dev.skeg.runtime.backend.RunControl;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.servable.RandomTensor;
import dev.skeg.runtime.servable.Servable;
import dev.skeg.runtime.servable.ServableHandle;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Measures what batches of a version cost, before it is published: made-up rows of the right shape,
 * in sizes that double, a few runs of each, of which the fastest counts. That warms each size too.
 *
 * <p>A version whose rows do not stand for themselves is not run on made-up data: its integers may
 * be steps or lengths, and there are some by which ONNX Runtime ends the process.
 *
 * <p><b>Threads.</b> One at a time.
 */
final class CostProbe {
  private static final int RUNS = 5;

  /** Once this much time has gone, no size runs again, and no larger one at all, but for warmth. */
  private static final long BUDGET_NANOS = 250_000_000;

  /** Sizes up to this run once all the same, as requests will bring them: to be warm. */
  private static final int WARMED_ROWS = 64;

  private static final long WARMING_NANOS = 10_000_000_000L;

  /** Extent of dimensions that requests choose, other than the rows. */
  private static final long EXTENT = 4;

  /** Bounds tried for integers, which may be indexes into something small. */
  private static final int[] INTEGER_BOUNDS = {10, 2};

  private static final int SEED = 7;

  private final LongSupplier nanoTime;
  private final Servable servable;
  private final @Nullable ShapeClass shape;
  private int bound; // With which the model runs; 0 as long as that is not known.

  CostProbe(Servable servable, ShapeClasses shapes) {
    this(servable, shapes, System::nanoTime);
  }

  CostProbe(Servable servable, ShapeClasses shapes, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.servable = servable;
    this.shape = shapes.typical(EXTENT);
  }

  /**
   * Measures; what the model does not run on made-up data is learnt from requests instead.
   *
   * @return whether it ran
   */
  boolean measure() {
    ShapeClass typical = shape;
    if (typical == null) {
      return false;
    }
    try (ServableHandle handle = servable.acquire()) {
      if (handle == null) {
        return false;
      }
      for (int each : INTEGER_BOUNDS) {
        try {
          measure(handle, typical, each);
          bound = each;
          return true;
        } catch (ServingException unfit) {
          // Another bound, or none.
        }
      }
    }
    return false;
  }

  /** Runs one made-up row of those that ran before; returns whether that goes well. */
  boolean runs() {
    ShapeClass typical = shape;
    return typical != null
        && bound != 0
        && runs(servable, () -> inputs(typical, 1, bound, new SplittableRandom(SEED)));
  }

  /** Runs a version; returns whether it is there and that goes well. */
  static boolean runs(Servable servable, Supplier<List<Tensor>> inputs) {
    try (ServableHandle handle = servable.acquire()) {
      if (handle != null) {
        run(handle, inputs.get());
      }
      return handle != null;
    } catch (RuntimeException | Error e) {
      return false;
    }
  }

  private void measure(ServableHandle handle, ShapeClass typical, int integers) {
    SplittableRandom random = new SplittableRandom(SEED);
    long began = nanoTime.getAsLong();
    if (typical.slots() == null) {
      for (int rows = 1; rows <= typical.capacity() && isWanted(rows, began); rows *= 2) {
        List<Tensor> inputs = inputs(typical, rows, integers, random);
        typical.cost().set(rows, fastest(began, () -> run(handle, inputs)));
      }
      return;
    }
    try (BatchSlot slot = servable.openSlot(typical.slotShape());
        RunControl control = servable.openControl()) {
      for (int rows = 1; rows <= typical.slotRows() && isWanted(rows, began); rows *= 2) {
        List<Tensor> inputs = inputs(typical, rows, integers, random);
        for (int i = 0; i < inputs.size(); i++) {
          MemorySegment data = inputs.get(i).data();
          MemorySegment.copy(data, 0, slot.input(i), 0, data.byteSize());
        }
        int count = rows;
        typical.cost().set(rows, fastest(began, () -> slot.run(count, control)));
      }
    }
  }

  private boolean isWanted(int rows, long began) {
    return !isOver(began, rows <= WARMED_ROWS ? WARMING_NANOS : BUDGET_NANOS);
  }

  private boolean isOver(long began, long budgetNanos) {
    return nanoTime.getAsLong() - began > budgetNanos;
  }

  private static void run(ServableHandle handle, List<Tensor> inputs) {
    try (InferenceOutputs outputs = handle.run(inputs, List.of())) {
      if (outputs.size() == 0) {
        throw new IllegalStateException("a model without outputs");
      }
    }
  }

  private long fastest(long began, Runnable run) {
    long fastest = Long.MAX_VALUE;
    for (int i = 0; i < RUNS && (i == 0 || !isOver(began, BUDGET_NANOS)); i++) {
      long start = nanoTime.getAsLong();
      run.run();
      fastest = Math.min(fastest, nanoTime.getAsLong() - start);
    }
    return fastest;
  }

  private static List<Tensor> inputs(
      ShapeClass shape, int rows, int bound, SplittableRandom random) {
    List<Tensor> inputs = new ArrayList<>();
    for (int i = 0; i < shape.inputCount(); i++) {
      inputs.add(RandomTensor.of(shape.inputSpec(i), shape.inputShape(i, rows), bound, random));
    }
    return inputs;
  }
}
