package dev.skeg.runtime.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.RequestMarks;
import dev.skeg.runtime.model.RequestTerms;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufInputStream;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the body of an infer request: a JSON document, and behind it the binary data of those
 * inputs that have no {@code data} in it.
 *
 * <p>The document is read once, as a stream, and numbers go straight from its text into the
 * tensor's bytes. JSON leaves the order of keys to the writer, so {@code data} may come before the
 * {@code datatype} that says how to read it: then its place is remembered and it is read at the end
 * of its input. Binary data is not copied at all: the tensor points into the body.
 *
 * <p><b>Threads.</b> One object reads one body, on any thread.
 */
final class InferRequestDecoder {
  private static final int MAX_CUSTOM_NAME = 128;

  private final JsonFactory json;
  private final HttpConfig config;
  private final ByteBufAllocator allocator;
  private final ByteBuf body;

  private final List<Input> inputs = new ArrayList<>();
  private final List<String> outputs = new ArrayList<>();
  private final List<@Nullable Boolean> outputsBinary = new ArrayList<>();
  private final List<ByteBuf> memory = new ArrayList<>();
  private String id = "";
  private boolean binaryByDefault;
  private boolean sawInputs;
  private long queueTimeoutNanos;
  private long eventMillis = -1;
  private final List<String> parameters = new ArrayList<>(); // The client's own: key, value, …
  private long priority;
  private long stagedBytes;
  private String where = ""; // What is being read, for the message of a parser's failure.

  /** One of the request's inputs, as far as it has been read. */
  private static final class Input {
    final int index;
    @Nullable String name;
    @Nullable DataType type;
    long @Nullable [] dims;
    boolean hasData;
    long dataStart = -1;
    long dataEnd;
    @Nullable ByteBuf staged;
    long stagedCount;
    long binarySize = -1;

    Input(int index) {
      this.index = index;
    }

    String label() {
      return name == null ? "inputs[" + index + "]" : "input '" + Text.excerpt(name) + "'";
    }
  }

  private InferRequestDecoder(
      JsonFactory json, HttpConfig config, ByteBufAllocator allocator, ByteBuf body) {
    this.json = json;
    this.config = config;
    this.allocator = allocator;
    this.body = body;
  }

  /**
   * Reads a request.
   *
   * @param body decompressed and contiguous; becomes the result's, and is released if this throws
   * @param jsonBytes length of the document at the body's start
   * @param timeoutNanos that the client waits for the answer, from received; 0 for ever
   * @throws HttpError 400 with what came and what was expected
   */
  static InferCall decode(
      JsonFactory json,
      HttpConfig config,
      ByteBufAllocator allocator,
      ByteBuf body,
      int jsonBytes,
      Route.Infer route,
      long timeoutNanos,
      long receivedNanos) {
    RequestHeads heads = RequestHeads.own();
    InferRequestDecoder decoder = new InferRequestDecoder(json, config, allocator, body);
    decoder.memory.add(body);
    boolean done = false;
    try {
      InferCall known =
          heads == null ? null : heads.find(body, jsonBytes, route, timeoutNanos, receivedNanos);
      if (known != null) {
        done = true;
        return known;
      }
      InferCall call = decoder.decode(jsonBytes, route, timeoutNanos, receivedNanos);
      if (heads != null) {
        decoder.keep(heads, jsonBytes, route, call);
      }
      done = true;
      return call;
    } finally {
      if (!done) {
        decoder.memory.forEach(ByteBuf::release);
      }
    }
  }

  /** Lets the next request with the same document go without reading it. */
  private void keep(RequestHeads heads, int jsonBytes, Route.Infer route, InferCall call) {
    List<RequestHeads.Input> known = new ArrayList<>(inputs.size());
    for (int i = 0; i < inputs.size(); i++) {
      Input input = inputs.get(i);
      if (input.staged != null) {
        return;
      }
      Tensor tensor = call.request().inputs().get(i);
      known.add(
          new RequestHeads.Input(
              tensor.name(), tensor.type(), tensor.shape(), (int) input.binarySize));
    }
    heads.keep(body, jsonBytes, route, known, call);
  }

