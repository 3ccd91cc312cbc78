package dev.skeg.runtime.batch;

import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.Tensor;

/** Fixed rows in a slot, which is lent to the answers or copied from. */
final class SlotAnswers extends Answers {
  private final Batch batch;
  private final SlotPool pool;
  private final SlotPool.PooledSlot slot;
  private final boolean isLent;
  private int given;
  private int row;

  /**
   * @param slot this run's until it is closed
   */
  SlotAnswers(
      Batch batch,
      SlotPool pool,
      SlotPool.PooledSlot slot,
      long inputNanos,
      long inferNanos,
      long endNanos) {
    super(inputNanos, inferNanos, endNanos);
    this.batch = batch;
    this.pool = pool;
    this.slot = slot;
    this.isLent = pool.lend();
    if (isLent) {
      slot.holdFor(batch.size() + 1);
    }
  }

  @Override
  InferenceOutputs part(int index) {
    int count = batch.rowCount(index);
    int first = row;
    row += count;
    Tensor[] tensors = slot.outputs(first, count, !isLent);
    InferenceOutputs part =
        new TensorList(tensors, isLent ? slot : null, batch.entry(index).claimOfOutputs());
    given++;
    return part;
  }

  @Override
  public void close() {
    if (isLent) {
      slot.release(1 + batch.size() - given);
    } else {
      pool.put(slot);
    }
  }
}
