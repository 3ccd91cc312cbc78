package dev.skeg.runtime.ragged;

import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.Tensor;

/** A run's outputs in the shapes that its request gives them; the memory is the engine's own. */
final class RaggedOutputs implements InferenceOutputs {
  private final InferenceOutputs outputs;
  private final Tensor[] tensors;

  RaggedOutputs(InferenceOutputs outputs, Tensor[] tensors) {
    this.outputs = outputs;
    this.tensors = tensors;
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
  public long inputNanos() {
    return outputs.inputNanos();
  }

  @Override
  public long outputNanos() {
    return outputs.outputNanos();
  }

  @Override
  public void close() {
    outputs.close();
  }
}