  private InferCall decode(
      int jsonBytes, Route.Infer route, long timeoutNanos, long receivedNanos) {
    readDocument(jsonBytes);
    List<Tensor> tensors = tensors(jsonBytes, route.model());
    List<Boolean> binary = new ArrayList<>(outputsBinary.size());
    for (@Nullable Boolean wanted : outputsBinary) {
      binary.add(wanted == null ? binaryByDefault : wanted);
    }
    InferenceRequest request =
        new InferenceRequest(
            route.model(),
            route.version(),
            id,
            tensors,
            outputs,
            new RequestTerms(timeoutNanos, queueTimeoutNanos, priority),
            RequestMarks.of(eventMillis, parameters),
            receivedNanos);
    return new InferCall(request, binary, binaryByDefault, memory);
  }

  private void readDocument(int jsonBytes) {
    if (jsonBytes == 0) {
      throw HttpError.badRequest("the request has no body (expected: a JSON document)");
    }
    InputStream stream = new ByteBufInputStream(body.slice(body.readerIndex(), jsonBytes));
    try (JsonParser parser = json.createParser(stream)) {
      try {
        readRequest(parser);
        where = "";
        if (parser.nextToken() != null) {
          throw HttpError.badRequest(
              "unexpected "
                  + Json.describe(parser)
                  + " after the JSON document (expected: its end; binary data needs the header"
                  + " Inference-Header-Content-Length)");
        }
      } catch (IOException failure) {
        throw Json.malformed(failure, parser, config.maxJsonDepth(), where);
      }
    } catch (IOException failure) {
      // Opening or closing: the document's encoding was not recognised.
      throw HttpError.badRequest("failed to parse the request JSON buffer: not UTF-8");
    }
    if (!sawInputs) {
      throw HttpError.badRequest("the request has no 'inputs' (expected: an array of tensors)");
    }
  }

