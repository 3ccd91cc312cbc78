package dev.skeg.runtime.batch;

import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.servable.ServableHandle;
import org.jspecify.annotations.Nullable;

/**
 * Outputs of one request: in a slot that they hold until they are closed, or on the heap. Their
 * version stays loaded as long.
 */
final class TensorList implements InferenceOutputs {
  private final Tensor[] tensors;
  private final SlotPool.@Nullable PooledSlot slot;
  private final @Nullable ServableHandle handle;
  private boolean closed;

  /**
   * @param tensors not changed any more
   * @param slot that the tensors point into, which counts this as one answer; null if they are on
   *     the heap
   * @param handle closed with the outputs, after the slot; null for a part of an answer
   */
  TensorList(
      Tensor[] tensors, SlotPool.@Nullable PooledSlot slot, @Nullable ServableHandle handle) {
    this.tensors = tensors;
    this.slot = slot;
    this.handle = handle;
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
    if (closed) {
      return;
    }
    closed = true;
    if (slot != null) {
      slot.release(1);
    }
    if (handle != null) {
      handle.close();
    }
  }
}
