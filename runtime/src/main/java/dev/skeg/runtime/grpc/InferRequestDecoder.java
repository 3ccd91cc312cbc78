package dev.skeg.runtime.grpc;

import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.RequestMarks;
import dev.skeg.runtime.model.RequestTerms;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.model.Text;
import io.grpc.Status;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads one {@code ModelInferRequest} without the generated classes.
 *
 * <p>The message is walked over once, where it lies. Fields may come in any order, so that what can
 * only be judged in the light of the whole request waits for its end. What is well-formed is
 * decided by {@link WireReader} alone, as protobuf's own parser would.
 *
 * <p>A message cannot make the decoder allocate out of proportion: tensors, dimensions and the size
 * of converted contents are limited, and nothing is allocated for a count that the data does not
 * bear out.
 *
 * <p><b>Threads.</b> One at a time. It reads one message after the other, and keeps what they have
 * in common: names, shapes, the lists it reads into.
 */
final class InferRequestDecoder {
  /** Inputs of one request, and outputs: more than any model has. */
  static final int MAX_TENSORS = 4096;

  /** Inputs that are kept for the next message. */
  private static final int INPUTS_KEPT = 64;

  /** Names compared each with each, rather than put into a set. */
  private static final int FEW = 16;

  private final WireReader in = new WireReader();
  private final TensorReader tensors;
  private final List<PendingInput> inputs = new ArrayList<>(); // Those of earlier messages behind.
  private final List<String> outputs = new ArrayList<>();

  private String modelName = "";
  private String modelVersion = "";
  private String id = "";
  private int inputCount;
  private List<String> lastOutputs = List.of();
  private int[] raw = new int[8]; // Offset and length of each raw_input_contents.
  private int rawCount;
  private long timeoutNanos;
  private long queueTimeoutNanos;
  private long priority;
  private long eventMillis = -1;
  private final List<String> parameters = new ArrayList<>(); // The client's own: key, value, …
  private @Nullable RequestException firstProblem; // The first one met while walking.

  /**
   * @param maxConvertedBytes bytes that {@code contents} of one message may take once converted
   */
  InferRequestDecoder(long maxConvertedBytes) {
    this.tensors = new TensorReader(in, maxConvertedBytes);
  }

  /**
   * Reads a message.
   *
   * @param message little-endian, from 0 to its limit; the tensors point into it; its position and
   *     limit are changed
   * @param nowNanos monotonic time
   * @param timeout in nanoseconds from now, after which nobody waits for the answer; 0 for never
   */
  InferCall decode(ByteBuffer message, long nowNanos, long timeout) {
    int size = message.limit();
    try {
      timeoutNanos = timeout;
      in.start(message);
      tensors.start(message);
      walk();
      return new InferCall.Valid(finish(nowNanos));
    } catch (WireFormatException e) {
      return new InferCall.Invalid(
          Status.INVALID_ARGUMENT.withDescription(
              "malformed ModelInferRequest of "
                  + size
                  + " bytes: "
                  + e.getMessage()
                  + " (expected: a protobuf message)"));
    } catch (RequestException e) {
      return new InferCall.Invalid(Statuses.of(e.code(), describe(e)));
    } finally {
      clear();
    }
  }

  /** Lets go of the message and what was read of it. */
  private void clear() {
    in.end();
    tensors.end();
    modelName = "";
    modelVersion = "";
    id = "";
    for (int i = 0; i < inputCount; i++) {
      inputs.get(i).clear();
    }
    if (inputs.size() > INPUTS_KEPT) {
      inputs.subList(INPUTS_KEPT, inputs.size()).clear();
      raw = new int[8];
    }
    outputs.clear();
    inputCount = 0;
    rawCount = 0;
    eventMillis = -1;
    parameters.clear();
    queueTimeoutNanos = 0;
    priority = 0;
    firstProblem = null;
  }

  private String describe(RequestException e) {
    return e.getMessage() + " for model '" + Text.excerpt(modelName) + "'";
  }

  private void walk() throws WireFormatException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if ((tag & 7) != WireReader.DELIMITED) {
        in.skipField(tag);
        continue;
      }
      switch (tag >>> 3) {
        case 1 -> modelName = in.readName();
        case 2 -> modelVersion = in.readName();
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
    if (inputCount == inputs.size()) {
      inputs.add(new PendingInput());
    }
    PendingInput input = inputs.get(inputCount);
    input.clear();
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
        case 1 -> input.name = in.readName();
        case 2 -> input.datatype = in.readName();
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
    if (inputCount < MAX_TENSORS) {
      inputCount++;
    } else {
      input.clear();
      report(RequestException.invalid("more than " + MAX_TENSORS + " inputs"));
    }
  }

