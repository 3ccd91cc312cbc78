package dev.skeg.runtime.http;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.Text;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One of an infer request's {@code inputs}.
 *
 * <p>Numbers go straight from the document's text into the tensor's bytes. JSON leaves the order of
 * keys to the writer, so {@code data} may come before the {@code datatype} that says how to read
 * it: then its place is remembered and it is read at the end of the input. Binary data is not
 * copied at all: the tensor points into the body.
 *
 * <p><b>Threads.</b> The one that reads the body.
 */
final class InferInput {
  private final InferBody body;
  private final int index;
  private @Nullable String name;
  private @Nullable DataType type;
  private long @Nullable [] dims;
  private boolean hasData;
  private long dataStart = -1; // Of data that came before its datatype, in the document.
  private long dataEnd;
  private @Nullable ByteBuf staged; // What was read from the document.
  private long stagedCount;
  private long binarySize = -1;

  private InferInput(InferBody body, int index) {
    this.body = body;
    this.index = index;
  }

  /**
   * Reads an input.
   *
   * @param parser at its first token
   * @param index among the request's inputs
   * @throws HttpError 400 with what came and what was expected
   */
  static InferInput read(JsonParser parser, InferBody body, int index) throws IOException {
    InferInput input = new InferInput(body, index);
    body.at(input.label());
    Json.expect(parser, JsonToken.START_OBJECT, input.path(), "an object");
    input.readMembers(parser);
    return input;
  }

  /** Returns its name, once it has been read. */
  String name() {
    return require(name);
  }

  /** Returns whether its data is behind the document, and not in it. */
  boolean isBinary() {
    return staged == null;
  }

  /** Returns how many bytes of the data behind the document are its; only if it is there. */
  long binaryBytes() {
    return binarySize;
  }

  /**
   * Returns the tensor, which points into the body or to what was read from its document.
   *
   * @param offset of the binary data that belongs to no input before it
   * @param model for the message of a failure
   * @throws HttpError 400 if its data has not the size that its shape asks for
   */
  Tensor tensor(long offset, String model) {
    DataType known = require(type);
    Shape shape = Shape.of(require(dims));
    long count = elementCount(require(dims));
    MemorySegment data;
    if (staged == null) {
      long available = body.bytes().readableBytes() - offset;
      if (binarySize > available) {
        throw HttpError.badRequest(
            "unexpected size for input '"
                + Text.excerpt(name())
                + "', expecting "
                + (binarySize - available)
                + " additional bytes for model '"
                + Text.excerpt(model)
                + "'");
      }
      data =
          InferBody.segment(
              body.bytes(), body.bytes().readerIndex() + (int) offset, (int) binarySize);
      BinaryTensors.check(name(), known, count, data);
    } else {
      if (stagedCount != count) {
        throw HttpError.badRequest(
            label()
                + " data: "
                + stagedCount
                + " elements (expected: "
                + count
                + ", by its shape "
                + Text.excerpt(shape.toString())
                + ")");
      }
      data = InferBody.segment(staged, staged.readerIndex(), staged.readableBytes());
    }
    return new Tensor(name(), known, shape, data);
  }

  private String path() {
    return "inputs[" + index + "]";
  }

  private String label() {
    return name == null ? path() : "input '" + Text.excerpt(name) + "'";
  }

