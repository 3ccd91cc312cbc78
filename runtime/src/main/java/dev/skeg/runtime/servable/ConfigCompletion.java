package dev.skeg.runtime.servable;

import dev.skeg.runtime.backend.Backend;
import dev.skeg.runtime.backend.BackendModel;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.TensorSpec;
import dev.skeg.runtime.os.Pace;
import inference.ModelConfigOuterClass;
import inference.ModelConfigOuterClass.ModelConfig;
import inference.ModelConfigOuterClass.ModelDynamicBatching;
import inference.ModelConfigOuterClass.ModelInput;
import inference.ModelConfigOuterClass.ModelOutput;
import inference.ModelConfigOuterClass.ModelVersionPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * Brings together what config.pbtxt declares and what the model is.
 *
 * <p>Everything absent is filled in from the model; everything declared must be borne out by it. A
 * declared tensor may narrow a variable dimension; declared outputs choose which are served.
 *
 * @param config complete; its dims have no batch dimension where {@code max_batch_size} is set
 * @param signature what clients see, with the batch dimension
 * @param withoutEffect which fields the model leaves without effect, for people
 */
record ConfigCompletion(
    ModelConfig config, Signature signature, BatchLimit limit, List<String> withoutEffect) {
  /** What {@code max_batch_size} becomes where a probe found the model batchable. */
  static final int DEFAULT_MAX_BATCH_SIZE = 64;

  /**
   * Completes a configuration.
   *
   * @param oneByOne {@code max_batch_size} of a version that takes one request in a run; empty for
   *     any other
   */
  static ConfigCompletion of(
      LoadRequest request, BackendModel model, OptionalInt oneByOne, Backend backend, Pace pace) {
    ModelConfig declared = request.declared();
    BatchLimit limit =
        oneByOne.isPresent() ? oneByOne(oneByOne.getAsInt(), model) : limit(request, model, pace);
    boolean rows = limit.hasRows();
    Signature signature = narrow(declared, model.signature(), rows);
    int maxBatchSize =
        switch (limit) {
          case BatchLimit.NotBatchable() -> 0;
          case BatchLimit.Found() -> DEFAULT_MAX_BATCH_SIZE;
          case BatchLimit.Declared(int maxRows) -> maxRows;
          case BatchLimit.OneByOne(int maxRows) -> maxRows;
        };
    ModelConfig.Builder config =
        declared.toBuilder()
            .setName(request.version().model())
            .setBackend(backend.name())
            .setPlatform(backend.platform())
            .setMaxBatchSize(maxBatchSize)
            .clearInput()
            .clearOutput();
    if (declared.getDefaultModelFilename().isEmpty()) {
      config.setDefaultModelFilename(String.valueOf(request.modelFile().getFileName()));
    }
    if (!declared.hasVersionPolicy()) {
      config.setVersionPolicy(
          ModelVersionPolicy.newBuilder()
              .setLatest(ModelVersionPolicy.Latest.newBuilder().setNumVersions(1)));
    }
    for (TensorSpec spec : signature.inputs()) {
      config.addInput(completeInput(declared, spec, rows));
    }
    for (TensorSpec spec : signature.outputs()) {
      config.addOutput(completeOutput(declared, spec, rows));
    }
    return new ConfigCompletion(config.build(), signature, limit, withoutEffect(declared, limit));
  }

  /** Names what only the model shows: the file's own check has said the rest. */
  private static List<String> withoutEffect(ModelConfig declared, BatchLimit limit) {
    boolean isSaid = declared.getBatchInputCount() + declared.getBatchOutputCount() > 0;
    if (isSaid || !(limit instanceof BatchLimit.OneByOne)) {
      return List.of();
    }
    ModelDynamicBatching batching = declared.getDynamicBatching();
    List<String> fields = new ArrayList<>();
    if (batching.getPreferredBatchSizeCount() > 0) {
      fields.add("preferred_batch_size");
    }
    if (batching.getMaxQueueDelayMicroseconds() != 0) {
      fields.add("max_queue_delay_microseconds");
    }
    return fields.stream()
        .map(field ->
            "config.pbtxt: dynamic_batching."
                + field
                + ": has no effect: with allow_ragged_batch each request runs as a batch of its"
                + " own")
        .toList();
  }

  private static BatchLimit limit(LoadRequest request, BackendModel model, Pace pace) {
    if (!request.declaresMaxBatchSize()) {
      return pace.call(() -> BatchProbe.rowsAreIndependent(model))
          ? new BatchLimit.Found()
          : new BatchLimit.NotBatchable();
    }
    int maxBatchSize = request.declared().getMaxBatchSize();
    if (maxBatchSize == 0) {
      return new BatchLimit.NotBatchable();
    }
    requireBatchDimensions(model, maxBatchSize);
    return new BatchLimit.Declared(maxBatchSize);
  }

  private static BatchLimit oneByOne(int maxBatchSize, BackendModel model) {
    if (maxBatchSize == 0) {
      return new BatchLimit.NotBatchable();
    }
    requireBatchDimensions(model, maxBatchSize);
    return new BatchLimit.OneByOne(maxBatchSize);
  }

  private static void requireBatchDimensions(BackendModel model, int maxBatchSize) {
    requireBatchDimension("input", model.signature().inputs(), maxBatchSize);
    requireBatchDimension("output", model.signature().outputs(), maxBatchSize);
  }

  private static void requireBatchDimension(String kind, List<TensorSpec> specs, int maxBatchSize) {
    for (TensorSpec spec : specs) {
      Shape shape = spec.shape();
      boolean fits =
          shape.rank() > 0
              && (shape.dim(0) == Shape.VARIABLE || (shape.dim(0) == 1 && maxBatchSize == 1));
      if (!fits) {
        throw refused(
            "max_batch_size: "
                + maxBatchSize
                + ", but "
                + kind
                + " '"
                + spec.name()
                + "' of the model has the shape "
                + shape
                + ", whose first dimension is not variable (expected: 0, or a model whose every"
                + " input and output begins with a batch dimension)");
      }
    }
  }

  private static Signature narrow(ModelConfig declared, Signature model, boolean rows) {
    List<TensorSpec> inputs = new ArrayList<>();
    for (TensorSpec spec : model.inputs()) {
      TensorSpec narrowed = spec;
      for (ModelInput input : declared.getInputList()) {
        if (input.getName().equals(spec.name())) {
          narrowed = narrowed("input", spec, input.getDataType(), input.getDimsList(), rows);
          if (input.getOptional() && !spec.optional()) {
            throw refused(
                "input '" + spec.name() + "': optional, but the model has no default for it");
          }
        }
      }
      inputs.add(narrowed);
    }
    for (ModelInput input : declared.getInputList()) {
      requireKnown("input", input.getName(), model.inputs());
    }
    List<TensorSpec> outputs = new ArrayList<>();
    for (ModelOutput output : declared.getOutputList()) {
      requireKnown("output", output.getName(), model.outputs());
      TensorSpec spec = model.outputs().get(model.outputIndex(output.getName()));
      outputs.add(narrowed("output", spec, output.getDataType(), output.getDimsList(), rows));
    }
    return new Signature(inputs, outputs.isEmpty() ? model.outputs() : outputs);
  }

  private static void requireKnown(String kind, String name, List<TensorSpec> specs) {
    if (specs.stream().noneMatch(spec -> spec.name().equals(name))) {
      throw refused(
          kind
              + " '"
              + name
              + "' is not in the model, whose "
              + kind
              + "s are "
              + specs.stream()
                  .map(spec -> "'" + spec.name() + "'")
                  .collect(Collectors.joining(", ")));
    }
  }

  private static TensorSpec narrowed(
      String kind,
      TensorSpec spec,
      ModelConfigOuterClass.DataType declaredType,
      List<Long> declaredDims,
      boolean rows) {
    if (declaredType != ModelConfigOuterClass.DataType.TYPE_INVALID
        && declaredType != wireType(spec.type())) {
      throw refused(
          kind
              + " '"
              + spec.name()
              + "': data_type: "
              + declaredType
              + ", but the model has "
              + wireType(spec.type()));
    }
    if (declaredDims.isEmpty()) {
      return spec;
    }
    int offset = rows ? 1 : 0;
    long[] dims = spec.shape().toArray();
    // Triton writes a scalar as [1].
    boolean fits =
        dims.length == declaredDims.size() + offset
            || (dims.length == offset && declaredDims.equals(List.of(1L)));
    for (int i = offset; fits && i < dims.length; i++) {
      long declared = declaredDims.get(i - offset);
      fits = declared == Shape.VARIABLE || dims[i] == Shape.VARIABLE || dims[i] == declared;
      if (dims[i] == Shape.VARIABLE) {
        dims[i] = declared;
      }
    }
    if (!fits) {
      throw refused(
          kind
              + " '"
              + spec.name()
              + "': dims: "
              + declaredDims
              + (rows ? " after the batch dimension" : "")
              + ", but the model has "
              + spec.shape());
    }
    return new TensorSpec(spec.name(), spec.type(), Shape.of(dims), spec.optional());
  }

  private static ModelInput completeInput(ModelConfig declared, TensorSpec spec, boolean rows) {
    ModelInput.Builder input = ModelInput.newBuilder();
    for (ModelInput each : declared.getInputList()) {
      if (each.getName().equals(spec.name())) {
        input.mergeFrom(each).clearDims();
      }
    }
    return input
        .setName(spec.name())
        .setDataType(wireType(spec.type()))
        .addAllDims(dims(spec, rows))
        .setOptional(spec.optional())
        .build();
  }

  private static ModelOutput completeOutput(ModelConfig declared, TensorSpec spec, boolean rows) {
    ModelOutput.Builder output = ModelOutput.newBuilder();
    for (ModelOutput each : declared.getOutputList()) {
      if (each.getName().equals(spec.name())) {
        output.mergeFrom(each).clearDims();
      }
    }
    return output
        .setName(spec.name())
        .setDataType(wireType(spec.type()))
        .addAllDims(dims(spec, rows))
        .build();
  }

  private static List<Long> dims(TensorSpec spec, boolean rows) {
    List<Long> dims = new ArrayList<>();
    for (int i = rows ? 1 : 0; i < spec.shape().rank(); i++) {
      dims.add(spec.shape().dim(i));
    }
    return dims;
  }

  static ModelConfigOuterClass.DataType wireType(DataType type) {
    return switch (type) {
      case BOOL -> ModelConfigOuterClass.DataType.TYPE_BOOL;
      case UINT8 -> ModelConfigOuterClass.DataType.TYPE_UINT8;
      case UINT16 -> ModelConfigOuterClass.DataType.TYPE_UINT16;
      case UINT32 -> ModelConfigOuterClass.DataType.TYPE_UINT32;
      case UINT64 -> ModelConfigOuterClass.DataType.TYPE_UINT64;
      case INT8 -> ModelConfigOuterClass.DataType.TYPE_INT8;
      case INT16 -> ModelConfigOuterClass.DataType.TYPE_INT16;
      case INT32 -> ModelConfigOuterClass.DataType.TYPE_INT32;
      case INT64 -> ModelConfigOuterClass.DataType.TYPE_INT64;
      case FP16 -> ModelConfigOuterClass.DataType.TYPE_FP16;
      case FP32 -> ModelConfigOuterClass.DataType.TYPE_FP32;
      case FP64 -> ModelConfigOuterClass.DataType.TYPE_FP64;
      case BYTES -> ModelConfigOuterClass.DataType.TYPE_STRING;
      case BF16 -> ModelConfigOuterClass.DataType.TYPE_BF16;
    };
  }

  private static ServingException refused(String message) {
    return new ServingException(ErrorCode.INVALID_ARGUMENT, "config.pbtxt: " + message);
  }
}
