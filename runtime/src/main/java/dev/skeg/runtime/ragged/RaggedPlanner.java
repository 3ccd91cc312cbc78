package dev.skeg.runtime.ragged;

import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.TensorSpec;
import dev.skeg.runtime.ragged.RaggedPlan.OutputShape;
import inference.ModelConfigOuterClass;
import inference.ModelConfigOuterClass.BatchInput;
import inference.ModelConfigOuterClass.BatchOutput;
import inference.ModelConfigOuterClass.ModelConfig;
import inference.ModelConfigOuterClass.ModelInput;
import inference.ModelConfigOuterClass.ModelOutput;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Holds the configuration of a ragged model against the model. */
final class RaggedPlanner {
  /** How a model has an input that is ragged: Triton's backend of ONNX Runtime takes no other. */
  static final Shape FLAT = Shape.of(Shape.VARIABLE);

  /**
   * What Triton's backend of ONNX Runtime completes {@code max_batch_size} to, where all tensors
   * begin with a variable dimension ({@code AutoCompleteMaxBatch}, {@code default-max-batch-size}).
   */
  private static final int DEFAULT_MAX_BATCH_SIZE = 4;

  private final ModelConfig declared;
  private final Signature model;
  private final int maxBatchSize;
  private final Map<String, TensorSpec> inputs = new LinkedHashMap<>(); // That requests have.
  private final List<String> flat = new ArrayList<>();

  /**
   * @param declared config.pbtxt, checked by itself
   */
  RaggedPlanner(ModelConfig declared, boolean declaresMaxBatchSize, Signature model) {
    this.declared = declared;
    this.model = model;
    this.maxBatchSize =
        declaresMaxBatchSize
            ? declared.getMaxBatchSize()
            : beginVariably(model.inputs()) && beginVariably(model.outputs())
                ? DEFAULT_MAX_BATCH_SIZE
                : 0;
  }

  private static boolean beginVariably(List<TensorSpec> specs) {
    return specs.stream()
        .allMatch(spec -> spec.shape().rank() > 0 && spec.shape().dim(0) == Shape.VARIABLE);
  }

  RaggedPlan plan() {
    Set<String> made = new HashSet<>();
    declared.getBatchInputList().forEach(each -> made.addAll(each.getTargetNameList()));
    for (TensorSpec spec : model.inputs()) {
      if (!made.contains(spec.name())) {
        inputs.put(spec.name(), input(spec));
      }
    }
    List<GeneratedInput> generated = generated();
    Map<String, OutputShape.Scattered> scattered = scattered();
    OutputShape other = hasRows() ? new OutputShape.Rows() : new OutputShape.Own();
    List<TensorSpec> outputs = new ArrayList<>();
    List<OutputShape> shapes = new ArrayList<>();
    for (TensorSpec spec : model.outputs()) {
      OutputShape.Scattered shape = scattered.get(spec.name());
      outputs.add(
          shape == null ? spec : new TensorSpec(spec.name(), spec.type(), shape.dims(), false));
      shapes.add(shape == null ? other : shape);
    }
    return new RaggedPlan(
        new Signature(List.copyOf(inputs.values()), outputs),
        maxBatchSize,
        flat,
        generated,
        shapes);
  }

  private boolean hasRows() {
    return maxBatchSize > 0;
  }

  /** Returns an input as requests have it. */
  private TensorSpec input(TensorSpec spec) {
    for (ModelInput input : declared.getInputList()) {
      if (input.getName().equals(spec.name()) && input.getAllowRaggedBatch()) {
        return ragged(spec, input);
      }
    }
    return spec;
  }

  private TensorSpec ragged(TensorSpec spec, ModelInput input) {
    if (!spec.shape().equals(FLAT)) {
      if (declared.getBatchInputCount() + declared.getBatchOutputCount() == 0) {
        return spec; // Requests that differ run apart anyway.
      }
      throw refused(
          "input '"
              + spec.name()
              + "': allow_ragged_batch: true, but the model has "
              + spec.shape()
              + " (expected: [-1], a model that takes all elements of its requests in one"
              + " dimension)");
    }
    flat.add(spec.name());
    List<Long> dims = input.getDimsCount() == 0 ? List.of(Shape.VARIABLE) : input.getDimsList();
    return new TensorSpec(spec.name(), spec.type(), withRows(dims), spec.optional());
  }

  private Shape withRows(List<Long> dims) {
    List<Long> all = new ArrayList<>(dims);
    if (hasRows()) {
      all.addFirst(Shape.VARIABLE);
    }
    return Shape.of(all.stream().mapToLong(Long::longValue).toArray());
  }

