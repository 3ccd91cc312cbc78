package dev.skeg.runtime.backend.onnx;

import dev.skeg.runtime.backend.BatchSlot;
import dev.skeg.runtime.backend.RunControl;
import dev.skeg.runtime.backend.SlotShape;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * A slot whose tensors the engine knows: an OrtValue for every tensor and every number of rows,
 * created when a batch first has that many, over the same memory. Outputs are written where the
 * slot has them, so that a run copies nothing.
 *
 * <p><b>Threads.</b> As {@link BatchSlot} says.
 */
final class OnnxSlot implements BatchSlot {
  private static final int ALIGNMENT = 64;

  private final OrtApi api;
  private final long session;
  private final long memoryInfo;
  private final Arena arena;
  private final MemorySegment[] inputs;
  private final MemorySegment[] outputs;
  private final Part[] parts; // Inputs, then outputs.
  private final long inputNames;
  private final long outputNames;
  private final long[] values; // By rows: the address of an array of as many values as parts; or 0.
  private boolean closed;

  /** One tensor of the slot. */
  private record Part(DataType type, Shape row, MemorySegment memory, long rowBytes) {}

  @SuppressWarnings("MustBeClosedChecker") // close() closes the arena.
  OnnxSlot(
      OrtApi api,
      long session,
      long memoryInfo,
      Signature signature,
      SlotShape shape,
      OnnxModel model) {
    this.api = api;
    this.session = session;
    this.memoryInfo = memoryInfo;
    this.arena = Arena.ofShared();
    this.values = new long[shape.rows() + 1];
    this.inputs = new MemorySegment[shape.inputs().size()];
    this.outputs = new MemorySegment[shape.outputs().size()];
    this.parts = new Part[inputs.length + outputs.length];
    try {
      MemorySegment names = arena.allocate(ValueLayout.JAVA_LONG, Math.max(1, parts.length));
      this.inputNames = names.address();
      this.outputNames = inputNames + (long) inputs.length * Long.BYTES;
      List<TensorSpec> inputSpecs = signature.inputs();
      for (int i = 0; i < inputs.length; i++) {
        int index = shape.inputs().get(i);
        parts[i] = part(inputSpecs.get(index), shape.inputRows().get(i), shape.rows());
        inputs[i] = parts[i].memory();
        names.setAtIndex(ValueLayout.JAVA_LONG, i, model.inputName(index));
      }
      List<TensorSpec> outputSpecs = signature.outputs();
      for (int i = 0; i < outputs.length; i++) {
        int index = shape.outputs().get(i);
        int position = inputs.length + i;
        parts[position] = part(outputSpecs.get(index), shape.outputRows().get(i), shape.rows());
        outputs[i] = parts[position].memory();
        names.setAtIndex(ValueLayout.JAVA_LONG, position, model.outputName(index));
      }
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  private Part part(TensorSpec spec, Shape row, int rows) {
    long rowBytes = Math.multiplyExact(row.elementCount(), (long) spec.type().size());
    long bytes = Math.multiplyExact(rowBytes, (long) rows);
    return new Part(spec.type(), row, arena.allocate(Math.max(1, bytes), ALIGNMENT), rowBytes);
  }

  @Override
  public MemorySegment input(int index) {
    return inputs[index];
  }

  @Override
  public MemorySegment output(int index) {
    return outputs[index];
  }

  @Override
  public void run(int rows, RunControl control) {
    long all = values[rows];
    if (all == 0) {
      all = createValues(rows);
      values[rows] = all;
    }
    api.run(
        session,
        OnnxRunControl.options(control),
        inputNames,
        all,
        inputs.length,
        outputNames,
        outputs.length,
        all + (long) inputs.length * Long.BYTES);
  }

  private long createValues(int rows) {
    MemorySegment all = arena.allocate(ValueLayout.JAVA_LONG, Math.max(1, parts.length));
    int created = 0;
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment out = scratch.allocate(ValueLayout.JAVA_LONG);
      for (; created < parts.length; created++) {
        Part part = parts[created];
        int rank = part.row().rank() + 1;
        MemorySegment dims = scratch.allocate(ValueLayout.JAVA_LONG, rank);
        dims.setAtIndex(ValueLayout.JAVA_LONG, 0, rows);
        for (int i = 1; i < rank; i++) {
          dims.setAtIndex(ValueLayout.JAVA_LONG, i, part.row().dim(i - 1));
        }
        long value =
            api.createTensor(
                memoryInfo,
                part.memory().address(),
                part.rowBytes() * rows,
                dims.address(),
                rank,
                OnnxTypes.elementType(part.type()),
                out.address());
        all.setAtIndex(ValueLayout.JAVA_LONG, created, value);
      }
    } catch (RuntimeException | Error e) {
      release(all.address(), created);
      throw e;
    }
    return all.address();
  }

  private void release(long all, int count) {
    MemorySegment array = OrtTable.memory(all, (long) count * Long.BYTES);
    for (int i = 0; i < count; i++) {
      api.releaseValue(array.getAtIndex(ValueLayout.JAVA_LONG, i));
    }
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    for (long all : values) {
      if (all != 0) {
        release(all, parts.length);
      }
    }
    arena.close();
  }
}
