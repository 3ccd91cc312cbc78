package dev.skeg.runtime.grpc;

import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.RequestTerms;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import io.grpc.Status;
import java.io.Closeable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads one {@code ModelInferRequest} without the generated classes.
 *
 * <p>The message is walked over once, where it lies. Names become strings; {@code
 * raw_input_contents} become slices of the message, not copies; {@code contents} are converted.
 * Fields may come in any order, so that what can only be judged in the light of the whole request
 * waits for its end. What is well-formed is decided by {@link WireReader} alone, as protobuf's own
 * parser would.
 *
 * <p>A message cannot make the decoder allocate out of proportion: tensors, dimensions and the size
 * of converted contents are limited, and nothing is allocated for a count that the data does not
 * bear out.
 *
 * <p><b>Threads.</b> One at a time. One decoder reads one message.
 */
final class InferRequestDecoder {
  /** Inputs of one request, and outputs: more than any model has. */
  static final int MAX_TENSORS = 4096;

  private static final ValueLayout.OfInt LENGTH =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final ByteBuffer message;
  private final WireReader in;
  private final long maxConvertedBytes;

  private String modelName = "";
  private String modelVersion = "";
  private String id = "";
  private final List<PendingInput> inputs = new ArrayList<>();
  private final List<String> outputs = new ArrayList<>();
  private int[] raw = new int[8]; // Offset and length of each raw_input_contents.
  private int rawCount;
  private long queueTimeoutNanos;
  private long priority;
  private long convertedBytes;
  private @Nullable RequestException firstProblem; // The first one met while walking.

  private InferRequestDecoder(ByteBuffer message, long maxConvertedBytes) {
    this.message = message;
    this.in = new WireReader(message);
    this.maxConvertedBytes = maxConvertedBytes;
  }

  /**
   * Reads a message.
   *
   * @param message from 0 to its limit; the tensors point into it
   * @param memory what to close once the tensors are no longer used; closed here if the message is
   *     refused
   * @param maxConvertedBytes bytes that {@code contents} may take once converted
   * @param nowNanos monotonic time
   */
  static InferCall decode(
      ByteBuffer message, @Nullable Closeable memory, long maxConvertedBytes, long nowNanos) {
    InferRequestDecoder decoder = new InferRequestDecoder(message, maxConvertedBytes);
    InferCall.Valid valid = null;
    try {
      decoder.walk();
      valid = new InferCall.Valid(decoder.finish(nowNanos), memory);
      return valid;
    } catch (WireFormatException e) {
      return new InferCall.Invalid(
          Status.INVALID_ARGUMENT.withDescription(
              "malformed ModelInferRequest of "
                  + message.limit()
                  + " bytes: "
                  + e.getMessage()
                  + " (expected: a protobuf message)"));
    } catch (RequestException e) {
      return new InferCall.Invalid(Statuses.of(e.code(), decoder.describe(e)));
    } finally {
      if (valid == null) {
        InferCall.release(memory);
      }
    }
  }

  private String describe(RequestException e) {
    return e.getMessage() + " for model '" + RequestException.excerpt(modelName) + "'";
  }

