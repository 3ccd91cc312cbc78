package dev.skeg.benchmarks;

import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.Tensor;

/** An answer of one output, in memory that nobody has to free. */
public record OneOutput(Tensor tensor) implements InferenceOutputs {
  @Override
  public int size() {
    return 1;
  }

  @Override
  public Tensor get(int index) {
    return tensor;
  }

  @Override
  public void close() {}
}
