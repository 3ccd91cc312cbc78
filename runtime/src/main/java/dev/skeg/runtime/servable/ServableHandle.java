package dev.skeg.runtime.servable;

import dev.skeg.runtime.backend.RunControl;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Tensor;
import java.util.List;

/**
 * A counted claim that keeps a {@link Servable} loaded: every {@link Servable#acquire} is one, and
 * whoever has it last closes it, exactly once. All claims of a servable are the same object, so
 * that a claim costs a request no memory. <b>Threads.</b> Any.
 */
public final class ServableHandle implements AutoCloseable {
  private final Servable servable;

  ServableHandle(Servable servable) {
    this.servable = servable;
  }

  public Servable servable() {
    return servable;
  }

  /**
   * Runs the model once.
   *
   * @param inputs have passed {@link Servable#check}
   * @param outputs names, in the order wanted; empty for all
   * @throws ServingException if the engine failed
   */
  public InferenceOutputs run(List<Tensor> inputs, List<String> outputs) {
    return servable.run(inputs, outputs);
  }

  /** As {@link #run(List, List)}, but the run can be ended by {@code control}. */
  public InferenceOutputs run(List<Tensor> inputs, List<String> outputs, RunControl control) {
    return servable.run(inputs, outputs, control);
  }

  @Override
  public void close() {
    servable.release();
  }
}
