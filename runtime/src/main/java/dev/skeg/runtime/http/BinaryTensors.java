package dev.skeg.runtime.http;

import static dev.skeg.runtime.model.TensorLayouts.INT;

import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.Text;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Holds a tensor's bytes, as the wire has them, against its datatype and number of elements. */
final class BinaryTensors {
  private BinaryTensors() {}

  /**
   * Checks that {@code data} is exactly {@code count} elements.
   *
   * @throws HttpError 400 if it is not
   */
  static void check(String input, DataType type, long count, MemorySegment data) {
    if (type == DataType.BYTES) {
      checkElements(input, count, data);
      return;
    }
    // Not multiplied: the product may exceed a long.
    if (data.byteSize() % type.size() != 0 || data.byteSize() / type.size() != count) {
      throw HttpError.badRequest(
          "input byte size mismatch for input '"
              + Text.excerpt(input)
              + "'. Expected "
              + expectedBytes(type, count)
              + ", got "
              + data.byteSize());
    }
    if (type == DataType.BOOL) {
      checkBooleans(input, data);
    }
  }

  private static String expectedBytes(DataType type, long count) {
    return count > Long.MAX_VALUE / type.size()
        ? count + " elements of " + type.size() + " bytes"
        : Long.toString(count * type.size());
  }

  private static void checkBooleans(String input, MemorySegment data) {
    long size = data.byteSize();
    for (long i = 0; i < size; i++) {
      byte value = data.get(ValueLayout.JAVA_BYTE, i);
      if (value != 0 && value != 1) {
        throw HttpError.badRequest(
            "input '"
                + Text.excerpt(input)
                + "' element "
                + i
                + ": byte "
                + (value & 0xff)
                + " (expected: a BOOL, 0 or 1)");
      }
    }
  }

  private static void checkElements(String input, long count, MemorySegment data) {
    long size = data.byteSize();
    long offset = 0;
    long elements = 0;
    while (offset < size) {
      if (size - offset < Integer.BYTES) {
        throw HttpError.badRequest(
            "incomplete string length indicator for inference input '"
                + Text.excerpt(input)
                + "', expecting 4 bytes but only "
                + (size - offset)
                + " bytes available");
      }
      long length = Integer.toUnsignedLong(data.get(INT, offset));
      offset += Integer.BYTES;
      if (size - offset < length) {
        throw HttpError.badRequest(
            "incomplete string data for inference input '"
                + Text.excerpt(input)
                + "', expecting string of length "
                + length
                + " but only "
                + (size - offset)
                + " bytes available");
      }
      offset += length;
      elements++;
    }
    if (elements != count) {
      throw HttpError.badRequest(
          "unexpected number of string elements "
              + elements
              + " for inference input '"
              + Text.excerpt(input)
              + "', expecting "
              + count);
    }
  }
}
