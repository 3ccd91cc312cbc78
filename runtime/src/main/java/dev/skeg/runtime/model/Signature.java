package dev.skeg.runtime.model;

import java.util.List;

/**
 * What a model takes and what it gives, in the model's own order.
 *
 * @param inputs may be empty: a model of constants
 * @param outputs those that can be returned; not empty
 */
public record Signature(List<TensorSpec> inputs, List<TensorSpec> outputs) {
  public Signature {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  /** Returns the position of that input, or -1. */
  public int inputIndex(String name) {
    return indexOf(inputs, name);
  }

  /** Returns the position of that output, or -1. */
  public int outputIndex(String name) {
    return indexOf(outputs, name);
  }

  private static int indexOf(List<TensorSpec> specs, String name) {
    for (int i = 0; i < specs.size(); i++) {
      if (specs.get(i).name().equals(name)) {
        return i;
      }
    }
    return -1;
  }
}
