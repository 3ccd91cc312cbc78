package dev.skeg.runtime.backend.onnx;

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
import java.lang.foreign.ValueLayout;

/**
 * Outputs that lie where ONNX Runtime allocated them; strings are copied into the wire's form.
 *
 * <p><b>Threads.</b> One at a time.
 */
final class OnnxOutputs implements InferenceOutputs {
  private final OrtApi api;
  private final long[] values;
  private final Tensor[] tensors;
  private final long inputNanos;
  private long outputNanos;

  private OnnxOutputs(OrtApi api, long[] values, Tensor[] tensors, long inputNanos) {
    this.api = api;
    this.values = values;
    this.tensors = tensors;
    this.inputNanos = inputNanos;
  }

  /** Takes over the output values of a run that succeeded. */
  static OnnxOutputs of(
      OrtApi api, RunMemory memory, Signature signature, int[] outputs, long inputNanos) {
    long startNanos = System.nanoTime();
    long[] values = new long[outputs.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = memory.output(i);
    }
    Tensor[] tensors = new Tensor[outputs.length];
    OnnxOutputs result = new OnnxOutputs(api, values, tensors, inputNanos);
    try {
      for (int i = 0; i < values.length; i++) {
        String name = signature.outputs().get(outputs[i]).name();
        Tensor output = tensor(api, memory.out(), name, values[i]);
        // A graph may list an input among its outputs; the engine then answers with the memory that
        // it was given, which is the caller's again as soon as the run is over.
        tensors[i] = signature.inputIndex(name) < 0 ? output : copy(output);
      }
      result.outputNanos = Math.max(0, System.nanoTime() - startNanos);
      return result;
    } catch (RuntimeException | Error e) {
      result.close();
      throw e;
    }
  }

  private static Tensor tensor(OrtApi api, long out, String name, long value) {
    long info = api.tensorTypeAndShape(value, out);
    DataType type;
    Shape shape;
    try {
      int elementType = api.typeInfo().elementType(info);
      type = OnnxTypes.dataType(elementType);
      if (type == null) {
        throw new ServingException(
            ErrorCode.INTERNAL,
            "output '" + name + "' is a tensor of " + OnnxTypes.name(elementType));
      }
      shape = Shape.of(api.typeInfo().dimensions(info));
    } finally {
      api.releaseTensorTypeAndShape(info);
    }
    long elements = shape.elementCount();
    MemorySegment data =
        type == DataType.BYTES
            ? strings(api, out, value, elements)
            : elements == 0
                ? MemorySegment.ofArray(new byte[0])
                : OrtTable.memory(api.tensorData(value, out), Tensor.byteSize(type, elements));
    return new Tensor(name, type, shape, data);
  }

  private static Tensor copy(Tensor tensor) {
    MemorySegment data = MemorySegment.ofArray(tensor.data().toArray(ValueLayout.JAVA_BYTE));
    return new Tensor(tensor.name(), tensor.type(), tensor.shape(), data);
  }

  private static MemorySegment strings(OrtApi api, long out, long value, long elements) {
    if (elements == 0) {
      return MemorySegment.ofArray(new byte[0]);
    }
    long bytes = api.stringBytes(value, out);
    MemorySegment wire =
        MemorySegment.ofArray(new byte[Math.toIntExact(bytes + elements * Integer.BYTES)]);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment content = arena.allocate(Math.max(1, bytes));
      MemorySegment offsets = arena.allocate(ValueLayout.JAVA_LONG, elements);
      api.stringContent(value, content.address(), bytes, offsets.address(), elements);
      long target = 0;
      for (long i = 0; i < elements; i++) {
        long start = offsets.getAtIndex(ValueLayout.JAVA_LONG, i);
        long end = i + 1 < elements ? offsets.getAtIndex(ValueLayout.JAVA_LONG, i + 1) : bytes;
        wire.set(TensorLayouts.INT, target, Math.toIntExact(end - start));
        target += Integer.BYTES;
        MemorySegment.copy(content, start, wire, target, end - start);
        target += end - start;
      }
    }
    return wire;
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
    return inputNanos;
  }

  @Override
  public long outputNanos() {
    return outputNanos;
  }

  @Override
  public void close() {
    for (int i = 0; i < values.length; i++) {
      if (values[i] != 0) {
        api.releaseValue(values[i]);
        values[i] = 0;
      }
    }
  }
}
