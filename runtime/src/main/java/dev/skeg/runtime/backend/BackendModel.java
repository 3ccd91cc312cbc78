package dev.skeg.runtime.backend;

import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * A loaded model. <b>Threads.</b> {@link #run} may be called by any number of threads at once;
 * {@link #close} only after the last of them has returned.
 */
public interface BackendModel extends AutoCloseable {
  /** Of what stands under one key of a file's metadata no more than this is read. */
  int MAX_METADATA_BYTES = 1 << 20;

  /** Returns the inputs and outputs that can be carried over the wire. */
  Signature signature();

  /**
   * Returns the outputs that the model has but that cannot be returned, with the reason of each.
   */
  List<UnsupportedOutput> unsupportedOutputs();

  /**
   * Returns whether every input and output has a variable first dimension, the same one as far as
   * the model names it: what a batch dimension looks like, though not yet that it is one.
   */
  boolean hasCommonFirstDimension();

  /**
   * Returns what an operator should know of the model though it runs: one sentence each, without a
   * full stop.
   */
  default List<String> warnings() {
    return List.of();
  }

  /**
   * Returns what the model's file says of itself under a key, of a long text the first {@link
   * #MAX_METADATA_BYTES}; empty if it says nothing, and once the model is closed. It is asked of
   * the engine each time, for nobody needs it while the model serves.
   */
  default Optional<String> metadata(String key) {
    return Optional.empty();
  }

  /**
   * Runs the model once.
   *
   * @param inputs tensors that fit the signature, in any order; optional ones may be missing; only
   *     read, and no longer used once this returns
   * @param outputs indexes into {@code signature().outputs()}, in the order wanted
   * @return the outputs in that order, each with a fixed shape; the caller closes them
   * @throws ServingException if the engine failed, with the engine's message
   */
  InferenceOutputs run(List<Tensor> inputs, int[] outputs);

  /** As {@link #run(List, int[])}, but the run can be ended by {@code control}. */
  InferenceOutputs run(List<Tensor> inputs, int[] outputs, RunControl control);

  /** Creates what ends runs of this model; closed by the caller, before the model is. */
  RunControl openControl();

  /**
   * Allocates memory for batches of one shape.
   *
   * @return closed by the caller, before the model is
   * @throws ServingException if the engine cannot
   */
  BatchSlot openSlot(SlotShape shape);

  /** Frees the model's native memory. */
  @Override
  void close();
}
