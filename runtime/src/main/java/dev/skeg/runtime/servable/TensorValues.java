package dev.skeg.runtime.servable;

import static dev.skeg.runtime.model.TensorLayouts.DOUBLE;
import static dev.skeg.runtime.model.TensorLayouts.FLOAT;
import static dev.skeg.runtime.model.TensorLayouts.INT;
import static dev.skeg.runtime.model.TensorLayouts.SHORT;

import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** The values of tensors, off the request path: reads floats of any width, and compares. */
final class TensorValues {
  private TensorValues() {}

  /** Returns the length that stands before a string. */
  static long length(byte[] data, int offset) {
    return Integer.toUnsignedLong(MemorySegment.ofArray(data).get(INT, offset));
  }

  static boolean isFloat(DataType type) {
    return switch (type) {
      case FP16, BF16, FP32, FP64 -> true;
      case BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64, BYTES -> false;
    };
  }

  /** Returns element {@code index} of packed floats. */
  static double value(DataType type, MemorySegment data, long index) {
    long offset = index * type.size();
    return switch (type) {
      case FP16 -> Float.float16ToFloat(data.get(SHORT, offset));
      case BF16 -> Float.intBitsToFloat(data.get(SHORT, offset) << 16);
      case FP32 -> data.get(FLOAT, offset);
      case FP64 -> data.get(DOUBLE, offset);
      case BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64, BYTES ->
          throw new IllegalArgumentException("type: " + type + " (expected: a float)");
    };
  }

  /** Returns a copy of a tensor that outlives what it came from. */
  static Tensor copy(Tensor tensor) {
    return new Tensor(
        tensor.name(),
        tensor.type(),
        tensor.shape(),
        MemorySegment.ofArray(tensor.data().toArray(ValueLayout.JAVA_BYTE)));
  }

  /**
   * Returns how one tensor differs from what was expected, for people; null if it does not.
   * Integers, booleans and bytes are compared exactly.
   *
   * @param tolerance a float may be off by that much, times its own magnitude where that is above 1
   */
  static @Nullable String difference(Tensor expected, Tensor actual, double tolerance) {
    if (expected.type() != actual.type()) {
      return "its datatype is " + actual.type() + " (expected: " + expected.type() + ")";
    }
    if (!expected.shape().equals(actual.shape())) {
      return "its shape is " + actual.shape() + " (expected: " + expected.shape() + ")";
    }
    if (!isFloat(expected.type())) {
      long at = expected.data().mismatch(actual.data());
      return at < 0 ? null : "it differs from what is expected, from byte " + at + " on";
    }
    for (long i = 0; i < expected.shape().elementCount(); i++) {
      double wanted = value(expected.type(), expected.data(), i);
      double given = value(actual.type(), actual.data(), i);
      boolean isNear =
          Double.compare(wanted, given) == 0
              || Math.abs(wanted - given) <= tolerance * Math.max(1, Math.abs(wanted));
      if (!isNear) {
        return "element "
            + i
            + " is "
            + given
            + " (expected: "
            + wanted
            + ", within "
            + tolerance
            + ")";
      }
    }
    return null;
  }
}
