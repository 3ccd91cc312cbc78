package dev.skeg.runtime.batch;

import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.servable.ServableHandle;

/** The engine's own outputs of one request, whose version stays loaded until they are closed. */
final class ClaimedOutputs implements InferenceOutputs {
  private final InferenceOutputs outputs;
  private final ServableHandle handle;

  ClaimedOutputs(InferenceOutputs outputs, ServableHandle handle) {
    this.outputs = outputs;
    this.handle = handle;
  }

  @Override
  public int size() {
    return outputs.size();
  }

  @Override
  public Tensor get(int index) {
    return outputs.get(index);
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
    try {
      outputs.close();
    } finally {
      handle.close();
    }
  }
}
