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

/**
 * Measures what batches of a version cost, before it is published: made-up rows of the right shape,
 * in sizes that double, a few runs of each, of which the fastest counts.
 *
 * <p><b>Threads.</b> The one that loads.
 */
final class CostProbe {
  private static final int RUNS = 5;

  /** No further size is measured once this much time has gone. */
  private static final long BUDGET_NANOS = 250_000_000;

  /** Extent of dimensions that requests choose, other than the rows. */
  private static final long EXTENT = 4;

  /** Bounds tried for integers, which may be indexes into something small. */
  private static final int[] INTEGER_BOUNDS = {10, 2};

  private CostProbe() {}

  /** Measures; what the model does not run on made-up data is learnt from requests instead. */
  static void measure(Servable servable, ShapeClasses shapes) {
    ShapeClass shape = shapes.typical(EXTENT);
    if (shape == null) {
      return;
    }
    try (ServableHandle handle = servable.acquire()) {
      if (handle == null) {
        return;
      }
      for (int bound : INTEGER_BOUNDS) {
        try {
          measure(servable, handle, shape, bound);
          return;
        } catch (ServingException unfit) {
          // Another bound, or none.
        }
      }
    }
  }

  private static void measure(
      Servable servable, ServableHandle handle, ShapeClass shape, int bound) {
    SplittableRandom random = new SplittableRandom(7);
    long began = System.nanoTime();
    if (shape.slotRows() == 0) {
      for (int rows = 1; rows <= shape.capacity() && !isOver(began); rows *= 2) {
        List<Tensor> inputs = inputs(shape, rows, bound, random);
        shape.cost().set(rows, fastest(began, () -> run(handle, inputs)));
      }
      return;
    }
    try (BatchSlot slot = servable.openSlot(shape.slotShape());
        RunControl control = servable.openControl()) {
      for (int rows = 1; rows <= shape.slotRows() && !isOver(began); rows *= 2) {
        List<Tensor> inputs = inputs(shape, rows, bound, random);
        for (int i = 0; i < inputs.size(); i++) {
          MemorySegment data = inputs.get(i).data();
          MemorySegment.copy(data, 0, slot.input(i), 0, data.byteSize());
        }
        int count = rows;
        shape.cost().set(rows, fastest(began, () -> slot.run(count, control)));
      }
    }
  }

  private static boolean isOver(long began) {
    return System.nanoTime() - began > BUDGET_NANOS;
  }

  private static void run(ServableHandle handle, List<Tensor> inputs) {
    try (InferenceOutputs outputs = handle.run(inputs, List.of())) {
      if (outputs.size() == 0) {
        throw new IllegalStateException("a model without outputs");
      }
    }
  }

  private static long fastest(long began, Runnable run) {
    long fastest = Long.MAX_VALUE;
    for (int i = 0; i < RUNS && (i == 0 || !isOver(began)); i++) {
      long start = System.nanoTime();
      run.run();
      fastest = Math.min(fastest, System.nanoTime() - start);
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
