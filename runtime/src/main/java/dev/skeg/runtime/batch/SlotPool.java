package dev.skeg.runtime.batch;

import dev.skeg.runtime.backend.BatchSlot;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.servable.Servable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The slots for batches of one shape. A slot is with a lane while its batch runs; then it may be
 * lent to the answers, which point into it until they have been written, so that nothing is copied.
 * As many may be lent as the pool can spare; else answers are copied.
 *
 * <p><b>Threads.</b> Any, without locks.
 */
final class SlotPool {
  private final Servable servable;
  private final ShapeClass shape;
  private final SlotBudget budget;
  private final AtomicReferenceArray<@Nullable PooledSlot> free;
  private final AtomicInteger lent = new AtomicInteger();
  private final int maxLent;
  private volatile boolean closed;

  /**
   * @param budget of the version's slots together
   * @param lanes that may have one each
   * @param maxLent slots beyond those
   */
  SlotPool(Servable servable, ShapeClass shape, SlotBudget budget, int lanes, int maxLent) {
    this.servable = servable;
    this.shape = shape;
    this.budget = budget;
    this.maxLent = maxLent;
    this.free = new AtomicReferenceArray<>(lanes + maxLent);
  }

  /**
   * Takes a slot, for the holder of a baton; null if the version has no memory for one more, or the
   * pool has been closed.
   */
  @Nullable PooledSlot take() {
    for (int i = 0; i < free.length(); i++) {
      PooledSlot slot = free.get(i);
      if (slot != null && free.compareAndSet(i, slot, null)) {
        return slot;
      }
    }
    if (closed || !budget.take(shape.slotBytes())) {
      return null;
    }
    BatchSlot memory = null;
    try {
      memory = servable.openSlot(shape.slotShape());
      return new PooledSlot(this, memory);
    } finally {
      if (memory == null) {
        budget.giveBack(shape.slotBytes());
      }
    }
  }

  /** Gives a slot back that no answer points into. */
  void put(PooledSlot slot) {
    for (int i = 0; i < free.length(); i++) {
      if (free.get(i) == null && free.compareAndSet(i, null, slot)) {
        if (closed) {
          close();
        }
        return;
      }
    }
    discard(slot);
  }

  private void discard(PooledSlot slot) {
    slot.memory().close();
    budget.giveBack(shape.slotBytes());
  }

  /** Returns whether answers may point into one more slot; then it is theirs. */
  boolean lend() {
    if (lent.incrementAndGet() <= maxLent) {
      return true;
    }
    lent.decrementAndGet();
    return false;
  }

  private void takeBack(PooledSlot slot) {
    lent.decrementAndGet();
    put(slot);
  }

  /** Frees the slots that are here, and each of the others when it comes back. */
  void close() {
    closed = true;
    var _ = trim();
  }

  /** Frees the slots that nobody uses at the moment; returns how many bytes. */
  long trim() {
    long freed = 0;
    for (int i = 0; i < free.length(); i++) {
      PooledSlot slot = free.get(i) == null ? null : free.getAndSet(i, null);
      if (slot != null) {
        discard(slot);
        freed += shape.slotBytes();
      }
    }
    return freed;
  }

  /** A slot and how many answers point into it. */
  static final class PooledSlot {
    private final SlotPool pool;
    private final BatchSlot memory;
    private final MemorySegment[] inputs;
    private final MemorySegment[] outputs;
    private final AtomicInteger holders = new AtomicInteger();
    private final Tensor[] @Nullable [] single; // By row: its outputs, once they were asked for.

    PooledSlot(SlotPool pool, BatchSlot memory) {
      this.pool = pool;
      this.memory = memory;
      this.inputs = new MemorySegment[pool.shape.inputCount()];
      Arrays.setAll(inputs, memory::input);
      this.outputs = new MemorySegment[pool.shape.outputCount()];
      Arrays.setAll(outputs, memory::output);
      this.single = new Tensor[pool.shape.slotRows()][];
    }

    BatchSlot memory() {
      return memory;
    }

    /** The tensors that batches are copied to, in the class's order; not to be changed. */
    MemorySegment[] inputs() {
      return inputs;
    }

    /** The tensors that the engine writes, in the class's order; not to be changed. */
    MemorySegment[] outputs() {
      return outputs;
    }

    /**
     * Returns the outputs of rows; for the holder of the baton.
     *
     * @param isCopied whether they are to be had after the slot runs its next batch
     */
    Tensor[] outputs(int firstRow, int rows, boolean isCopied) {
      if (isCopied || rows > 1) {
        return tensors(firstRow, rows, isCopied);
      }
      Tensor[] known = single[firstRow];
      if (known == null) {
        known = tensors(firstRow, 1, false);
        single[firstRow] = known;
      }
      return known;
    }

    private Tensor[] tensors(int firstRow, int rows, boolean isCopied) {
      ShapeClass shape = pool.shape;
      Tensor[] tensors = new Tensor[shape.outputCount()];
      for (int i = 0; i < tensors.length; i++) {
        long rowBytes = shape.outputRowBytes(i);
        MemorySegment data = memory.output(i).asSlice(firstRow * rowBytes, rows * rowBytes);
        tensors[i] =
            new Tensor(
                shape.outputSpec(i).name(),
                shape.outputSpec(i).type(),
                shape.outputShape(i, rows),
                isCopied ? MemorySegment.ofArray(data.toArray(ValueLayout.JAVA_BYTE)) : data);
      }
      return tensors;
    }

    /** Says how many will release it: the answers and whoever gives them out. */
    void holdFor(int count) {
      holders.set(count);
    }

    /** So many of them need it no longer. */
    void release(int count) {
      if (count > 0 && holders.addAndGet(-count) == 0) {
        pool.takeBack(this);
      }
    }
  }
}
