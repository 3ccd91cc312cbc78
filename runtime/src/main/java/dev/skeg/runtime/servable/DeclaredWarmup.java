package dev.skeg.runtime.servable;

import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.TensorSpec;
import inference.ModelConfigOuterClass.ModelWarmup;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * What {@code model_warmup} of config.pbtxt has a version run before it answers: each entry names
 * data for every input, for one row or, where the model is not batchable, for the whole tensor.
 */
final class DeclaredWarmup {
  private static final int MAX_ROWS = 1 << 16;
  private static final int MAX_COUNT = 1000;
  private static final int INTEGER_BOUND = 10;
  private static final int SEED = 11;

  /**
   * One entry.
   *
   * @param place what an error about it begins with
   * @param count runs, 1 to {@value #MAX_COUNT}
   */
  record Entry(String place, List<Tensor> inputs, int count) {}

  private final Signature signature;
  private final boolean hasRows;
  private final Path versionDirectory;

  DeclaredWarmup(Signature signature, boolean hasRows, Path versionDirectory) {
    this.signature = signature;
    this.hasRows = hasRows;
    this.versionDirectory = versionDirectory;
  }

  /**
   * Makes the tensors of all entries.
   *
   * @throws ServingException if an entry does not fit the model or its data cannot be read
   */
  List<Entry> entries(List<ModelWarmup> declared) {
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < declared.size(); i++) {
      ModelWarmup warmup = declared.get(i);
      String place =
          "config.pbtxt: model_warmup["
              + i
              + "]"
              + (warmup.getName().isEmpty() ? "" : " '" + warmup.getName() + "'");
      long rows = Integer.toUnsignedLong(warmup.getBatchSize());
      if (rows > (hasRows ? MAX_ROWS : 1)) {
        throw refused(
            place
                + ": batch_size: "
                + rows
                + (hasRows
                    ? " (expected: 0 to " + MAX_ROWS + ")"
                    : " (expected: 0 or 1, as the model is not batchable)"));
      }
      List<Tensor> inputs = new ArrayList<>();
      warmup.getInputsMap().entrySet().stream()
          .sorted(Map.Entry.comparingByKey(Comparator.naturalOrder()))
          .forEach(input ->
              inputs.add(
                  tensor(
                      place + ".inputs['" + input.getKey() + "']",
                      input.getKey(),
                      input.getValue(),
                      Math.max(1, (int) rows))));
      long count = Math.clamp(Integer.toUnsignedLong(warmup.getCount()), 1, MAX_COUNT);
      entries.add(new Entry(place, inputs, (int) count));
    }
    return entries;
  }

  private Tensor tensor(String place, String name, ModelWarmup.Input input, int rows) {
    int index = signature.inputIndex(name);
    if (index < 0) {
      throw refused(place + ": the model has no such input");
    }
    TensorSpec spec = signature.inputs().get(index);
    if (ConfigCompletion.wireType(spec.type()) != input.getDataType()) {
      throw refused(
          place
              + ": data_type: "
              + input.getDataType()
              + " (expected: "
              + ConfigCompletion.wireType(spec.type())
              + ")");
    }
    for (long dim : input.getDimsList()) {
      if (dim < 1) {
        throw refused(place + ": dims: " + input.getDimsList() + " (expected: each 1 or more)");
      }
    }
    Shape one = Shape.of(input.getDimsList().stream().mapToLong(Long::longValue).toArray());
    byte[] row = data(place, spec, input, one);
    byte[] all = new byte[Math.multiplyExact(row.length, rows)];
    for (int i = 0; i < rows; i++) {
      System.arraycopy(row, 0, all, i * row.length, row.length);
    }
    return new Tensor(
        name, spec.type(), hasRows ? withRows(one, rows) : one, MemorySegment.ofArray(all));
  }

  private static Shape withRows(Shape row, int rows) {
    long[] dims = new long[row.rank() + 1];
    dims[0] = rows;
    System.arraycopy(row.toArray(), 0, dims, 1, row.rank());
    return Shape.of(dims);
  }

  private byte[] data(String place, TensorSpec spec, ModelWarmup.Input input, Shape shape) {
    int elements = Math.toIntExact(shape.elementCount());
    boolean isFixed = spec.type().isFixedSize();
    int bytes = Math.multiplyExact(elements, isFixed ? spec.type().size() : Integer.BYTES);
    return switch (input.getInputDataTypeCase()) {
      case ZERO_DATA -> new byte[bytes]; // Of BYTES: empty strings, each with its length.
      case RANDOM_DATA ->
          RandomTensor.of(spec, shape, INTEGER_BOUND, new SplittableRandom(SEED))
              .data()
              .toArray(ValueLayout.JAVA_BYTE);
      case INPUT_DATA_FILE -> file(place, spec.type(), input.getInputDataFile(), elements, bytes);
      case INPUTDATATYPE_NOT_SET ->
          throw refused(place + ": no data (expected: zero_data, random_data or input_data_file)");
    };
  }

  private byte[] file(String place, DataType type, String name, int elements, int bytes) {
    Path relative = Path.of(name);
    if (relative.isAbsolute() || !relative.normalize().equals(relative) || name.startsWith("..")) {
      throw refused(
          place + ": input_data_file: " + name + " (expected: a file in the directory warmup)");
    }
    Path model = versionDirectory.toAbsolutePath().getParent();
    Path file = versionDirectory.resolve("warmup").resolve(relative);
    if (!Files.isRegularFile(file) && model != null) {
      file = model.resolve("warmup").resolve(relative);
    }
    byte[] data;
    try {
      data = Files.readAllBytes(file);
    } catch (IOException e) {
      throw new ServingException(
          ErrorCode.NOT_FOUND, place + ": input_data_file: " + file + " cannot be read", e);
    }
    boolean fits = type.isFixedSize() ? data.length == bytes : strings(data) == elements;
    if (!fits) {
      throw refused(
          place
              + ": input_data_file: "
              + file
              + " has "
              + data.length
              + " bytes (expected: "
              + elements
              + " elements of "
              + type
              + (type.isFixedSize() ? ", " + bytes + " bytes)" : ", each after its length)"));
    }
    return data;
  }

  /** Returns how many strings the bytes are; -1 if they are none. */
  private static int strings(byte[] data) {
    int count = 0;
    long at = 0;
    while (at + Integer.BYTES <= data.length) {
      at += Integer.BYTES + TensorValues.length(data, (int) at);
      count++;
    }
    return at == data.length ? count : -1;
  }

  private static ServingException refused(String message) {
    return new ServingException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
