package dev.skeg.runtime.batch;

import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.tap.LaneTap;
import dev.skeg.runtime.tap.TapLayout;
import dev.skeg.runtime.tap.TapPlan;

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

  /** The slot has both the rows and their outputs, until this is closed: so nobody waits for it. */
  @Override
  void record(LaneTap tap, TapLayout layout, boolean isHandedOver, int index) {
    if (!isHandedOver) {
      return;
    }
    TapPlan plan = batch.shape().tapPlan(layout);
    int first = 0;
    for (int i = 0; i < batch.size(); i++) {
      int rows = batch.rowCount(i);
      tap.record(
          plan,
          batch.entry(i).request,
          slot.inputs(),
          slot.outputs(),
          first,
          batch.firstRow(i),
          rows);
      first += rows;
    }
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
