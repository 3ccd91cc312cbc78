package dev.skeg.runtime.ragged;

import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Signature;
import inference.ModelConfigOuterClass.ModelConfig;
import inference.ModelConfigOuterClass.ModelInput;
import java.util.List;
import java.util.Optional;

/**
 * How requests become the inputs of a ragged model, and its outputs their answers: decided once,
 * when it is loaded.
 */
public final class RaggedPlan {
  private final Signature signature;
  private final int maxBatchSize;
  private final List<String> flat;
  private final List<GeneratedInput> generated;
  private final List<OutputShape> outputs;

  /** The shape in which a client sees an output. */
  sealed interface OutputShape {
    /** The model's. */
    record Own() implements OutputShape {}

    /** The model's, with as many rows as the request has. */
    record Rows() implements OutputShape {}

    /**
     * That of an input, in those dimensions that are left open.
     *
     * @param source the input
     * @param dims that of rows included
     */
    record Scattered(String source, Shape dims) implements OutputShape {
      Shape shape(Shape given) {
        long[] shape = dims.toArray();
        for (int i = 0; i < shape.length; i++) {
          shape[i] = shape[i] == Shape.VARIABLE ? given.dim(i) : shape[i];
        }
        return Shape.of(shape);
      }
    }
  }

  /**
   * @param signature what clients see
   * @param flat the inputs that the model takes flat
   * @param outputs by the signature's outputs
   */
  RaggedPlan(
      Signature signature,
      int maxBatchSize,
      List<String> flat,
      List<GeneratedInput> generated,
      List<OutputShape> outputs) {
    this.signature = signature;
    this.maxBatchSize = maxBatchSize;
    this.flat = List.copyOf(flat);
    this.generated = List.copyOf(generated);
    this.outputs = List.copyOf(outputs);
  }

  /**
   * Reads a configuration against its model.
   *
   * @param declared config.pbtxt, checked by itself
   * @param declaresMaxBatchSize whether it has {@code max_batch_size}, be it 0
   * @return empty if the model is not ragged: nothing is made for it, and it takes all its inputs
   *     in the dimensions that requests have
   * @throws dev.skeg.runtime.model.ServingException saying what the model does not bear out
   */
  public static Optional<RaggedPlan> of(
      ModelConfig declared, boolean declaresMaxBatchSize, Signature model) {
    boolean isRagged =
        declared.getBatchInputCount() > 0
            || declared.getBatchOutputCount() > 0
            || declared.getInputList().stream().anyMatch(input -> isFlat(input, model));
    return isRagged
        ? Optional.of(new RaggedPlanner(declared, declaresMaxBatchSize, model).plan())
        : Optional.empty();
  }

  /**
   * Returns whether the model takes all elements of an input in one dimension, while requests have
   * it in those of the file: what {@code allow_ragged_batch} is to Triton's backend of ONNX
   * Runtime. Of any other model it says no more than that shapes may differ, which they may anyway.
   */
  private static boolean isFlat(ModelInput input, Signature model) {
    int index = model.inputIndex(input.getName());
    return input.getAllowRaggedBatch()
        && input.getDimsCount() > 0
        && index >= 0
        && model.inputs().get(index).shape().equals(RaggedPlanner.FLAT);
  }

  Signature signature() {
    return signature;
  }

  /** Returns how many rows a request may have; 0 where requests have no rows. */
  public int maxBatchSize() {
    return maxBatchSize;
  }

  boolean isFlat(String input) {
    return flat.contains(input);
  }

  List<GeneratedInput> generated() {
    return generated;
  }

  OutputShape output(int index) {
    return outputs.get(index);
  }
}