  private List<GeneratedInput> generated() {
    List<GeneratedInput> generated = new ArrayList<>();
    for (int i = 0; i < declared.getBatchInputCount(); i++) {
      BatchInput each = declared.getBatchInput(i);
      String path = "batch_input[" + i + "]";
      TensorSpec source = source(path, each.getSourceInput(0));
      if (GeneratedInput.isOfRows(each.getKind()) && !hasRows()) {
        throw refused(
            path
                + ".kind: "
                + each.getKind()
                + " with max_batch_size: 0 (expected: 1 or more, as the kind tells the shape of"
                + " each row)");
      }
      for (String target : each.getTargetNameList()) {
        generated.add(generated(path, each, target, source));
      }
    }
    return generated;
  }

  private GeneratedInput generated(String path, BatchInput each, String target, TensorSpec source) {
    int index = model.inputIndex(target);
    if (index < 0) {
      throw refused(
          path
              + ".target_name: \""
              + target
              + "\" is not an input of the model, whose inputs are "
              + names(model.inputs()));
    }
    TensorSpec spec = model.inputs().get(index);
    DataType type =
        each.getDataType() == ModelConfigOuterClass.DataType.TYPE_FP32
            ? DataType.FP32
            : DataType.INT32;
    if (spec.type() != type) {
      throw refused(
          path
              + ".data_type: "
              + each.getDataType()
              + ", but input '"
              + target
              + "' of the model is "
              + spec.type());
    }
    Shape made = GeneratedInput.shape(each.getKind(), source.shape().rank());
    if (!mayBe(spec.shape(), made)) {
      throw refused(
          path
              + ".kind: "
              + each.getKind()
              + " makes "
              + made
              + ", but input '"
              + target
              + "' of the model has the shape "
              + spec.shape());
    }
    return new GeneratedInput(target, type, each.getKind(), source.name());
  }

  /** Returns whether there are tensors that have both shapes. */
  private static boolean mayBe(Shape one, Shape other) {
    boolean mayBe = one.rank() == other.rank();
    for (int i = 0; mayBe && i < one.rank(); i++) {
      mayBe =
          one.dim(i) == Shape.VARIABLE
              || other.dim(i) == Shape.VARIABLE
              || one.dim(i) == other.dim(i);
    }
    return mayBe;
  }

  private TensorSpec source(String path, String name) {
    TensorSpec source = inputs.get(name);
    if (source == null) {
      throw refused(
          path
              + ".source_input: \""
              + name
              + "\" is not an input of the model that requests have; those are "
              + names(inputs.values()));
    }
    if (source.optional()) {
      throw refused(
          path
              + ".source_input: \""
              + name
              + "\" may be left out of a request (expected: an input that each request has)");
    }
    return source;
  }

  private Map<String, OutputShape.Scattered> scattered() {
    Map<String, OutputShape.Scattered> scattered = new HashMap<>();
    for (int i = 0; i < declared.getBatchOutputCount(); i++) {
      BatchOutput each = declared.getBatchOutput(i);
      String path = "batch_output[" + i + "]";
      TensorSpec source = source(path, each.getSourceInput(0));
      for (String target : each.getTargetNameList()) {
        if (model.outputIndex(target) < 0) {
          throw refused(
              path
                  + ".target_name: \""
                  + target
                  + "\" is not an output of the model, whose outputs are "
                  + names(model.outputs()));
        }
        scattered.put(target, new OutputShape.Scattered(source.name(), dims(path, target, source)));
      }
    }
    return scattered;
  }

  /** Returns the dimensions of an output that has those of an input where it leaves them open. */
  private Shape dims(String path, String target, TensorSpec source) {
    Shape shape = source.shape();
    for (ModelOutput output : declared.getOutputList()) {
      if (output.getName().equals(target) && output.getDimsCount() > 0) {
        shape = withRows(output.getDimsList());
      }
    }
    for (int i = source.shape().rank(); i < shape.rank(); i++) {
      if (shape.dim(i) == Shape.VARIABLE) {
        throw refused(
            path
                + ".source_input: \""
                + source.name()
                + "\" has the shape "
                + source.shape()
                + ", but output '"
                + target
                + "' has "
                + shape
                + " (expected: an input that has each dimension that the output leaves open)");
      }
    }
    return shape;
  }

  private static String names(Collection<TensorSpec> specs) {
    return specs.isEmpty()
        ? "none"
        : specs.stream().map(spec -> "'" + spec.name() + "'").collect(Collectors.joining(", "));
  }

  private static ServingException refused(String message) {
    return new ServingException(ErrorCode.INVALID_ARGUMENT, "config.pbtxt: " + message);
  }
}
