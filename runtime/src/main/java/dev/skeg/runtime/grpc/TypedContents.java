package dev.skeg.runtime.grpc;

import dev.skeg.runtime.model.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An input's {@code contents}: elements in protobuf's lists, to be packed as tensors are.
 *
 * <p>A message field may come in several pieces, which protobuf merges; for lists that is the same
 * as reading one piece after the other. Each piece is read twice: {@link #scan} counts, so that
 * nothing is allocated before the count is known to be right, then {@link #pack} converts.
 *
 * <p><b>Threads.</b> One at a time.
 */
final class TypedContents {
  private static final String[] FIELDS = {
    "", // Field numbers start at 1.
    "bool_contents",
    "int_contents",
    "int64_contents",
    "uint_contents",
    "uint64_contents",
    "fp32_contents",
    "fp64_contents",
    "bytes_contents"
  };
  private static final int BYTES_FIELD = 8;

  private record Piece(int offset, int length) {}

  private final List<Piece> pieces = new ArrayList<>(1);
  private final long[] counts = new long[FIELDS.length];
  private long bytesLength; // Of all elements of bytes_contents.

  /** Returns the name of the list that elements of that type travel in; null if none may. */
  static @Nullable String fieldFor(DataType type) {
    int field = fieldNumber(type);
    return field == 0 ? null : FIELDS[field];
  }

  private static int fieldNumber(DataType type) {
    return switch (type) {
      case BOOL -> 1;
      case INT8, INT16, INT32 -> 2;
      case INT64 -> 3;
      case UINT8, UINT16, UINT32 -> 4;
      case UINT64 -> 5;
      case FP32 -> 6;
      case FP64 -> 7;
      case BYTES -> BYTES_FIELD;
      case FP16, BF16 -> 0;
    };
  }

  /** Reads over one piece, of {@code length} bytes, and counts its elements. */
  void scan(WireReader in, int length) throws WireFormatException {
    pieces.add(new Piece(in.position(), length));
    int outer = in.enter(length);
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      int field = tag >>> 3;
      if (!isList(tag)) {
        in.skipField(tag);
      } else if (field == BYTES_FIELD) {
        int size = in.readLength();
        in.skipBytes(size);
        bytesLength += size;
        counts[field]++;
      } else if ((tag & 7) == WireReader.DELIMITED) {
        int outerOfPacked = in.enter(in.readLength());
        while (!in.atEnd()) {
          readElement(in, field);
          counts[field]++;
        }
        in.leave(outerOfPacked);
      } else {
        readElement(in, field);
        counts[field]++;
      }
    }
    in.leave(outer);
  }

  /** Returns the number of elements in the list for that type. */
  long count(DataType type) {
    return counts[fieldNumber(type)];
  }

  /** Returns the bytes that the elements take once packed. */
  long packedSize(DataType type) {
    return type == DataType.BYTES
        ? bytesLength + Integer.BYTES * counts[BYTES_FIELD]
        : count(type) * type.size();
  }

  /** Returns the name of a list with elements that are not for that type; null if there is none. */
  @Nullable String misplaced(DataType type) {
    int expected = fieldNumber(type);
    for (int field = 1; field < FIELDS.length; field++) {
      if (field != expected && counts[field] > 0) {
        return FIELDS[field];
      }
    }
    return null;
  }

  /**
   * Returns the elements for that type, packed.
   *
   * @throws IllegalArgumentException if an element is too large for the type; its message continues
   *     a sentence about the input
   */
  byte[] pack(WireReader in, DataType type) throws WireFormatException {
    byte[] packed = new byte[Math.toIntExact(packedSize(type))];
    ByteBuffer out = ByteBuffer.wrap(packed).order(ByteOrder.LITTLE_ENDIAN);
    int expected = fieldNumber(type);
    for (Piece piece : pieces) {
      in.seek(piece.offset, piece.length);
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (!isList(tag) || tag >>> 3 != expected) {
          in.skipField(tag);
        } else if (type == DataType.BYTES) {
          int size = in.readLength();
          out.putInt(size);
          in.readBytes(packed, out.position(), size);
          out.position(out.position() + size);
        } else if ((tag & 7) == WireReader.DELIMITED) {
          int outerOfPacked = in.enter(in.readLength());
          while (!in.atEnd()) {
            put(out, type, readElement(in, expected));
          }
          in.leave(outerOfPacked);
        } else {
          put(out, type, readElement(in, expected));
        }
      }
    }
    return packed;
  }

  /** Whether the field is one of the lists, in one of its two encodings. */
  private static boolean isList(int tag) {
    int wireType = tag & 7;
    return switch (tag >>> 3) {
      case 1, 2, 3, 4, 5 -> wireType == WireReader.VARINT || wireType == WireReader.DELIMITED;
      case 6 -> wireType == WireReader.FIXED32 || wireType == WireReader.DELIMITED;
      case 7 -> wireType == WireReader.FIXED64 || wireType == WireReader.DELIMITED;
      case BYTES_FIELD -> wireType == WireReader.DELIMITED;
      default -> false;
    };
  }

  /** Returns an element's value, or a float's bits. */
  private static long readElement(WireReader in, int field) throws WireFormatException {
    return switch (field) {
      case 2 -> in.readVarint32();
      case 4 -> Integer.toUnsignedLong(in.readVarint32());
      case 6 -> in.readFixed32();
      case 7 -> in.readFixed64();
      default -> in.readVarint64();
    };
  }

  private static void put(ByteBuffer out, DataType type, long value) {
    switch (type) {
      case BOOL -> out.put((byte) (value == 0 ? 0 : 1));
      case INT8 -> out.put((byte) requireRange(out, type, value, Byte.MIN_VALUE, 127));
      case INT16 -> out.putShort((short) requireRange(out, type, value, Short.MIN_VALUE, 32767));
      case UINT8 -> out.put((byte) requireRange(out, type, value, 0, 255));
      case UINT16 -> out.putShort((short) requireRange(out, type, value, 0, 65535));
      case INT32, UINT32, FP32 -> out.putInt((int) value);
      case INT64, UINT64, FP64 -> out.putLong(value);
      case FP16, BF16, BYTES -> throw new IllegalStateException(type + " in a list of numbers");
    }
  }

  private static long requireRange(ByteBuffer out, DataType type, long value, long min, long max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          "element "
              + out.position() / type.size()
              + " is "
              + value
              + " (expected: "
              + min
              + " to "
              + max
              + ")");
    }
    return value;
  }
}
