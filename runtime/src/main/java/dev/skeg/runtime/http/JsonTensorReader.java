package dev.skeg.runtime.http;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.NumberInput;
import dev.skeg.runtime.model.DataType;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/**
 * Reads the {@code data} of one input: nested or flat, straight into the tensor's bytes.
 *
 * <p>What does not fit the datatype is refused, never truncated or rounded to something else: a
 * fraction for an integer type, a value out of range, a number too large for a float. Whether the
 * number of elements is right is the caller's to check, but no more than {@code maxElements} are
 * read and no more than {@code maxBytes} written.
 */
final class JsonTensorReader {
  private static final BigInteger MAX_UINT64 =
      BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);

  private final JsonParser parser;
  private final String label;
  private final DataType type;
  private final long maxElements;
  private final ByteBuf target;
  private final int maxBytes;
  private long count;

  /**
   * @param parser at the array's {@code [}
   * @param label what messages call the input
   * @param maxElements as many as the shape has, or {@link Long#MAX_VALUE} while it is not known
   * @param target takes the bytes
   * @param maxBytes of {@code target}
   */
  JsonTensorReader(
      JsonParser parser,
      String label,
      DataType type,
      long maxElements,
      ByteBuf target,
      int maxBytes) {
    this.parser = parser;
    this.label = label;
    this.type = type;
    this.maxElements = maxElements;
    this.target = target;
    this.maxBytes = maxBytes;
  }

  /**
   * Reads up to the array's own {@code ]}.
   *
   * @return the number of elements
   * @throws HttpError 400 if an element does not fit
   */
  long read() throws IOException {
    if (type == DataType.FP16 || type == DataType.BF16) {
      throw HttpError.badRequest(
          "receiving "
              + type
              + " data via JSON is not supported. Please use the binary data format for "
              + label);
    }
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw HttpError.badRequest(
          label + " data: " + Json.describe(parser) + " (expected: an array of " + type + ")");
    }
    int depth = 1;
    while (depth > 0) {
      JsonToken token = parser.nextToken();
      if (token == null) {
        throw HttpError.badRequest(label + " data: the JSON ends before the array does");
      }
      switch (token) {
        case START_ARRAY -> depth++;
        case END_ARRAY -> depth--;
        default -> {
          if (count == maxElements) {
            throw HttpError.badRequest(
                label
                    + " data: more than "
                    + maxElements
                    + " elements (expected: as many as its shape has)");
          }
          element(token);
          count++;
        }
      }
    }
    return count;
  }

  private void element(JsonToken token) throws IOException {
    if (type != DataType.BYTES) {
      reserve(type.size());
    }
    switch (type) {
      case BOOL -> {
        if (token != JsonToken.VALUE_TRUE && token != JsonToken.VALUE_FALSE) {
          throw unfit("a BOOL, true or false");
        }
        target.writeByte(token == JsonToken.VALUE_TRUE ? 1 : 0);
      }
      case INT8 -> target.writeByte((int) integer(token, Byte.MIN_VALUE, Byte.MAX_VALUE));
      case UINT8 -> target.writeByte((int) integer(token, 0, 0xff));
      case INT16 -> target.writeShortLE((int) integer(token, Short.MIN_VALUE, Short.MAX_VALUE));
      case UINT16 -> target.writeShortLE((int) integer(token, 0, 0xffff));
      case INT32 -> target.writeIntLE((int) integer(token, Integer.MIN_VALUE, Integer.MAX_VALUE));
      case UINT32 -> target.writeIntLE((int) integer(token, 0, 0xffff_ffffL));
      case INT64 -> target.writeLongLE(integer(token, Long.MIN_VALUE, Long.MAX_VALUE));
      case UINT64 -> target.writeLongLE(unsignedLong(token));
      case FP32 -> target.writeFloatLE(float32(token));
      case FP64 -> target.writeDoubleLE(float64(token));
      case BYTES -> bytes(token);
      case FP16, BF16 -> throw new IllegalStateException(type + " was refused before");
    }
  }

  private long integer(JsonToken token, long min, long max) throws IOException {
    if (token == JsonToken.VALUE_NUMBER_INT
        && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
      long value = parser.getLongValue();
      if (value >= min && value <= max) {
        return value;
      }
    }
    throw unfit(article() + type + ", " + min + " to " + max);
  }

  private long unsignedLong(JsonToken token) throws IOException {
    if (token == JsonToken.VALUE_NUMBER_INT) {
      if (parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
        BigInteger value = parser.getBigIntegerValue();
        if (value.signum() >= 0 && value.bitLength() <= 64) {
          return value.longValue();
        }
      } else if (parser.getLongValue() >= 0) {
        return parser.getLongValue();
      }
    }
    throw unfit("a UINT64, 0 to " + MAX_UINT64);
  }

  private float float32(JsonToken token) throws IOException {
    if (token.isNumeric()) {
      float value =
          NumberInput.parseFloat(
              parser.getTextCharacters(), parser.getTextOffset(), parser.getTextLength(), true);
      if (Float.isInfinite(value)) {
        throw unfit("a FP32, at most 3.4028235e38 in magnitude; out of range");
      }
      return value;
    }
    Double special = special(token);
    if (special == null) {
      throw unfit("a FP32: a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
    }
    return special.floatValue();
  }

  private double float64(JsonToken token) throws IOException {
    if (token.isNumeric()) {
      double value =
          NumberInput.parseDouble(
              parser.getTextCharacters(), parser.getTextOffset(), parser.getTextLength(), true);
      if (Double.isInfinite(value)) {
        throw unfit("a FP64, at most 1.7976931348623157e308 in magnitude; out of range");
      }
      return value;
    }
    Double special = special(token);
    if (special == null) {
      throw unfit("a FP64: a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
    }
    return special;
  }

  /** Returns the value that protobuf's JSON mapping writes as a string. */
  private @Nullable Double special(JsonToken token) throws IOException {
    if (token != JsonToken.VALUE_STRING || parser.getTextLength() > 9) {
      return null;
    }
    return switch (parser.getText()) {
      case "NaN" -> Double.NaN;
      case "Infinity" -> Double.POSITIVE_INFINITY;
      case "-Infinity" -> Double.NEGATIVE_INFINITY;
      default -> null;
    };
  }

  private void bytes(JsonToken token) throws IOException {
    if (token != JsonToken.VALUE_STRING) {
      throw unfit("a string");
    }
    char[] chars = parser.getTextCharacters();
    int offset = parser.getTextOffset();
    int end = offset + parser.getTextLength();
    reserve(Integer.BYTES);
    int lengthAt = target.writerIndex();
    target.writeIntLE(0);
    for (int i = offset; i < end; i++) {
      char c = chars[i];
      if (c < 0x80) {
        reserve(1);
        target.writeByte(c);
      } else if (c < 0x800) {
        reserve(2);
        target.writeByte(0xc0 | c >> 6).writeByte(0x80 | (c & 0x3f));
      } else if (!Character.isSurrogate(c)) {
        reserve(3);
        target
            .writeByte(0xe0 | c >> 12)
            .writeByte(0x80 | (c >> 6 & 0x3f))
            .writeByte(0x80 | (c & 0x3f));
      } else if (i + 1 < end && Character.isSurrogatePair(c, chars[i + 1])) {
        int point = Character.toCodePoint(c, chars[++i]);
        reserve(4);
        target
            .writeByte(0xf0 | point >> 18)
            .writeByte(0x80 | (point >> 12 & 0x3f))
            .writeByte(0x80 | (point >> 6 & 0x3f))
            .writeByte(0x80 | (point & 0x3f));
      } else {
        throw HttpError.badRequest(
            where()
                + ": half of a surrogate pair, \\u"
                + Integer.toHexString(c)
                + " (expected: a string of Unicode characters; send other bytes as binary data)");
      }
    }
    target.setIntLE(lengthAt, target.writerIndex() - lengthAt - Integer.BYTES);
  }

  private void reserve(int bytes) {
    if (target.writerIndex() > maxBytes - bytes) {
      throw HttpError.badRequest(
          label + " data: more than " + maxBytes + " bytes as a tensor (the server's limit)");
    }
    target.ensureWritable(bytes);
  }

  private String article() {
    return type.name().charAt(0) == 'I' ? "an " : "a ";
  }

  private String where() {
    return label + " data[" + count + "]";
  }

  private HttpError unfit(String expected) throws IOException {
    return HttpError.badRequest(
        where() + ": " + Json.describe(parser) + " (expected: " + expected + ")");
  }
}
