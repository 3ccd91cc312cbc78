package dev.skeg.runtime.tap;

import org.jspecify.annotations.Nullable;

/**
 * How the rows of a slot become records: the slot's tensors, in its order.
 *
 * <p>Immutable.
 */
public final class TapPlan {
  private final TapLayout layout;
  private final @Nullable TensorColumns[] inputs;
  private final @Nullable TensorColumns[] outputs;
  private final boolean isComplete;

  /**
   * @param isComplete whether the slot has everything that is recorded
   */
  TapPlan(
      TapLayout layout,
      @Nullable TensorColumns[] inputs,
      @Nullable TensorColumns[] outputs,
      boolean isComplete) {
    this.layout = layout;
    this.inputs = inputs;
    this.outputs = outputs;
    this.isComplete = isComplete;
  }

  /** Returns what it is a plan for. */
  public TapLayout layout() {
    return layout;
  }

  @Nullable TensorColumns[] inputs() {
    return inputs;
  }

  @Nullable TensorColumns[] outputs() {
    return outputs;
  }

  boolean isComplete() {
    return isComplete;
  }
}
