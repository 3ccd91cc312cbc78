package dev.skeg.runtime.batch;

import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Puts the answer to a request together whose rows run in several batches.
 *
 * <p><b>Threads.</b> Any; each part writes rows of its own, and the last one to come sees them all.
 */
final class Assembly {
  private final Entry entry;
  private final AtomicInteger rowsLeft;
  private final AtomicReference<@Nullable InferenceResult> failure = new AtomicReference<>();
  private final Queue<RunToken> runs = new ConcurrentLinkedQueue<>();
  private MemorySegment @Nullable [] outputs; // Made with the first part.

  Assembly(Entry entry) {
    this.entry = entry;
    this.rowsLeft = new AtomicInteger(entry.rows);
  }

  /** Returns why the answer to so many rows cannot be put together, for the client; else null. */
  static @Nullable String error(ShapeClass shape, int rows) {
    for (int i = 0; i < shape.outputCount(); i++) {
      long most = (Integer.MAX_VALUE - 8) / Math.max(1, shape.outputRowBytes(i));
      if (rows > most) {
        return "the request has "
            + rows
            + " rows, but output '"
            + shape.outputSpec(i).name()
            + "' would be longer than 2 GiB (expected: at most "
            + most
            + " rows)";
      }
    }
    return null;
  }

  /** Notes a run that serves a part. */
  void addRun(RunToken token) {
    runs.add(token);
  }

  /** Takes out a run that may still serve a part; null if there is none. */
  @Nullable RunToken pollRun() {
    return runs.poll();
  }

  /** Returns whether no further part need run. */
  boolean hasFailed() {
    return failure.get() != null;
  }

  /** Notes the answer of some rows; returns the request's result if these were the last. */
  @Nullable InferenceResult add(int firstRow, int rows, InferenceResult part) {
    if (part instanceof InferenceResult.Completed completed) {
      try (InferenceOutputs results = completed.outputs()) {
        copy(firstRow, results);
      } catch (OutOfMemoryError e) {
        failure.compareAndSet(
            null,
            new InferenceResult.Failed(
                completed.servedBy(),
                "there is no memory for the answer to " + entry.rows + " rows"));
      }
    } else if (failure.compareAndSet(null, part)) {
      entry.leaveRuns();
    }
    if (rowsLeft.addAndGet(-rows) > 0) {
      return null;
    }
    InferenceResult failed = failure.get();
    if (failed != null || !(part instanceof InferenceResult.Completed completed)) {
      return failed == null ? part : failed;
    }
    // The time before its last part ran counts as waiting.
    return new InferenceResult.Completed(completed.servedBy(), whole(), completed.timings());
  }

  private void copy(int firstRow, InferenceOutputs results) {
    MemorySegment[] targets = targets();
    for (int i = 0; i < targets.length; i++) {
      MemorySegment data = results.get(i).data();
      long offset = firstRow * entry.shape.outputRowBytes(i);
      MemorySegment.copy(data, 0, targets[i], offset, data.byteSize());
    }
  }

  private synchronized MemorySegment[] targets() {
    if (outputs == null) {
      MemorySegment[] made = new MemorySegment[entry.shape.outputCount()];
      for (int i = 0; i < made.length; i++) {
        int bytes = Math.toIntExact(entry.shape.outputRowBytes(i) * entry.rows);
        made[i] = MemorySegment.ofArray(new byte[bytes]);
      }
      outputs = made;
    }
    return outputs;
  }

  private InferenceOutputs whole() {
    MemorySegment[] data = targets();
    Tensor[] tensors = new Tensor[data.length];
    for (int i = 0; i < tensors.length; i++) {
      tensors[i] =
          new Tensor(
              entry.shape.outputSpec(i).name(),
              entry.shape.outputSpec(i).type(),
              entry.shape.outputShape(i, entry.rows),
              data[i]);
    }
    return new TensorList(tensors, null, entry.handle);
  }
}