  private void readOutput() throws WireFormatException {
    String name = "";
    int outer = in.enter(in.readLength());
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (tag == (1 << 3 | WireReader.DELIMITED)) {
        name = in.readName();
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
        key = in.readName();
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
    } else if (key.equals(RequestMarks.EVENT_TIME)) {
      eventMillis = value.unsigned();
    } else if (value.value() instanceof String text
        && parameters.size() < 2 * RequestMarks.MAX_PARAMETERS) {
      parameters.add(key);
      parameters.add(text);
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
    boolean isRaw = rawCount > 0;
    if (isRaw) {
      requireRawOnly();
    }
    requireDistinctOutputs();
    Tensor first = inputCount > 0 ? tensor(0, isRaw) : null;
    List<Tensor> all =
        first == null ? List.of() : inputCount == 1 ? List.of(first) : all(first, isRaw);
    requireDistinctInputs();
    return new InferenceRequest(
        modelName, modelVersion, id, all, outputs(), terms(), marks(), nowNanos);
  }

  private List<Tensor> all(Tensor first, boolean isRaw)
      throws WireFormatException, RequestException {
    Tensor[] all = new Tensor[inputCount];
    all[0] = first;
    for (int i = 1; i < inputCount; i++) {
      all[i] = tensor(i, isRaw);
    }
    return List.of(all);
  }

  private Tensor tensor(int index, boolean isRaw) throws WireFormatException, RequestException {
    PendingInput input = inputs.get(index);
    return isRaw
        ? tensors.raw(input, raw[2 * index], raw[2 * index + 1])
        : tensors.converted(input);
  }

  private void requireRawOnly() throws RequestException {
    for (int i = 0; i < inputCount; i++) {
      if (inputs.get(i).contents != null) {
        throw RequestException.invalid(
            "contents field must not be specified when using raw_input_contents for input '"
                + Text.excerpt(inputs.get(i).name)
                + "'");
      }
    }
    if (rawCount != inputCount) {
      throw RequestException.invalid(
          "expected "
              + inputCount
              + " raw_input_contents, one for each input, but got "
              + rawCount);
    }
  }

  /** Returns the outputs wanted; the same list as for the last message, if they are the same. */
  private List<String> outputs() {
    boolean isSame = outputs.size() == lastOutputs.size();
    for (int i = 0; isSame && i < outputs.size(); i++) {
      isSame = outputs.get(i).equals(lastOutputs.get(i));
    }
    if (!isSame) {
      lastOutputs = List.copyOf(outputs);
    }
    return lastOutputs;
  }

  private RequestMarks marks() {
    return eventMillis < 0 && parameters.isEmpty()
        ? RequestMarks.NONE
        : RequestMarks.of(eventMillis, parameters);
  }

  private RequestTerms terms() {
    return timeoutNanos == 0 && queueTimeoutNanos == 0 && priority == 0
        ? RequestTerms.NONE
        : new RequestTerms(timeoutNanos, queueTimeoutNanos, priority);
  }

  private void requireDistinctInputs() throws RequestException {
    if (inputCount > FEW) {
      Set<String> seen = HashSet.newHashSet(inputCount);
      for (int i = 0; i < inputCount; i++) {
        requireNew(inputs.get(i).name, "input", !seen.add(inputs.get(i).name));
      }
      return;
    }
    for (int i = 0; i < inputCount; i++) {
      String name = inputs.get(i).name;
      boolean isKnown = false;
      for (int j = 0; j < i; j++) {
        isKnown |= inputs.get(j).name.equals(name);
      }
      requireNew(name, "input", isKnown);
    }
  }

  private void requireDistinctOutputs() throws RequestException {
    if (outputs.size() > FEW) {
      Set<String> seen = HashSet.newHashSet(outputs.size());
      for (String name : outputs) {
        requireNew(name, "output", !seen.add(name));
      }
      return;
    }
    for (int i = 0; i < outputs.size(); i++) {
      requireNew(outputs.get(i), "output", outputs.indexOf(outputs.get(i)) < i);
    }
  }

  private static void requireNew(String name, String kind, boolean isKnown)
      throws RequestException {
    if (name.isEmpty()) {
      throw RequestException.invalid(kind + " without a name");
    }
    if (isKnown) {
      throw RequestException.invalid(
          kind + " '" + Text.excerpt(name) + "' is given more than once");
    }
  }
}
