package dev.skeg.runtime.backend.onnx;

import dev.skeg.runtime.backend.BackendModel;
import dev.skeg.runtime.backend.BatchSlot;
import dev.skeg.runtime.backend.RunControl;
import dev.skeg.runtime.backend.SlotShape;
import dev.skeg.runtime.backend.UnsupportedOutput;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.TensorLayouts;
import dev.skeg.runtime.model.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** A session. <b>Threads.</b> Any number may run it at once; ONNX Runtime sessions allow that. */
final class OnnxModel implements BackendModel {
  private final OrtApi api;
  private final long session;
  private final long memoryInfo;
  private final SessionSignature described;
  private final Runnable onClosed;
  private final List<String> warnings;
  private final Arena names = Arena.ofShared();
  private final long[] inputNames;
  private final long[] outputNames;
  private boolean closed;

  /**
   * @param onClosed run once, when the session has been released
   */
  OnnxModel(
      OrtApi api,
      long session,
      long memoryInfo,
      SessionSignature described,
      List<String> warnings,
      Runnable onClosed) {
    this.warnings = warnings;
    this.api = api;
    this.session = session;
    this.memoryInfo = memoryInfo;
    this.described = described;
    this.onClosed = onClosed;
    this.inputNames = addresses(described.signature().inputs());
    this.outputNames = addresses(described.signature().outputs());
  }

  private long[] addresses(List<TensorSpec> specs) {
    return specs.stream().mapToLong(spec -> names.allocateFrom(spec.name()).address()).toArray();
  }

  @Override
  public Signature signature() {
    return described.signature();
  }

  @Override
  public List<UnsupportedOutput> unsupportedOutputs() {
    return described.unsupportedOutputs();
  }

  @Override
  public List<String> warnings() {
    return warnings;
  }

  @Override
  public synchronized Optional<String> metadata(String key) {
    return closed
        ? Optional.empty()
        : api.metadata().text(session, key, BackendModel.MAX_METADATA_BYTES);
  }

  @Override
  public boolean hasCommonFirstDimension() {
    return described.hasCommonFirstDimension();
  }

  @Override
  public InferenceOutputs run(List<Tensor> inputs, int[] outputs) {
    return run(inputs, outputs, 0);
  }

  @Override
  public InferenceOutputs run(List<Tensor> inputs, int[] outputs, RunControl control) {
    return run(inputs, outputs, OnnxRunControl.options(control));
  }

  @Override
  public RunControl openControl() {
    return new OnnxRunControl(api);
  }

  private InferenceOutputs run(List<Tensor> inputs, int[] outputs, long runOptions) {
    long startNanos = System.nanoTime();
    long readyNanos;
    try (RunMemory memory = RunMemory.of(inputs, outputs.length)) {
      int created = 0;
      try {
        for (; created < inputs.size(); created++) {
          Tensor input = inputs.get(created);
          memory.setInput(
              created,
              inputNames[described.signature().inputIndex(input.name())],
              value(memory, input));
        }
        for (int i = 0; i < outputs.length; i++) {
          memory.setOutput(i, outputNames[outputs[i]]);
        }
        readyNanos = System.nanoTime();
        api.run(
            session,
            runOptions,
            memory.inputNames(),
            memory.inputs(),
            inputs.size(),
            memory.outputNames(),
            outputs.length,
            memory.outputs());
      } finally {
        for (int i = 0; i < created; i++) {
          api.releaseValue(memory.input(i));
        }
      }
      return OnnxOutputs.of(
          api, memory, described.signature(), outputs, Math.max(0, readyNanos - startNanos));
    }
  }

  private long value(RunMemory memory, Tensor input) {
    long shape = memory.shape(input.shape());
    int rank = input.shape().rank();
    if (input.type() != DataType.BYTES) {
      return api.createTensor(
          memoryInfo,
          memory.stage(input),
          input.data().byteSize(),
          shape,
          rank,
          OnnxTypes.elementType(input.type()),
          memory.out());
    }
    long value = api.createStringTensor(shape, rank, memory.out());
    try {
      fill(memory, value, input.data());
      return value;
    } catch (RuntimeException | Error e) {
      api.releaseValue(value);
      throw e;
    }
  }

  private void fill(RunMemory memory, long value, MemorySegment strings) {
    long offset = 0;
    for (long index = 0; offset < strings.byteSize(); index++) {
      long length = Integer.toUnsignedLong(strings.get(TensorLayouts.INT, offset));
      offset += Integer.BYTES;
      long target = api.resizedString(value, index, length, memory.out());
      if (length > 0) {
        MemorySegment.copy(strings, offset, OrtTable.memory(target, length), 0, length);
      }
      offset += length;
    }
  }

  @Override
  public BatchSlot openSlot(SlotShape shape) {
    return new OnnxSlot(api, session, memoryInfo, described.signature(), shape, this);
  }

  long inputName(int index) {
    return inputNames[index];
  }

  long outputName(int index) {
    return outputNames[index];
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      api.releaseSession(session);
      names.close();
      onClosed.run();
    }
  }
}
