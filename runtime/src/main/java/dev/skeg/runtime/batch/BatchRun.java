package dev.skeg.runtime.batch;

import dev.skeg.runtime.backend.BatchSlot;
import dev.skeg.runtime.backend.RunControl;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Runs a batch: in a slot, where its rows are of fixed length; where its inputs lie, if there is
 * only one request and it is large or the first of its shape, which may never come again; else in
 * memory gathered for the one run.
 *
 * <p><b>Threads.</b> The baton holder's.
 */
final class BatchRun {
  /** Inputs of a request that runs alone are not copied into a slot if they are longer. */
  private static final long DIRECT_BYTES = 64 << 10;

  private static final int ALIGNMENT = 64;

  private final Batch batch;

  BatchRun(Batch batch) {
    this.batch = batch;
  }

  /**
   * Runs the batch.
   *
   * @param control by which the run can be ended
   * @throws ServingException if the engine failed
   */
  Answers run(RunControl control, long startNanos) {
    ShapeClass shape = batch.shape();
    SlotPool slots = shape.slots();
    boolean isAlone = batch.size() == 1;
    if (isAlone
        && (slots == null
            || !shape.isRecent()
            || (shape.rowBytes() * batch.rows() > DIRECT_BYTES && isReadable(batch.entry(0))))) {
      return runAlone(0, control, startNanos);
    }
    if (slots != null && batch.rows() <= shape.slotRows()) {
      SlotPool.PooledSlot slot = slots.take();
      if (slot != null) {
        return runInSlot(slots, slot, control, startNanos);
      }
    }
    return isAlone ? runAlone(0, control, startNanos) : runGathered(control, startNanos);
  }

  /** Returns whether an engine can read a request's inputs where they lie. */
  private static boolean isReadable(Entry entry) {
    for (Tensor input : entry.request.inputs()) {
      MemorySegment data = input.data();
      if (!data.isNative()
          || (input.type().isFixedSize() && data.address() % input.type().size() != 0)) {
        return false;
      }
    }
    return true;
  }

  /** Runs one of the batch's requests where its inputs lie. */
  Answers runAlone(int index, long startNanos) {
    return runAlone(index, null, startNanos);
  }

  private Answers runAlone(int index, @Nullable RunControl control, long startNanos) {
    Entry entry = batch.entry(index);
    List<Tensor> inputs = inputs(batch, index);
    InferenceOutputs outputs =
        control == null
            ? entry.handle.run(inputs, entry.request.outputs())
            : entry.handle.run(inputs, entry.request.outputs(), control);
    return new TensorAnswers(batch, outputs, true, startNanos, System.nanoTime());
  }

  /** Returns the inputs of those rows of a request that the batch has. */
  static List<Tensor> inputs(Batch batch, int index) {
    Entry entry = batch.entry(index);
    return batch.isWhole(index)
        ? entry.request.inputs()
        : part(entry, batch.firstRow(index), batch.rowCount(index));
  }

  private static List<Tensor> part(Entry entry, int firstRow, int rows) {
    List<Tensor> parts = new ArrayList<>();
    for (Tensor input : entry.request.inputs()) {
      parts.add(part(input, firstRow, rows));
    }
    return parts;
  }

  private static Tensor part(Tensor input, int firstRow, int rows) {
    Shape row = ShapeClass.row(input.shape());
    long rowBytes = Tensor.byteSize(input.type(), row.elementCount());
    return new Tensor(
        input.name(),
        input.type(),
        ShapeClass.withRows(row, rows),
        input.data().asSlice(firstRow * rowBytes, rows * rowBytes));
  }

  /** Copies the rows into a slot and runs them there. */
  private Answers runInSlot(
      SlotPool slots, SlotPool.PooledSlot slot, RunControl control, long startNanos) {
    Answers answers = null;
    try {
      fill(slot.memory());
      long readyNanos = System.nanoTime();
      slot.memory().run(batch.rows(), control);
      long endNanos = System.nanoTime();
      answers =
          new SlotAnswers(
              batch, slots, slot, readyNanos - startNanos, endNanos - readyNanos, endNanos);
      return answers;
    } finally {
      if (answers == null) {
        slots.put(slot);
      }
    }
  }

  /** Copies the batch's rows, one behind the other, into a slot that has room for them. */
  void fill(BatchSlot slot) {
    ShapeClass shape = batch.shape();
    long row = 0;
    for (int i = 0; i < batch.size(); i++) {
      List<Tensor> inputs = batch.entry(i).request.inputs();
      for (int k = 0; k < inputs.size(); k++) {
        Tensor input = inputs.get(k);
        int position = shape.inputPosition(input.name(), k);
        long rowBytes = shape.inputRowBytes(position);
        MemorySegment.copy(
            input.data(),
            batch.firstRow(i) * rowBytes,
            slot.input(position),
            row * rowBytes,
            batch.rowCount(i) * rowBytes);
      }
      row += batch.rowCount(i);
    }
  }

  /** Puts the requests' inputs one behind the other, of whatever length each row is. */
  private Answers runGathered(RunControl control, long startNanos) {
    try (Arena memory = Arena.ofConfined()) {
      Entry first = batch.entry(0);
      InferenceOutputs outputs =
          first.handle.run(gathered(memory), first.request.outputs(), control);
      requireRows(outputs);
      return new TensorAnswers(batch, outputs, batch.size() == 1, startNanos, System.nanoTime());
    }
  }

  private List<Tensor> gathered(Arena memory) {
    ShapeClass shape = batch.shape();
    List<Tensor> together = new ArrayList<>();
    for (int position = 0; position < shape.inputCount(); position++) {
      String name = shape.inputSpec(position).name();
      long bytes = 0;
      List<Tensor> parts = new ArrayList<>();
      for (int i = 0; i < batch.size(); i++) {
        Tensor part = input(i, name);
        parts.add(part);
        bytes += part.data().byteSize();
      }
      MemorySegment data = memory.allocate(Math.max(1, bytes), ALIGNMENT).asSlice(0, bytes);
      long offset = 0;
      for (Tensor part : parts) {
        MemorySegment.copy(part.data(), 0, data, offset, part.data().byteSize());
        offset += part.data().byteSize();
      }
      Shape row = ShapeClass.row(parts.getFirst().shape());
      together.add(
          new Tensor(name, parts.getFirst().type(), ShapeClass.withRows(row, batch.rows()), data));
    }
    return together;
  }

  private void requireRows(InferenceOutputs outputs) {
    for (int i = 0; i < outputs.size(); i++) {
      Shape given = outputs.get(i).shape();
      if (given.rank() == 0 || given.dim(0) != batch.rows()) {
        String name = outputs.get(i).name();
        outputs.close();
        throw new ServingException(
            ErrorCode.INTERNAL,
            "output '"
                + name
                + "' has shape "
                + given
                + " for a batch of "
                + batch.rows()
                + " rows: the model has no batch dimension (expected: max_batch_size: 0)");
      }
    }
  }

  private Tensor input(int index, String name) {
    Entry entry = batch.entry(index);
    for (Tensor input : entry.request.inputs()) {
      if (input.name().equals(name)) {
        return batch.isWhole(index)
            ? input
            : part(input, batch.firstRow(index), batch.rowCount(index));
      }
    }
    throw new IllegalStateException("a request of this class has no input " + name);
  }
}
