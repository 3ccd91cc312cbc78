package dev.skeg.runtime.servable;

import dev.skeg.runtime.backend.BackendModel;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Finds out whether a model's first dimension is a batch: whether rows that run together get the
 * answers that each gets alone.
 *
 * <p>A variable first dimension alone says little: a sequence length, a mean over the rows or a
 * cumulative sum have one too. So a few random rows are run alone, together and in another order,
 * and the answers compared: integers, booleans and bytes exactly, floats within 1e-4 of the
 * output's largest magnitude, because kernels differ by batch size. A model that fails on random
 * rows of every kind tried, or answers differently each time, is not batchable.
 */
final class BatchProbe {
  private static final int ROWS = 3;
  private static final int[] PERMUTATION = {2, 0, 1};
  private static final double TOLERANCE = 1e-4;

  /** Extents tried for variable dimensions other than the first. */
  private static final int[] EXTENTS = {4, 1};

  /** Bounds tried for integers, which may be indexes into something small. */
  private static final int[] INTEGER_BOUNDS = {10, 2};

  private BatchProbe() {}

  /** Returns whether rows may be run together; runs the model about five times. */
  static boolean rowsAreIndependent(BackendModel model) {
    if (!model.hasCommonFirstDimension()
        || !haveRows(model.signature().inputs())
        || !haveRows(model.signature().outputs())) {
      return false;
    }
    for (int extent : EXTENTS) {
      for (int bound : INTEGER_BOUNDS) {
        List<List<Tensor>> rows = randomRows(model.signature().inputs(), extent, bound);
        List<byte[][]> together = run(model, concatenate(rows, 0, 1, 2), ROWS);
        if (together != null) {
          return agree(model, rows, together);
        }
      }
    }
    return false;
  }

  private static boolean haveRows(List<TensorSpec> specs) {
    for (TensorSpec spec : specs) {
      if (spec.shape().rank() == 0 || spec.shape().dim(0) != Shape.VARIABLE || spec.optional()) {
        return false;
      }
    }
    return !specs.isEmpty();
  }

  private static boolean agree(
      BackendModel model, List<List<Tensor>> rows, List<byte[][]> together) {
    List<byte[][]> permuted =
        run(model, concatenate(rows, PERMUTATION[0], PERMUTATION[1], PERMUTATION[2]), ROWS);
    if (permuted == null) {
      return false;
    }
    for (int row = 0; row < ROWS; row++) {
      List<byte[][]> alone = run(model, rows.get(row), 1);
      if (alone == null) {
        return false;
      }
      for (int output = 0; output < alone.size(); output++) {
        DataType type = model.signature().outputs().get(output).type();
        double scale = scale(type, together.get(output));
        byte[] expected = alone.get(output)[0];
        if (!same(type, expected, together.get(output)[row], scale)
            || !same(type, expected, permuted.get(output)[position(row)], scale)) {
          return false;
        }
      }
    }
    return true;
  }

  private static int position(int row) {
    for (int i = 0; i < ROWS; i++) {
      if (PERMUTATION[i] == row) {
        return i;
      }
    }
    throw new IllegalArgumentException("row: " + row + " (expected: 0 to " + (ROWS - 1) + ")");
  }

  /** Returns each output's bytes row by row; null if the model failed or gave other row counts. */
  @SuppressWarnings("ReturnsNullCollection") // Null is the third answer here: no answer.
  private static @Nullable List<byte[][]> run(BackendModel model, List<Tensor> inputs, int rows) {
    int[] all = new int[model.signature().outputs().size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = i;
    }
    try (InferenceOutputs outputs = model.run(inputs, all)) {
      List<byte[][]> result = new ArrayList<>();
      for (int i = 0; i < outputs.size(); i++) {
        Tensor output = outputs.get(i);
        if (output.shape().rank() == 0 || output.shape().dim(0) != rows) {
          return null;
        }
        result.add(split(output, rows));
      }
      return result;
    } catch (ServingException e) {
      return null;
    }
  }

  private static byte[][] split(Tensor tensor, int rows) {
    byte[] bytes = tensor.data().toArray(ValueLayout.JAVA_BYTE);
    byte[][] parts = new byte[rows][];
    int elements = Math.toIntExact(tensor.shape().elementCount() / rows);
    int start = 0;
    for (int row = 0; row < rows; row++) {
      int end = start + elements * tensor.type().size();
      if (!tensor.type().isFixedSize()) {
        for (int i = 0; i < elements; i++) {
          end += Integer.BYTES + (int) TensorValues.length(bytes, end);
        }
      }
      parts[row] = Arrays.copyOfRange(bytes, start, end);
      start = end;
    }
    return parts;
  }

  private static double scale(DataType type, byte[][] rows) {
    double scale = 0;
    if (TensorValues.isFloat(type)) {
      for (byte[] row : rows) {
        for (int i = 0; i < row.length / type.size(); i++) {
          double magnitude = Math.abs(value(type, row, i));
          if (Double.isFinite(magnitude)) {
            scale = Math.max(scale, magnitude);
          }
        }
      }
    }
    return scale;
  }

  private static boolean same(DataType type, byte[] expected, byte[] actual, double scale) {
    if (!TensorValues.isFloat(type)) {
      return Arrays.equals(expected, actual);
    }
    if (expected.length != actual.length) {
      return false;
    }
    // Half-width floats cannot hold a difference of 1e-4: one unit in their last place is more.
    double tolerance =
        scale * (type == DataType.FP16 ? 2e-3 : type == DataType.BF16 ? 1.6e-2 : TOLERANCE);
    for (int i = 0; i < expected.length / type.size(); i++) {
      double left = value(type, expected, i);
      double right = value(type, actual, i);
      boolean equal = Double.compare(left, right) == 0 || Math.abs(left - right) <= tolerance;
      if (!equal) {
        return false;
      }
    }
    return true;
  }

  private static double value(DataType type, byte[] bytes, int index) {
    return TensorValues.value(type, MemorySegment.ofArray(bytes), index);
  }

  private static List<List<Tensor>> randomRows(List<TensorSpec> specs, int extent, int bound) {
    SplittableRandom random = new SplittableRandom(42);
    List<List<Tensor>> rows = new ArrayList<>();
    for (int row = 0; row < ROWS; row++) {
      List<Tensor> tensors = new ArrayList<>();
      for (TensorSpec spec : specs) {
        long[] dims = spec.shape().toArray();
        dims[0] = 1;
        for (int i = 1; i < dims.length; i++) {
          dims[i] = dims[i] == Shape.VARIABLE ? extent : dims[i];
        }
        tensors.add(RandomTensor.of(spec, Shape.of(dims), bound, random));
      }
      rows.add(tensors);
    }
    return rows;
  }

  private static List<Tensor> concatenate(List<List<Tensor>> rows, int... order) {
    List<Tensor> batch = new ArrayList<>();
    for (int input = 0; input < rows.getFirst().size(); input++) {
      Tensor first = rows.getFirst().get(input);
      long size = 0;
      for (int row : order) {
        size += rows.get(row).get(input).data().byteSize();
      }
      MemorySegment data = MemorySegment.ofArray(new byte[Math.toIntExact(size)]);
      long offset = 0;
      for (int row : order) {
        MemorySegment part = rows.get(row).get(input).data();
        MemorySegment.copy(part, 0, data, offset, part.byteSize());
        offset += part.byteSize();
      }
      long[] dims = first.shape().toArray();
      dims[0] = order.length;
      batch.add(new Tensor(first.name(), first.type(), Shape.of(dims), data));
    }
    return batch;
  }
}
