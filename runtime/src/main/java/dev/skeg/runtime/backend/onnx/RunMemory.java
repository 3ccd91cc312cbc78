package dev.skeg.runtime.backend.onnx;

import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * The native memory of one run: the arrays of pointers that the C API reads and writes, the shapes,
 * and copies of those inputs that it could not read where they lie.
 *
 * <p><b>Layout.</b> {@code [out][input names][inputs][output names][outputs][shapes and data …]},
 * in longs, handed out from the front.
 *
 * <p><b>Ownership.</b> One thread's, for one run. Up to {@value #KEPT_BYTES} bytes lie in memory
 * that the thread keeps for its next run; more is allocated for this run alone.
 */
final class RunMemory implements AutoCloseable {
  private static final int KEPT_BYTES = 64 * 1024;
  private static final int ALIGNMENT = 64;

  private static final ThreadLocal<Kept> KEPT = ThreadLocal.withInitial(Kept::new);

  /** A thread's own block; a run within a run, should there ever be one, gets another. */
  private static final class Kept {
    final MemorySegment block = Arena.ofAuto().allocate(KEPT_BYTES, ALIGNMENT);
    boolean inUse;
  }

  private final Kept kept;
  private final boolean ownsKept;
  private final Arena arena;
  private final boolean hasArena;
  private final MemorySegment block;
  private final long inputNames;
  private final long inputs;
  private final long outputNames;
  private final long outputs;
  private long used;

  @SuppressWarnings("MustBeClosedChecker") // close() closes the arena.
  private RunMemory(Kept kept, int inputCount, int outputCount, long bytes) {
    this.kept = kept;
    this.ownsKept = bytes <= KEPT_BYTES && !kept.inUse;
    this.hasArena = !ownsKept;
    if (ownsKept) {
      kept.inUse = true;
      this.arena = Arena.global();
      this.block = kept.block;
    } else {
      this.arena = Arena.ofConfined();
      this.block = arena.allocate(bytes, ALIGNMENT);
    }
    this.inputNames = Long.BYTES;
    this.inputs = inputNames + (long) inputCount * Long.BYTES;
    this.outputNames = inputs + (long) inputCount * Long.BYTES;
    this.outputs = outputNames + (long) outputCount * Long.BYTES;
    this.used = outputs + (long) outputCount * Long.BYTES;
    // 0 asks the engine to allocate the output.
    block.asSlice(outputs, (long) outputCount * Long.BYTES).fill((byte) 0);
  }

  static RunMemory of(List<Tensor> inputs, int outputCount) {
    long bytes = Long.BYTES * (1L + 2L * inputs.size() + 2L * outputCount);
    for (int i = 0; i < inputs.size(); i++) {
      Tensor input = inputs.get(i);
      bytes += (long) input.shape().rank() * Long.BYTES;
      if (input.type() != DataType.BYTES && !isReadable(input)) {
        bytes += input.data().byteSize() + ALIGNMENT + Long.BYTES;
      }
    }
    return new RunMemory(KEPT.get(), inputs.size(), outputCount, bytes);
  }

  /**
   * The engine reads an input where it lies if that is off the heap and aligned to its elements.
   */
  private static boolean isReadable(Tensor input) {
    MemorySegment data = input.data();
    return data.isNative() && data.byteSize() > 0 && data.address() % input.type().size() == 0;
  }

  /** Returns one long for an out parameter. */
  long out() {
    return block.address();
  }

  long inputNames() {
    return block.address() + inputNames;
  }

  long inputs() {
    return block.address() + inputs;
  }

  long outputNames() {
    return block.address() + outputNames;
  }

  long outputs() {
    return block.address() + outputs;
  }

  long input(int index) {
    return block.get(ValueLayout.JAVA_LONG, inputs + (long) index * Long.BYTES);
  }

  long output(int index) {
    return block.get(ValueLayout.JAVA_LONG, outputs + (long) index * Long.BYTES);
  }

  void setInput(int index, long name, long value) {
    block.set(ValueLayout.JAVA_LONG, inputNames + (long) index * Long.BYTES, name);
    block.set(ValueLayout.JAVA_LONG, inputs + (long) index * Long.BYTES, value);
  }

  void setOutput(int index, long name) {
    block.set(ValueLayout.JAVA_LONG, outputNames + (long) index * Long.BYTES, name);
  }

  /** Writes a shape and returns its address. */
  long shape(Shape shape) {
    long address = block.address() + used;
    for (int i = 0; i < shape.rank(); i++) {
      block.set(ValueLayout.JAVA_LONG, used, shape.dim(i));
      used += Long.BYTES;
    }
    return address;
  }

  /** Returns where the engine can read an input: in its place, or a copy. */
  long stage(Tensor input) {
    if (isReadable(input)) {
      return input.data().address();
    }
    long size = input.data().byteSize();
    if (size == 0) {
      return block.address(); // Never read; only not null.
    }
    long start = (used + ALIGNMENT - 1) & -ALIGNMENT;
    MemorySegment.copy(input.data(), 0, block, start, size);
    used = (start + size + Long.BYTES - 1) & -Long.BYTES;
    return block.address() + start;
  }

  @Override
  public void close() {
    if (ownsKept) {
      kept.inUse = false;
    }
    if (hasArena) {
      arena.close();
    }
  }
}