  private void readRequest(JsonParser parser) throws IOException {
    parser.nextToken();
    if (parser.currentToken() != null && parser.currentTokenLocation().getByteOffset() < 0) {
      throw HttpError.badRequest("failed to parse the request JSON buffer: not UTF-8");
    }
    expect(parser, JsonToken.START_OBJECT, "the request", "a JSON object");
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      parser.nextToken();
      where = "'" + Text.excerpt(key) + "'";
      switch (key) {
        case "id" -> id = string(parser, "id");
        case "parameters" -> readRequestParameters(parser);
        case "inputs" -> readInputs(parser);
        case "outputs" -> readOutputs(parser);
        default -> parser.skipChildren();
      }
    }
  }

  private void readRequestParameters(JsonParser parser) throws IOException {
    expect(parser, JsonToken.START_OBJECT, "parameters", "an object");
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      parser.nextToken();
      String field = "parameters." + Text.excerpt(key);
      switch (key) {
        case "binary_data_output" -> binaryByDefault = bool(parser, field);
        case "triton_enable_empty_final_response" -> bool(parser, field);
        case "sequence_start", "sequence_end" -> {
          if (bool(parser, field)) {
            throw stateful(field);
          }
        }
        case "sequence_id" -> {
          boolean none =
              parser.currentToken() == JsonToken.VALUE_STRING
                  ? parser.getText().isEmpty()
                  : unsigned(parser, field, "a string or an integer, 0 or more").signum() == 0;
          if (!none) {
            throw stateful(field);
          }
        }
        case "priority" -> priority = saturated(unsigned(parser, field, "an integer, 0 or more"));
        case "timeout" ->
            queueTimeoutNanos =
                RequestTerms.microsToNanos(
                    saturated(unsigned(parser, field, "an integer of microseconds, 0 or more")));
        case RequestMarks.EVENT_TIME ->
            eventMillis =
                saturated(
                    unsigned(parser, field, "an integer, milliseconds since the epoch, 0 or more"));
        default -> {
          readCustomParameter(parser, key, field);
          if (parser.currentToken() == JsonToken.VALUE_STRING
              && parameters.size() < 2 * RequestMarks.MAX_PARAMETERS) {
            parameters.add(key);
            parameters.add(parser.getText());
          }
        }
      }
    }
  }

  private static long saturated(BigInteger value) {
    return value.bitLength() > 63 ? Long.MAX_VALUE : value.longValue();
  }

  private static void readCustomParameter(JsonParser parser, String key, String field)
      throws IOException {
    if (key.toLowerCase(Locale.ROOT).startsWith("triton_")) {
      throw HttpError.badRequest(
          field
              + ": parameter keys starting with 'triton_' are reserved, only the following are"
              + " allowed: triton_enable_empty_final_response");
    }
    if (key.equals("headers")) {
      throw HttpError.badRequest(field + ": the parameter key 'headers' is reserved");
    }
    if (key.length() > MAX_CUSTOM_NAME) {
      throw HttpError.badRequest(
          field + ": a key of " + key.length() + " characters (expected: at most 128)");
    }
    if (!parser.currentToken().isScalarValue() || parser.currentToken() == JsonToken.VALUE_NULL) {
      throw HttpError.badRequest(
          field + ": " + Json.describe(parser) + " (expected: a string, a number or a boolean)");
    }
  }

  private static HttpError stateful(String field) {
    return new HttpError(
        HttpResponseStatus.NOT_IMPLEMENTED,
        field + ": stateful models are not supported by this server");
  }

  private void readInputs(JsonParser parser) throws IOException {
    expect(parser, JsonToken.START_ARRAY, "inputs", "an array of tensors");
    sawInputs = true;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      Input input = new Input(inputs.size());
      where = input.label();
      expect(parser, JsonToken.START_OBJECT, "inputs[" + input.index + "]", "an object");
      inputs.add(input);
      readInput(parser, input);
    }
  }

  private void readInput(JsonParser parser, Input input) throws IOException {
    String path = "inputs[" + input.index + "]";
    boolean sharedMemory = false;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      parser.nextToken();
      switch (key) {
        case "name" -> {
          input.name = string(parser, path + ".name");
          where = input.label();
        }
        case "datatype" -> input.type = datatype(parser, path, input);
        case "shape" -> input.dims = shape(parser, input);
        case "parameters" -> sharedMemory |= readInputParameters(parser, path, input);
        case "data" -> {
          input.hasData = true;
          if (input.type == null) {
            input.dataStart = parser.currentTokenLocation().getByteOffset();
            parser.skipChildren();
            input.dataEnd = parser.currentTokenLocation().getByteOffset() + 1;
            if (input.dataEnd - input.dataStart < 2) {
              // A scalar, whose end is not where its token starts; it is no array anyway.
              throw HttpError.badRequest(
                  input.label() + " data: " + Json.describe(parser) + " (expected: an array)");
            }
          } else {
            stage(parser, input, input.type);
          }
        }
        default -> parser.skipChildren();
      }
    }
    checkInput(input, sharedMemory);
    if (input.dataStart >= 0) {
      readDeferredData(input);
    }
  }

  private void readDeferredData(Input input) throws IOException {
    int length = Math.toIntExact(input.dataEnd - input.dataStart);
    int start = body.readerIndex() + Math.toIntExact(input.dataStart);
    try (JsonParser parser =
        json.createParser((InputStream) new ByteBufInputStream(body.slice(start, length)))) {
      try {
        parser.nextToken();
        stage(parser, input, require(input.type));
      } catch (IOException failure) {
        throw Json.malformed(failure, parser, config.maxJsonDepth(), where);
      }
    }
  }

  private void stage(JsonParser parser, Input input, DataType type) throws IOException {
    long elements = input.dims == null ? Long.MAX_VALUE : elementCount(input, input.dims);
    long remaining = config.maxDecompressedBytes() - stagedBytes;
    long expected = Math.min(elements, 1024) * Math.max(type.size(), 8);
    ByteBuf staged = allocator.directBuffer((int) Math.max(16, Math.min(expected, remaining)));
    memory.add(staged);
    input.staged = staged;
    input.stagedCount =
        new JsonTensorReader(parser, input.label(), type, elements, staged, (int) remaining).read();
    stagedBytes += staged.readableBytes();
  }

  /** Returns whether the parameters ask for shared memory. */
  private static boolean readInputParameters(JsonParser parser, String path, Input input)
      throws IOException {
    expect(parser, JsonToken.START_OBJECT, path + ".parameters", "an object");
    boolean sharedMemory = false;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      parser.nextToken();
      switch (key) {
        case "binary_data_size" -> {
          String field = path + ".parameters.binary_data_size";
          BigInteger size = unsigned(parser, field, "a number of bytes, 0 or more");
          input.binarySize = size.bitLength() < 63 ? size.longValue() : Long.MAX_VALUE;
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

  private static void checkInput(Input input, boolean sharedMemory) {
    String path = "inputs[" + input.index + "]";
    if (input.name == null) {
      throw HttpError.badRequest(path + " has no 'name' (expected: the name of a model's input)");
    }
    if (input.name.isEmpty()) {
      throw HttpError.badRequest(path + ".name: empty (expected: the name of a model's input)");
    }
    if (input.type == null) {
      throw HttpError.badRequest(input.label() + " has no 'datatype' (expected: as \"FP32\")");
    }
    if (input.dims == null) {
      throw HttpError.badRequest(input.label() + " has no 'shape' (expected: as [1,4])");
    }
    int sources =
        (input.hasData ? 1 : 0) + (input.binarySize >= 0 ? 1 : 0) + (sharedMemory ? 1 : 0);
    if (sources != 1) {
      throw HttpError.badRequest(
          "Input must set only one of the following fields: 'data', 'binary_data_size' in"
              + " 'parameters', 'shared_memory_region' in 'parameters'. "
              + input.label()
              + " has "
              + (sources == 0 ? "none of them" : sources + " of them"));
    }
    if (sharedMemory) {
      throw HttpError.badRequest(
          input.label() + ": shared memory is not supported by this server yet");
    }
  }

  private static DataType datatype(JsonParser parser, String path, Input input) throws IOException {
    String text = string(parser, path + ".datatype");
    return DataType.of(text)
        .orElseThrow(() ->
            HttpError.badRequest(
                input.label()
                    + ": datatype '"
                    + Text.excerpt(text)
                    + "' (expected: one of "
                    + Arrays.toString(DataType.values())
                    + ")"));
  }

  private static long[] shape(JsonParser parser, Input input) throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw HttpError.badRequest(
          input.label()
              + " shape: "
              + Json.describe(parser)
              + " (expected: an array of dimensions)");
    }
    long[] dims = new long[8];
    int rank = 0;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT
          || parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
          || parser.getLongValue() < 0) {
        throw HttpError.badRequest(
            input.label()
                + " shape["
                + rank
                + "]: "
                + Json.describe(parser)
                + " (expected: an integer, 0 to "
                + Long.MAX_VALUE
                + ")");
      }
      if (rank == dims.length) {
        dims = Arrays.copyOf(dims, rank * 2);
      }
      dims[rank++] = parser.getLongValue();
    }
    return Arrays.copyOf(dims, rank);
  }

  private static long elementCount(Input input, long[] dims) {
    Shape shape = Shape.of(dims);
    try {
      return shape.elementCount();
    } catch (ArithmeticException overflow) {
      throw HttpError.badRequest(
          input.label()
              + " shape "
              + Text.excerpt(shape.toString())
              + ": more than "
              + Long.MAX_VALUE
              + " elements");
    }
  }

  private void readOutputs(JsonParser parser) throws IOException {
    expect(parser, JsonToken.START_ARRAY, "outputs", "an array of outputs");
    Set<String> seen = new HashSet<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      String path = "outputs[" + outputs.size() + "]";
      expect(parser, JsonToken.START_OBJECT, path, "an object");
      String name = "";
      @Nullable Boolean binary = null;
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        parser.nextToken();
        switch (key) {
          case "name" -> name = string(parser, path + ".name");
          case "parameters" -> binary = readOutputParameters(parser, path);
          default -> parser.skipChildren();
        }
      }
      if (name.isEmpty()) {
        throw HttpError.badRequest(path + " has no 'name' (expected: the name of an output)");
      }
      if (!seen.add(name)) {
        throw HttpError.badRequest(
            "output '" + Text.excerpt(name) + "' is asked for twice (expected: once)");
      }
      outputs.add(name);
      outputsBinary.add(binary);
    }
  }

  /** Returns {@code binary_data}, or null if it is not there. */
  private static @Nullable Boolean readOutputParameters(JsonParser parser, String path)
      throws IOException {
    expect(parser, JsonToken.START_OBJECT, path + ".parameters", "an object");
    @Nullable Boolean binary = null;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      parser.nextToken();
      String field = path + ".parameters." + Text.excerpt(key);
      switch (key) {
        case "binary_data" -> binary = bool(parser, field);
        case "classification" -> {
          if (unsigned(parser, field, "an integer, 0 or more").signum() > 0) {
            throw HttpError.badRequest(
                field + ": classification is not supported by this server yet");
          }
        }
        case "shared_memory_region", "shared_memory_offset", "shared_memory_byte_size" ->
            throw HttpError.badRequest(
                field + ": shared memory is not supported by this server yet");
        default -> parser.skipChildren();
      }
    }
    return binary;
  }

  /** Gives every input its bytes: those staged, and those behind the document in order. */
  private List<Tensor> tensors(int jsonBytes, String model) {
    List<Tensor> tensors = new ArrayList<>(inputs.size());
    Set<String> seen = new HashSet<>();
    long offset = jsonBytes;
    for (Input input : inputs) {
      String name = require(input.name);
      DataType type = require(input.type);
      Shape shape = Shape.of(require(input.dims));
      if (!seen.add(name)) {
        throw HttpError.badRequest(
            "input '" + Text.excerpt(name) + "' is given twice (expected: once)");
      }
      long count = elementCount(input, require(input.dims));
      MemorySegment data;
      if (input.staged == null) {
        long available = body.readableBytes() - offset;
        if (input.binarySize > available) {
          throw HttpError.badRequest(
              "unexpected size for input '"
                  + Text.excerpt(name)
                  + "', expecting "
                  + (input.binarySize - available)
                  + " additional bytes for model '"
                  + Text.excerpt(model)
                  + "'");
        }
        data = segment(body, body.readerIndex() + (int) offset, (int) input.binarySize);
        BinaryTensors.check(name, type, count, data);
        offset += input.binarySize;
      } else {
        if (input.stagedCount != count) {
          throw HttpError.badRequest(
              input.label()
                  + " data: "
                  + input.stagedCount
                  + " elements (expected: "
                  + count
                  + ", by its shape "
                  + Text.excerpt(shape.toString())
                  + ")");
        }
        data = segment(input.staged, input.staged.readerIndex(), input.staged.readableBytes());
      }
      tensors.add(new Tensor(name, type, shape, data));
    }
    if (offset != body.readableBytes()) {
      throw HttpError.badRequest(
          "unexpected additional input data for model '"
              + Text.excerpt(model)
              + "': "
              + (body.readableBytes() - offset)
              + " bytes after those of the inputs");
    }
    return tensors;
  }

  private static MemorySegment segment(ByteBuf buffer, int index, int length) {
    return length == 0
        ? MemorySegment.ofArray(new byte[0])
        : MemorySegment.ofBuffer(buffer.nioBuffer(index, length));
  }

  private static <T> T require(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("an input was not checked");
    }
    return value;
  }

  private static void expect(JsonParser parser, JsonToken token, String field, String expected)
      throws IOException {
    if (parser.currentToken() != token) {
      throw unfit(parser, field, expected);
    }
  }

  private static String string(JsonParser parser, String field) throws IOException {
    expect(parser, JsonToken.VALUE_STRING, field, "a string");
    return parser.getText();
  }

  private static boolean bool(JsonParser parser, String field) throws IOException {
    return switch (parser.currentToken()) {
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> throw unfit(parser, field, "true or false");
    };
  }

  private static BigInteger unsigned(JsonParser parser, String field, String expected)
      throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_NUMBER_INT) {
      BigInteger value = parser.getBigIntegerValue();
      if (value.signum() >= 0 && value.bitLength() <= 64) {
        return value;
      }
    }
    throw unfit(parser, field, expected);
  }

  private static HttpError unfit(JsonParser parser, String field, String expected)
      throws IOException {
    return HttpError.badRequest(
        field + ": " + Json.describe(parser) + " (expected: " + expected + ")");
  }
}
