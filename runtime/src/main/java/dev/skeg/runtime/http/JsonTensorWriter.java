package dev.skeg.runtime.http;

import static dev.skeg.runtime.model.TensorLayouts.DOUBLE;
import static dev.skeg.runtime.model.TensorLayouts.FLOAT;
import static dev.skeg.runtime.model.TensorLayouts.INT;
import static dev.skeg.runtime.model.TensorLayouts.LONG;
import static dev.skeg.runtime.model.TensorLayouts.SHORT;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.Text;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Writes a tensor as a flat JSON array. NaN and infinities are strings, as protobuf's JSON mapping
 * has them, since a bare NaN is not JSON.
 */
final class JsonTensorWriter {
  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

  private JsonTensorWriter() {}

  /**
   * Writes {@code tensor}'s elements.
   *
   * @throws HttpError 400 if JSON cannot carry them
   */
  static void write(JsonGenerator json, Tensor tensor) throws IOException {
    MemorySegment data = tensor.data();
    long size = data.byteSize();
    json.writeStartArray();
    switch (tensor.type()) {
      case BOOL -> {
        for (long i = 0; i < size; i++) {
          json.writeBoolean(data.get(BYTE, i) != 0);
        }
      }
      case INT8 -> {
        for (long i = 0; i < size; i++) {
          json.writeNumber((int) data.get(BYTE, i));
        }
      }
      case UINT8 -> {
        for (long i = 0; i < size; i++) {
          json.writeNumber(data.get(BYTE, i) & 0xff);
        }
      }
      case INT16 -> {
        for (long i = 0; i < size; i += Short.BYTES) {
          json.writeNumber((int) data.get(SHORT, i));
        }
      }
      case UINT16 -> {
        for (long i = 0; i < size; i += Short.BYTES) {
          json.writeNumber(data.get(SHORT, i) & 0xffff);
        }
      }
      case INT32 -> {
        for (long i = 0; i < size; i += Integer.BYTES) {
          json.writeNumber(data.get(INT, i));
        }
      }
      case UINT32 -> {
        for (long i = 0; i < size; i += Integer.BYTES) {
          json.writeNumber(Integer.toUnsignedLong(data.get(INT, i)));
        }
      }
      case INT64 -> {
        for (long i = 0; i < size; i += Long.BYTES) {
          json.writeNumber(data.get(LONG, i));
        }
      }
      case UINT64 -> {
        for (long i = 0; i < size; i += Long.BYTES) {
          long value = data.get(LONG, i);
          if (value >= 0) {
            json.writeNumber(value);
          } else {
            json.writeNumber(Long.toUnsignedString(value));
          }
        }
      }
      case FP32 -> {
        Decimal decimal = new Decimal(json);
        for (long i = 0; i < size; i += Float.BYTES) {
          decimal.write(data.get(FLOAT, i));
        }
      }
      case FP64 -> {
        Decimal decimal = new Decimal(json);
        for (long i = 0; i < size; i += Double.BYTES) {
          decimal.write(data.get(DOUBLE, i));
        }
      }
      case BYTES -> writeStrings(json, tensor);
      case FP16, BF16 ->
          throw HttpError.badRequest(
              "sending "
                  + tensor.type()
                  + " data via JSON is not supported. Please use the binary data format for"
                  + " output '"
                  + Text.excerpt(tensor.name())
                  + "'");
    }
    json.writeEndArray();
  }

  private static void writeStrings(JsonGenerator json, Tensor tensor) throws IOException {
    MemorySegment data = tensor.data();
    long size = data.byteSize();
    long element = 0;
    for (long i = 0; i < size; element++) {
      long length = Integer.toUnsignedLong(data.get(INT, i));
      i += Integer.BYTES;
      byte[] bytes = data.asSlice(i, length).toArray(BYTE);
      i += length;
      try {
        json.writeString(
            StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .decode(ByteBuffer.wrap(bytes))
                .toString());
      } catch (CharacterCodingException notUtf8) {
        throw HttpError.badRequest(
            "output '"
                + Text.excerpt(tensor.name())
                + "' element "
                + element
                + " is not UTF-8, so JSON cannot carry it. Please use the binary data format for"
                + " this output");
      }
    }
  }

  /** Writes numbers by a text that they share: Jackson would make a string of each. */
  private static final class Decimal {
    /** As many characters as the longest double has. */
    private static final int MAX_CHARS = 24;

    private final StringBuilder text = new StringBuilder(MAX_CHARS);
    private final char[] chars = new char[MAX_CHARS];
    private final JsonGenerator json;

    Decimal(JsonGenerator json) {
      this.json = json;
    }

    void write(float value) throws IOException {
      if (Float.isFinite(value)) {
        text.append(value);
        writeText();
      } else {
        json.writeNumber(value); // As a string.
      }
    }

    void write(double value) throws IOException {
      if (Double.isFinite(value)) {
        text.append(value);
        writeText();
      } else {
        json.writeNumber(value); // As a string.
      }
    }

    private void writeText() throws IOException {
      int length = text.length();
      text.getChars(0, length, chars, 0);
      json.writeNumber(chars, 0, length);
      text.setLength(0);
    }
  }
}
