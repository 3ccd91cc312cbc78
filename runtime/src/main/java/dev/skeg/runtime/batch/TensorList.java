package dev.skeg.runtime.batch;

import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.Tensor;
import org.jspecify.annotations.Nullable;

/** Outputs of one request: in a slot that they hold until they are closed, or on the heap. */
final class TensorList implements InferenceOutputs {
  private final Tensor[] tensors;
  private SlotPool.@Nullable PooledSlot slot;

  /**
   * @param slot that the tensors point into, which counts this as one answer; null if they are on
   *     the heap
   */
  TensorList(Tensor[] tensors, SlotPool.@Nullable PooledSlot slot) {
    this.tensors = tensors;
    this.slot = slot;
  }

  @Override
  public int size() {
    return tensors.length;
  }

  @Override
  public Tensor get(int index) {
    return tensors[index];
  }

  @Override
  public void close() {
    SlotPool.PooledSlot held = slot;
    if (held != null) {
      slot = null;
      held.release();
    }
  }
}
