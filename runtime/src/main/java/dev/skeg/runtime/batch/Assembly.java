package dev.skeg.runtime.batch;

import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Puts the answer to a request together whose rows ran in several batches.
 *
 * <p><b>Threads.</b> Any; each part writes rows of its own, and the last one to come sees them all.
 */
final class Assembly {
  private final Entry entry;
  private final MemorySegment[] outputs;
  private final AtomicInteger rowsLeft;
  private final AtomicReference<@Nullable InferenceResult> failure = new AtomicReference<>();

  Assembly(Entry entry) {
    ShapeClass shape = entry.shape;
    this.entry = entry;
    this.rowsLeft = new AtomicInteger(entry.rows);
    this.outputs = new MemorySegment[shape.outputCount()];
    for (int i = 0; i < outputs.length; i++) {
      int bytes = Math.toIntExact(shape.outputRowBytes(i) * entry.rows);
      outputs[i] = MemorySegment.ofArray(new byte[bytes]);
    }
  }

  /** Notes the answer of some rows; returns the request's result if these were the last. */
  @Nullable InferenceResult add(int firstRow, int rows, InferenceResult part) {
    if (part instanceof InferenceResult.Completed completed) {
      try (InferenceOutputs results = completed.outputs()) {
        for (int i = 0; i < outputs.length; i++) {
          MemorySegment data = results.get(i).data();
          long offset = firstRow * entry.shape.outputRowBytes(i);
          MemorySegment.copy(data, 0, outputs[i], offset, data.byteSize());
        }
      }
    } else {
      failure.compareAndSet(null, part);
    }
    if (rowsLeft.addAndGet(-rows) > 0) {
      return null;
    }
    InferenceResult failed = failure.get();
    if (failed != null || !(part instanceof InferenceResult.Completed completed)) {
      return failed == null ? part : failed;
    }
    // The time before its last part ran counts as waiting.
    return new InferenceResult.Completed(completed.servedBy(), outputs(), completed.timings());
  }

  private InferenceOutputs outputs() {
    Tensor[] tensors = new Tensor[outputs.length];
    for (int i = 0; i < tensors.length; i++) {
      tensors[i] =
          new Tensor(
              entry.shape.outputSpec(i).name(),
              entry.shape.outputSpec(i).type(),
              entry.shape.outputShape(i, entry.rows),
              outputs[i]);
    }
    return new TensorList(tensors, null);
  }
}
