package dev.skeg.runtime.backend.onnx;

import dev.skeg.runtime.backend.BackendModel;
import dev.skeg.runtime.backend.LoadOptions;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;

/** A process that has the engine divide once, and may not live to say what came of it. */
final class DivisionProcess {
  /** Exits with it if the engine refused to. */
  static final int REFUSED = 3;

  private DivisionProcess() {}

  /**
   * Divides.
   *
   * @param arguments the model's file, the type of its inputs {@code a} and {@code b}, and {@code
   *     zero} for 7 by 0 or {@code min} for the smallest number by -1
   */
  public static void main(String[] arguments) {
    Path file = Path.of(arguments[0]);
    DataType type = DataType.valueOf(arguments[1]);
    boolean isZero = arguments[2].equals("zero");
    long smallest = type == DataType.INT64 ? Long.MIN_VALUE : Integer.MIN_VALUE;
    int code = 0;
    try (OnnxRuntimeBackend backend = new OnnxRuntimeBackend(file.resolveSibling("native"));
        BackendModel model = backend.load(new LoadOptions(file, 1))) {
      List<Tensor> inputs =
          List.of(tensor("a", type, isZero ? 7 : smallest), tensor("b", type, isZero ? 0 : -1));
      try (var outputs = model.run(inputs, new int[] {0})) {
        System.out.println(outputs.size());
      } catch (ServingException refused) {
        code = REFUSED;
      }
    }
    System.exit(code);
  }

  private static Tensor tensor(String name, DataType type, long value) {
    MemorySegment data = MemorySegment.ofArray(new byte[(int) Tensor.byteSize(type, 1)]);
    if (type == DataType.INT64) {
      data.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, value);
    } else {
      data.set(ValueLayout.JAVA_INT_UNALIGNED, 0, (int) value);
    }
    return new Tensor(name, type, Shape.of(1), data);
  }
}