  private void walk() throws WireFormatException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if ((tag & 7) != WireReader.DELIMITED) {
        in.skipField(tag);
        continue;
      }
      switch (tag >>> 3) {
        case 1 -> modelName = in.readString();
        case 2 -> modelVersion = in.readString();
        case 3 -> id = in.readString();
        case 4 -> readParameter(Owner.REQUEST);
        case 5 -> readInput();
        case 6 -> readOutput();
        case 7 -> readRaw();
        default -> in.skipField(tag);
      }
    }
  }

  private void readInput() throws WireFormatException {
    PendingInput input = new PendingInput();
    int outer = in.enter(in.readLength());
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      int field = tag >>> 3;
      if (field == 3 && (tag & 7) == WireReader.VARINT) {
        input.addDimension(in.readVarint64());
        continue;
      }
      if ((tag & 7) != WireReader.DELIMITED) {
        in.skipField(tag);
        continue;
      }
      switch (field) {
        case 1 -> input.name = in.readString();
        case 2 -> input.datatype = in.readString();
        case 3 -> {
          int outerOfPacked = in.enter(in.readLength());
          while (!in.atEnd()) {
            input.addDimension(in.readVarint64());
          }
          in.leave(outerOfPacked);
        }
        case 4 -> readParameter(Owner.INPUT);
        case 5 -> {
          TypedContents contents = input.contents;
          if (contents == null) {
            contents = new TypedContents();
            input.contents = contents;
          }
          contents.scan(in, in.readLength());
        }
        default -> in.skipField(tag);
      }
    }
    in.leave(outer);
    if (inputs.size() < MAX_TENSORS) {
      inputs.add(input);
    } else {
      report(RequestException.invalid("more than " + MAX_TENSORS + " inputs"));
    }
  }

  private void readOutput() throws WireFormatException {
    String name = "";
    int outer = in.enter(in.readLength());
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (tag == (1 << 3 | WireReader.DELIMITED)) {
        name = in.readString();
      } else if (tag == (2 << 3 | WireReader.DELIMITED)) {
        readParameter(Owner.OUTPUT);
      } else {
        in.skipField(tag);
      }
    }
    in.leave(outer);
    if (outputs.size() < MAX_TENSORS) {
      outputs.add(name);
    } else {
      report(RequestException.invalid("more than " + MAX_TENSORS + " outputs"));
    }
  }

  private void readRaw() throws WireFormatException {
    int length = in.readLength();
    int offset = in.position();
    in.skipBytes(length);
    if (2 * rawCount == raw.length && rawCount < MAX_TENSORS) {
      raw = Arrays.copyOf(raw, 4 * rawCount);
    }
    if (2 * rawCount < raw.length) {
      raw[2 * rawCount] = offset;
      raw[2 * rawCount + 1] = length;
    }
    rawCount++;
  }

  /** Whose parameter it is, which decides what it may be. */
  private enum Owner {
    REQUEST,
    INPUT,
    OUTPUT
  }

  private void readParameter(Owner owner) throws WireFormatException {
    String key = "";
    InferParameters.Value value = InferParameters.Value.NONE;
    int outer = in.enter(in.readLength());
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (tag == (1 << 3 | WireReader.DELIMITED)) {
        key = in.readString();
      } else if (tag == (2 << 3 | WireReader.DELIMITED)) {
        value = readValue(value);
      } else {
        in.skipField(tag);
      }
    }
    in.leave(outer);
    try {
      switch (owner) {
        case REQUEST -> readTerm(key, value);
        case INPUT -> InferParameters.checkInput(key);
        case OUTPUT -> InferParameters.checkOutput(key);
      }
    } catch (RequestException e) {
      report(e);
    }
  }

  private void readTerm(String key, InferParameters.Value value) throws RequestException {
    InferParameters.checkRequest(key, value);
    if (key.equals("timeout")) {
      queueTimeoutNanos = RequestTerms.microsToNanos(value.unsigned());
    } else if (key.equals("priority")) {
      priority = value.unsigned();
    }
  }

  private InferParameters.Value readValue(InferParameters.Value before) throws WireFormatException {
    InferParameters.Value value = before;
    int outer = in.enter(in.readLength());
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag) {
        case 1 << 3 | WireReader.VARINT ->
            value = new InferParameters.Value("bool_param", in.readVarint64() != 0);
        case 2 << 3 | WireReader.VARINT ->
            value = new InferParameters.Value("int64_param", in.readVarint64());
        case 3 << 3 | WireReader.DELIMITED ->
            value = new InferParameters.Value("string_param", in.readString());
        case 4 << 3 | WireReader.FIXED64 ->
            value =
                new InferParameters.Value(
                    "double_param", Double.longBitsToDouble(in.readFixed64()));
        case 5 << 3 | WireReader.VARINT ->
            value = new InferParameters.Value("uint64_param", in.readVarint64());
        default -> in.skipField(tag);
      }
    }
    in.leave(outer);
    return value;
  }

  private void report(RequestException problem) {
    if (firstProblem == null) {
      firstProblem = problem;
    }
  }

  private InferenceRequest finish(long nowNanos) throws WireFormatException, RequestException {
    if (firstProblem != null) {
      throw firstProblem;
    }
    if (rawCount > 0) {
      for (PendingInput input : inputs) {
        if (input.contents != null) {
          throw RequestException.invalid(
              "contents field must not be specified when using raw_input_contents for input '"
                  + RequestException.excerpt(input.name)
                  + "'");
        }
      }
      if (rawCount != inputs.size()) {
        throw RequestException.invalid(
            "expected "
                + inputs.size()
                + " raw_input_contents, one for each input, but got "
                + rawCount);
      }
    }
    requireDistinct(outputs, "output");
    List<Tensor> tensors = new ArrayList<>(inputs.size());
    for (int i = 0; i < inputs.size(); i++) {
      tensors.add(tensor(inputs.get(i), i));
    }
    requireDistinct(inputs.stream().map(input -> input.name).toList(), "input");
    return new InferenceRequest(modelName, modelVersion, id, tensors, outputs, terms(), nowNanos);
  }

  private RequestTerms terms() {
    return queueTimeoutNanos == 0 && priority == 0
        ? RequestTerms.NONE
        : new RequestTerms(0, queueTimeoutNanos, priority);
  }

  private static void requireDistinct(List<String> names, String kind) throws RequestException {
    Set<String> seen = names.size() > 1 ? HashSet.newHashSet(names.size()) : Set.of();
    for (String name : names) {
      if (name.isEmpty()) {
        throw RequestException.invalid(kind + " without a name");
      }
      if (names.size() > 1 && !seen.add(name)) {
        throw RequestException.invalid(
            kind + " '" + RequestException.excerpt(name) + "' is given more than once");
      }
    }
  }

  private Tensor tensor(PendingInput input, int index)
      throws WireFormatException, RequestException {
    try {
      DataType type = input.type();
      Shape shape = input.shape();
      long elements;
      try {
        elements = shape.elementCount();
        Math.multiplyExact(elements, (long) Math.max(1, type.size()));
      } catch (ArithmeticException e) {
        throw RequestException.invalid("shape " + shape + " has too many elements");
      }
      MemorySegment data =
          rawCount > 0
              ? rawData(type, shape, elements, raw[2 * index], raw[2 * index + 1])
              : convertedData(input.contents, type, shape, elements);
      return new Tensor(input.name, type, shape, data);
    } catch (RequestException e) {
      throw new RequestException(
          e.code(), "input '" + RequestException.excerpt(input.name) + "': " + e.getMessage());
    }
  }

  private MemorySegment rawData(DataType type, Shape shape, long elements, int offset, int length)
      throws RequestException {
    MemorySegment data = MemorySegment.ofBuffer(message.slice(offset, length));
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
      checkBooleans(offset, length);
    }
    return data;
  }

  private void checkBooleans(int offset, int length) throws RequestException {
    for (int i = 0; i < length; i++) {
      byte value = message.get(offset + i);
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
      long length = Integer.toUnsignedLong(data.get(LENGTH, position));
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

  private MemorySegment convertedData(
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
      return MemorySegment.ofArray(new byte[0]);
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