  private void readMembers(JsonParser parser) throws IOException {
    String path = path();
    boolean sharedMemory = false;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      parser.nextToken();
      switch (key) {
        case "name" -> {
          name = Json.string(parser, path + ".name");
          body.at(label());
        }
        case "datatype" -> type = datatype(parser, path);
        case "shape" -> dims = shape(parser);
        case "parameters" -> sharedMemory |= readParameters(parser, path);
        case "data" -> {
          hasData = true;
          if (type == null) {
            dataStart = parser.currentTokenLocation().getByteOffset();
            parser.skipChildren();
            dataEnd = parser.currentTokenLocation().getByteOffset() + 1;
            if (dataEnd - dataStart < 2) {
              // A scalar, whose end is not where its token starts; it is no array anyway.
              throw HttpError.badRequest(
                  label() + " data: " + Json.describe(parser) + " (expected: an array)");
            }
          } else {
            stage(parser, type);
          }
        }
        default -> parser.skipChildren();
      }
    }
    check(sharedMemory);
    if (dataStart >= 0) {
      readDeferredData();
    }
  }

  private void readDeferredData() throws IOException {
    int length = Math.toIntExact(dataEnd - dataStart);
    try (JsonParser parser = body.parser(Math.toIntExact(dataStart), length)) {
      try {
        parser.nextToken();
        stage(parser, require(type));
      } catch (IOException failure) {
        throw body.malformed(failure, parser);
      }
    }
  }

  private void stage(JsonParser parser, DataType known) throws IOException {
    long elements = dims == null ? Long.MAX_VALUE : elementCount(dims);
    int remaining = body.stagingBytes();
    ByteBuf staging = body.newStaging(Math.min(elements, 1024) * Math.max(known.size(), 8));
    staged = staging;
    stagedCount = new JsonTensorReader(parser, label(), known, elements, staging, remaining).read();
    body.staged(staging.readableBytes());
  }

  /** Returns whether the parameters ask for shared memory. */
  private boolean readParameters(JsonParser parser, String path) throws IOException {
    Json.expect(parser, JsonToken.START_OBJECT, path + ".parameters", "an object");
    boolean sharedMemory = false;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      parser.nextToken();
      switch (key) {
        case "binary_data_size" -> {
          String field = path + ".parameters.binary_data_size";
          BigInteger size = Json.unsigned(parser, field, "a number of bytes, 0 or more");
          binarySize = size.bitLength() < 63 ? size.longValue() : Long.MAX_VALUE;
        }
        case "shared_memory_region", "shared_memory_offset", "shared_memory_byte_size" -> {
          sharedMemory = true;
          parser.skipChildren();
        }
        default -> parser.skipChildren();
      }
    }
    return sharedMemory;
  }

  private void check(boolean sharedMemory) {
    String path = path();
    if (name == null) {
      throw HttpError.badRequest(path + " has no 'name' (expected: the name of a model's input)");
    }
    if (name.isEmpty()) {
      throw HttpError.badRequest(path + ".name: empty (expected: the name of a model's input)");
    }
    if (type == null) {
      throw HttpError.badRequest(label() + " has no 'datatype' (expected: as \"FP32\")");
    }
    if (dims == null) {
      throw HttpError.badRequest(label() + " has no 'shape' (expected: as [1,4])");
    }
    int sources = (hasData ? 1 : 0) + (binarySize >= 0 ? 1 : 0) + (sharedMemory ? 1 : 0);
    if (sources != 1) {
      throw HttpError.badRequest(
          "Input must set only one of the following fields: 'data', 'binary_data_size' in"
              + " 'parameters', 'shared_memory_region' in 'parameters'. "
              + label()
              + " has "
              + (sources == 0 ? "none of them" : sources + " of them"));
    }
    if (sharedMemory) {
      throw HttpError.badRequest(label() + ": shared memory is not supported by this server yet");
    }
  }

  private DataType datatype(JsonParser parser, String path) throws IOException {
    String text = Json.string(parser, path + ".datatype");
    return DataType.of(text)
        .orElseThrow(() ->
            HttpError.badRequest(
                label()
                    + ": datatype '"
                    + Text.excerpt(text)
                    + "' (expected: one of "
                    + Arrays.toString(DataType.values())
                    + ")"));
  }

  private long[] shape(JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw HttpError.badRequest(
          label() + " shape: " + Json.describe(parser) + " (expected: an array of dimensions)");
    }
    long[] sizes = new long[8];
    int rank = 0;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT
          || parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
          || parser.getLongValue() < 0) {
        throw HttpError.badRequest(
            label()
                + " shape["
                + rank
                + "]: "
                + Json.describe(parser)
                + " (expected: an integer, 0 to "
                + Long.MAX_VALUE
                + ")");
      }
      if (rank == sizes.length) {
        sizes = Arrays.copyOf(sizes, rank * 2);
      }
      sizes[rank++] = parser.getLongValue();
    }
    return Arrays.copyOf(sizes, rank);
  }

  private long elementCount(long[] sizes) {
    Shape shape = Shape.of(sizes);
    try {
      return shape.elementCount();
    } catch (ArithmeticException overflow) {
      throw HttpError.badRequest(
          label()
              + " shape "
              + Text.excerpt(shape.toString())
              + ": more than "
              + Long.MAX_VALUE
              + " elements");
    }
  }

  private static <T> T require(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("an input was not checked");
    }
    return value;
  }
}
