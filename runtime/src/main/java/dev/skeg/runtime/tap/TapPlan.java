package dev.skeg.runtime.tap;

import org.jspecify.annotations.Nullable;

/**
 * How the rows of a slot become records: the slot's tensors, in its order, and how many elements
 * their rows have there, where others may have more or fewer.
 *
 * <p>Immutable.
 */
public final class TapPlan {
  private final TapLayout layout;
  private final @Nullable TensorColumns[] inputs;
  private final long[] inputElements;
  private final @Nullable TensorColumns[] outputs;
  private final long[] outputElements;
  private final boolean isComplete;

  /**
   * @param isComplete whether the slot has everything that is recorded
   */
  TapPlan(
      TapLayout layout,
      @Nullable TensorColumns[] inputs,
      long[] inputElements,
      @Nullable TensorColumns[] outputs,
      long[] outputElements,
      boolean isComplete) {
    this.layout = layout;
    this.inputs = inputs;
    this.inputElements = inputElements.clone();
    this.outputs = outputs;
    this.outputElements = outputElements.clone();
    this.isComplete = isComplete;
  }

  /** Returns what it is a plan for. */
  public TapLayout layout() {
    return layout;
  }

  @Nullable TensorColumns[] inputs() {
    return inputs;
  }

  /** Returns how many elements a row of each input has. */
  long[] inputElements() {
    return inputElements;
  }

  @Nullable TensorColumns[] outputs() {
    return outputs;
  }

  long[] outputElements() {
    return outputElements;
  }

  boolean isComplete() {
    return isComplete;
  }
}
