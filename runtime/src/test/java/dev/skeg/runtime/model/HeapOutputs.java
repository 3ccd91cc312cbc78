package dev.skeg.runtime.model;

import java.util.List;

/** Outputs on the heap, for tests: nothing is freed. */
public record HeapOutputs(List<Tensor> tensors) implements InferenceOutputs {
  @Override
  public int size() {
    return tensors.size();
  }

  @Override
  public Tensor get(int index) {
    return tensors.get(index);
  }

  @Override
  public void close() {}
}
