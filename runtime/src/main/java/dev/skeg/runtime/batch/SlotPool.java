package dev.skeg.runtime.batch;

import dev.skeg.runtime.backend.BatchSlot;
import dev.skeg.runtime.servable.Servable;
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
  private final AtomicReferenceArray<@Nullable PooledSlot> free;
  private final AtomicInteger lent = new AtomicInteger();
  private final int maxLent;
  private volatile boolean closed;

  /**
   * @param lanes that may have one each
   * @param maxLent slots beyond those
   */
  SlotPool(Servable servable, ShapeClass shape, int lanes, int maxLent) {
    this.servable = servable;
    this.shape = shape;
    this.maxLent = maxLent;
    this.free = new AtomicReferenceArray<>(lanes + maxLent);
  }

  /** Takes a slot, for the holder of a baton. */
  PooledSlot take() {
    for (int i = 0; i < free.length(); i++) {
      PooledSlot slot = free.get(i);
      if (slot != null && free.compareAndSet(i, slot, null)) {
        return slot;
      }
    }
    return new PooledSlot(this, servable.openSlot(shape.slotShape()));
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
    slot.memory().close();
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
    for (int i = 0; i < free.length(); i++) {
      PooledSlot slot = free.getAndSet(i, null);
      if (slot != null) {
        slot.memory().close();
      }
    }
  }

  /** A slot and how many answers point into it. */
  static final class PooledSlot {
    private final SlotPool pool;
    private final BatchSlot memory;
    private final AtomicInteger holders = new AtomicInteger();

    PooledSlot(SlotPool pool, BatchSlot memory) {
      this.pool = pool;
      this.memory = memory;
    }

    BatchSlot memory() {
      return memory;
    }

    void holdFor(int answers) {
      holders.set(answers);
    }

    /** One answer has been written. */
    void release() {
      if (holders.decrementAndGet() == 0) {
        pool.takeBack(this);
      }
    }
  }
}
