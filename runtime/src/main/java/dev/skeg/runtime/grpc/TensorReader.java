package dev.skeg.runtime.grpc;

import static dev.skeg.runtime.model.TensorLayouts.INT;

import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.Text;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Makes tensors of what a message has of them: {@code raw_input_contents} become slices of the
 * message, not copies; {@code contents} are converted.
 *
 * <p><b>Threads.</b> One at a time; serves one message after the other.
 */
final class TensorReader {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
  private static final MemorySegment NO_ELEMENTS = MemorySegment.ofArray(new byte[0]);

  private final ShapeCache shapes = new ShapeCache();
  private final WireReader in;
  private final long maxConvertedBytes;
  private ByteBuffer message = NOTHING;
  private int size;
  private long convertedBytes;

  /**
   * @param in positioned anywhere in the message
   * @param maxConvertedBytes bytes that {@code contents} of one message may take once converted
   */
  TensorReader(WireReader in, long maxConvertedBytes) {
    this.in = in;
    this.maxConvertedBytes = maxConvertedBytes;
  }

  /**
   * Goes to a message.
   *
   * @param bytes from 0 to its limit; its position and limit are this reader's until {@link #end}
   */
  void start(ByteBuffer bytes) {
    message = bytes;
    size = bytes.limit();
    convertedBytes = 0;
  }

  /** Lets go of the message. */
  void end() {
    message = NOTHING;
    size = 0;
  }

  /** Reads an input whose data lies in the message. */
  Tensor raw(PendingInput input, int offset, int length) throws RequestException {
    try {
      DataType type = input.type();
      Shape shape = input.shape(shapes);
      return new Tensor(
          input.name, type, shape, raw(type, shape, elements(type, shape), offset, length));
    } catch (RequestException e) {
      throw about(input, e);
    }
  }

  /** Reads an input whose data is a list of numbers or strings. */
  Tensor converted(PendingInput input) throws WireFormatException, RequestException {
    try {
      DataType type = input.type();
      Shape shape = input.shape(shapes);
      return new Tensor(
          input.name, type, shape, converted(input.contents, type, shape, elements(type, shape)));
    } catch (RequestException e) {
      throw about(input, e);
    }
  }

  private static RequestException about(PendingInput input, RequestException problem) {
    return new RequestException(
        problem.code(), "input '" + Text.excerpt(input.name) + "': " + problem.getMessage());
  }

  private static long elements(DataType type, Shape shape) throws RequestException {
    try {
      long elements = shape.elementCount();
      Math.multiplyExact(elements, (long) Math.max(1, type.size()));
      return elements;
    } catch (ArithmeticException e) {
      throw RequestException.invalid("shape " + shape + " has too many elements");
    }
  }

  private MemorySegment raw(DataType type, Shape shape, long elements, int offset, int length)
      throws RequestException {
    // A segment of exactly these bytes, without a slice of the buffer or of a larger segment.
    message.limit(size).position(offset).limit(offset + length);
    MemorySegment data = MemorySegment.ofBuffer(message);
    if (type == DataType.BYTES) {
      checkLengths(data, shape, elements);
    } else if (length != elements * type.size()) {
      throw RequestException.invalid(
          "input byte size mismatch: expected "
              + elements * type.size()
              + " bytes for "
              + type
              + " of shape "
              + shape
              + ", got "
              + length);
    } else if (type == DataType.BOOL) {
      checkBooleans(data);
    }
    return data;
  }

  private static void checkBooleans(MemorySegment data) throws RequestException {
    for (long i = 0; i < data.byteSize(); i++) {
      byte value = data.get(ValueLayout.JAVA_BYTE, i);
      if ((value & ~1) != 0) {
        throw RequestException.invalid(
            "BOOL element " + i + " is " + (value & 0xff) + " (expected: 0 or 1)");
      }
    }
  }

  private static void checkLengths(MemorySegment data, Shape shape, long elements)
      throws RequestException {
    long position = 0;
    long count = 0;
    long size = data.byteSize();
    while (position < size) {
      if (size - position < Integer.BYTES) {
        throw RequestException.invalid(
            "BYTES element "
                + count
                + ": "
                + (size - position)
                + " bytes are left for its length (expected: 4)");
      }
      long length = Integer.toUnsignedLong(data.get(INT, position));
      position += Integer.BYTES;
      if (length > size - position) {
        throw RequestException.invalid(
            "BYTES element "
                + count
                + ": its length is "
                + length
                + ", but "
                + (size - position)
                + " bytes are left");
      }
      position += length;
      count++;
    }
    if (count != elements) {
      throw RequestException.invalid(
          "expected " + elements + " BYTES elements for shape " + shape + ", got " + count);
    }
  }

  private MemorySegment converted(
      @Nullable TypedContents contents, DataType type, Shape shape, long elements)
      throws WireFormatException, RequestException {
    String field = TypedContents.fieldFor(type);
    String misplaced = contents == null ? null : contents.misplaced(type);
    if (misplaced != null) {
      throw RequestException.invalid(
          "datatype "
              + type
              + " does not travel in "
              + misplaced
              + " (expected: "
              + (field == null ? "" : field + " or ")
              + "raw_input_contents)");
    }
    long count = contents == null || field == null ? 0 : contents.count(type);
    if (count != elements) {
      throw RequestException.invalid(
          "expected "
              + elements
              + " elements for shape "
              + shape
              + " in "
              + (field == null ? "" : field + " or ")
              + "raw_input_contents, got "
              + count);
    }
    if (contents == null || count == 0) {
      return NO_ELEMENTS;
    }
    convertedBytes += contents.packedSize(type);
    if (convertedBytes > maxConvertedBytes) {
      throw new RequestException(
          ErrorCode.INVALID_ARGUMENT,
          "contents take more than "
              + maxConvertedBytes
              + " bytes as tensors (expected: at most the limit of a message)");
    }
    try {
      return MemorySegment.ofArray(contents.pack(in, type));
    } catch (IllegalArgumentException e) {
      throw RequestException.invalid(type + " " + e.getMessage());
    }
  }
}
