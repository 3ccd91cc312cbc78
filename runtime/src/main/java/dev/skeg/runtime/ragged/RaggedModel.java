package dev.skeg.runtime.ragged;

import dev.skeg.runtime.backend.BackendModel;
import dev.skeg.runtime.backend.BatchSlot;
import dev.skeg.runtime.backend.RunControl;
import dev.skeg.runtime.backend.SlotShape;
import dev.skeg.runtime.backend.UnsupportedOutput;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.TensorLayouts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A model that takes requests as clients send them and gives them to another as that one has its
 * tensors: ragged inputs flat, with the inputs that the server makes; outputs come back in the
 * shapes of the request. A run is of one request.
 *
 * <p><b>Outputs.</b> As {@code ProcessBatchOutput} and {@code ProcessTensor} of Triton's {@code
 * BackendOutputResponder} give them to the first request of a batch: an output listed in {@code
 * batch_output} in the shape of its source, any other cut after as many rows as the request has.
 * What the model makes beyond that is nobody's (an output with a row for each of the offsets has
 * one more than there are requests). Less is a failure of the model, of which clients are told.
 *
 * <p><b>Threads.</b> As {@link BackendModel} says.
 */
public final class RaggedModel implements BackendModel {
  private final BackendModel model;
  private final RaggedPlan plan;

  /**
   * @param model becomes this one's, which closes it
   * @param plan made for it
   */
  public RaggedModel(BackendModel model, RaggedPlan plan) {
    this.model = model;
    this.plan = plan;
  }

  /** Returns what clients see: nothing of what the server makes. */
  @Override
  public Signature signature() {
    return plan.signature();
  }

  @Override
  public List<UnsupportedOutput> unsupportedOutputs() {
    return model.unsupportedOutputs();
  }

  /** Returns false: rows of several requests never run together. */
  @Override
  public boolean hasCommonFirstDimension() {
    return false;
  }

  @Override
  public List<String> warnings() {
    return model.warnings();
  }

  @Override
  public Optional<String> metadata(String key) {
    return model.metadata(key);
  }

  @Override
  public InferenceOutputs run(List<Tensor> inputs, int[] outputs) {
    try (Arena memory = Arena.ofConfined()) {
      return shaped(model.run(given(inputs, memory), outputs), inputs, outputs);
    }
  }

  @Override
  public InferenceOutputs run(List<Tensor> inputs, int[] outputs, RunControl control) {
    try (Arena memory = Arena.ofConfined()) {
      return shaped(model.run(given(inputs, memory), outputs, control), inputs, outputs);
    }
  }

  private List<Tensor> given(List<Tensor> inputs, Arena memory) {
    List<Tensor> given = new ArrayList<>(inputs.size() + plan.generated().size());
    for (Tensor input : inputs) {
      given.add(
          plan.isFlat(input.name())
              ? new Tensor(
                  input.name(), input.type(), Shape.of(input.shape().elementCount()), input.data())
              : input);
    }
    for (GeneratedInput generated : plan.generated()) {
      given.add(generated.tensor(shape(inputs, generated.source()), memory));
    }
    return given;
  }

  private static Shape shape(List<Tensor> inputs, String name) {
    for (Tensor input : inputs) {
      if (input.name().equals(name)) {
        return input.shape();
      }
    }
    throw new ServingException(
        ErrorCode.INVALID_ARGUMENT,
        "input '" + name + "' is missing, of which the server makes others");
  }

  private InferenceOutputs shaped(InferenceOutputs made, List<Tensor> inputs, int[] outputs) {
    boolean isWhole = false;
    try {
      Tensor[] tensors = new Tensor[outputs.length];
      for (int i = 0; i < tensors.length; i++) {
        tensors[i] = shaped(made.get(i), plan.output(outputs[i]), inputs);
      }
      isWhole = true;
      return new RaggedOutputs(made, tensors);
    } finally {
      if (!isWhole) {
        made.close();
      }
    }
  }

  private Tensor shaped(Tensor output, RaggedPlan.OutputShape how, List<Tensor> inputs) {
    return switch (how) {
      case RaggedPlan.OutputShape.Own() -> output;
      case RaggedPlan.OutputShape.Rows() -> rows(output, inputs);
      case RaggedPlan.OutputShape.Scattered scattered -> scattered(output, scattered, inputs);
    };
  }

  private static Tensor rows(Tensor output, List<Tensor> inputs) {
    long rows = inputs.isEmpty() ? 1 : inputs.getFirst().shape().dim(0);
    long[] dims = output.shape().toArray();
    if (dims.length > 0 && dims[0] == rows) {
      return output;
    }
    if (dims.length == 0 || dims[0] < rows) {
      throw ServingException.forClients(
          ErrorCode.INTERNAL,
          "output '"
              + output.name()
              + "' has shape "
              + output.shape()
              + " for a request of "
              + rows
              + " rows (expected: at least as many rows)");
    }
    dims[0] = rows;
    return first(output, Shape.of(dims));
  }

  private static Tensor scattered(
      Tensor output, RaggedPlan.OutputShape.Scattered scattered, List<Tensor> inputs) {
    Shape shape = scattered.shape(shape(inputs, scattered.source()));
    long made = output.shape().elementCount();
    if (made < shape.elementCount()) {
      throw ServingException.forClients(
          ErrorCode.INTERNAL,
          "output '"
              + output.name()
              + "' has "
              + made
              + " elements (expected: those of "
              + shape
              + ", as batch_output shapes it like input '"
              + scattered.source()
              + "')");
    }
    return first(output, shape);
  }

  /** Returns as many of the first elements as the shape has. */
  private static Tensor first(Tensor output, Shape shape) {
    MemorySegment data = output.data();
    long elements = shape.elementCount();
    if (elements < output.shape().elementCount()) {
      data = data.asSlice(0, bytes(output, elements));
    }
    return new Tensor(output.name(), output.type(), shape, data);
  }

  private static long bytes(Tensor tensor, long elements) {
    if (tensor.type() != DataType.BYTES) {
      return Tensor.byteSize(tensor.type(), elements);
    }
    long end = 0;
    for (long i = 0; i < elements; i++) {
      end += Integer.BYTES + Integer.toUnsignedLong(tensor.data().get(TensorLayouts.INT, end));
    }
    return end;
  }

  @Override
  public RunControl openControl() {
    return model.openControl();
  }

  /** Throws: there is never more than one request to put into a slot. */
  @Override
  public BatchSlot openSlot(SlotShape shape) {
    throw new IllegalStateException("a model whose requests run one by one has no slots");
  }

  @Override
  public void close() {
    model.close();
  }
}
