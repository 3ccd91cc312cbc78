package dev.skeg.runtime.servable;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * The golden set of a version: {@code golden.jsonl} in its directory, one case a line, each a
 * request and its response of the Open Inference Protocol in one JSON object:
 *
 * <pre>{@code
 * {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}],
 *  "outputs": [{"name": "y", "datatype": "FP32", "shape": [1, 1], "data": [3]}],
 *  "tolerance": 0.001}
 * }</pre>
 *
 * <p>{@code data} may be flat or nested; {@code "NaN"}, {@code "Infinity"} and {@code "-Infinity"}
 * are written as strings. Empty lines are skipped.
 */
final class GoldenSet {
  static final String FILE_NAME = "golden.jsonl";

  /** What a float may be off by where the case does not say, as its kernels may differ. */
  static final double DEFAULT_TOLERANCE = 1e-4;

  private static final long MAX_BYTES = 64 << 20;

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(DeserializationFeature.USE_BIG_INTEGER_FOR_INTS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private GoldenSet() {}

  /**
   * One line.
   *
   * @param place what an error about it begins with, as {@code golden.jsonl:3}
   * @param outputs as they are expected; those that are not named are not looked at
   */
  record Case(String place, List<Tensor> inputs, List<Tensor> outputs, double tolerance) {}

  /**
   * Reads the cases of a version; none if it has no golden set.
   *
   * @throws ServingException if the file cannot be read or a line is no case
   */
  static List<Case> read(Path versionDirectory) {
    Path file = versionDirectory.resolve(FILE_NAME);
    if (!Files.exists(file)) {
      return List.of();
    }
    List<String> lines;
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw refused(FILE_NAME, "has " + Files.size(file) + " bytes (expected: at most 64 MiB)");
      }
      lines = Files.readAllLines(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new ServingException(ErrorCode.NOT_FOUND, file + " cannot be read: " + e, e);
    }
    List<Case> cases = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      if (!lines.get(i).isBlank()) {
        cases.add(read(FILE_NAME + ":" + (i + 1), lines.get(i)));
      }
    }
    return cases;
  }

  private static Case read(String place, String line) {
    JsonNode root;
    try {
      root = JSON.readTree(line);
    } catch (JsonProcessingException e) {
      throw refused(place, "not JSON: " + e.getOriginalMessage());
    }
    for (Iterator<String> names = root.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!List.of(
              "inputs", "outputs", "tolerance", "id", "model_name", "model_version", "parameters")
          .contains(name)) {
        throw refused(place, name + ": unknown (expected: inputs, outputs, tolerance)");
      }
    }
    JsonNode tolerance = root.path("tolerance");
    boolean isTolerance =
        tolerance.isMissingNode() || (tolerance.isNumber() && tolerance.doubleValue() >= 0);
    if (!isTolerance) {
      throw refused(place, "tolerance: " + tolerance + " (expected: a number of 0 or more)");
    }
    List<Tensor> outputs = tensors(place, "outputs", root.path("outputs"));
    if (outputs.isEmpty()) {
      throw refused(place, "outputs: none (expected: at least one, with its data)");
    }
    return new Case(
        place,
        tensors(place, "inputs", root.path("inputs")),
        outputs,
        tolerance.isMissingNode() ? DEFAULT_TOLERANCE : tolerance.doubleValue());
  }

  private static List<Tensor> tensors(String place, String kind, JsonNode list) {
    if (!list.isArray()) {
      throw refused(place, kind + ": missing (expected: a list of tensors)");
    }
    List<Tensor> tensors = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      tensors.add(tensor(place + ": " + kind + "[" + i + "]", list.get(i)));
    }
    return tensors;
  }

  private static Tensor tensor(String place, JsonNode node) {
    String name = node.path("name").asText();
    DataType type =
        DataType.of(node.path("datatype").asText())
            .orElseThrow(() ->
                refused(
                    place,
                    "datatype: "
                        + node.path("datatype")
                        + " (expected: one of the protocol's, as FP32)"));
    JsonNode dims = node.path("shape");
    if (name.isEmpty() || !dims.isArray() || !node.path("data").isArray()) {
      throw refused(place, "(expected: name, datatype, shape and data)");
    }
    long[] shape = new long[dims.size()];
    for (int i = 0; i < shape.length; i++) {
      if (!dims.get(i).canConvertToInt() || dims.get(i).intValue() < 0) {
        throw refused(place, "shape: " + dims + " (expected: integers of 0 or more)");
      }
      shape[i] = dims.get(i).intValue();
    }
    List<JsonNode> values = new ArrayList<>();
    flatten(node.path("data"), values);
    Shape of = Shape.of(shape);
    if (values.size() != of.elementCount()) {
      throw refused(
          place,
          "data: "
              + values.size()
              + " values (expected: "
              + of.elementCount()
              + ", of the shape "
              + of
              + ")");
    }
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    for (JsonNode value : values) {
      data.writeBytes(bytes(place, type, value));
    }
    return new Tensor(name, type, of, MemorySegment.ofArray(data.toByteArray()));
  }

  private static void flatten(JsonNode node, List<JsonNode> values) {
    for (JsonNode each : node) {
      if (each.isArray()) {
        flatten(each, values);
      } else {
        values.add(each);
      }
    }
  }

  private static byte[] bytes(String place, DataType type, JsonNode value) {
    if (type == DataType.BYTES) {
      byte[] text = value.asText().getBytes(StandardCharsets.UTF_8);
      byte[] string = new byte[Integer.BYTES + text.length];
      buffer(string).putInt(text.length).put(text);
      return string;
    }
    byte[] element = new byte[type.size()];
    ByteBuffer buffer = buffer(element);
    switch (type) {
      case BOOL -> buffer.put((byte) (value.asBoolean() || value.asInt() != 0 ? 1 : 0));
      case FP16 -> buffer.putShort(Float.floatToFloat16((float) real(place, value)));
      case BF16 ->
          buffer.putShort((short) (Float.floatToIntBits((float) real(place, value)) >>> 16));
      case FP32 -> buffer.putFloat((float) real(place, value));
      case FP64 -> buffer.putDouble(real(place, value));
      case UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64 ->
          integer(place, type, value, buffer);
      case BYTES -> throw new IllegalStateException("BYTES have no fixed size");
    }
    return element;
  }

  private static ByteBuffer buffer(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static double real(String place, JsonNode value) {
    if (value.isNumber()) {
      return value.doubleValue();
    }
    return switch (value.asText()) {
      case "NaN" -> Double.NaN;
      case "Infinity" -> Double.POSITIVE_INFINITY;
      case "-Infinity" -> Double.NEGATIVE_INFINITY;
      default -> throw refused(place, "data: " + value + " (expected: a number)");
    };
  }

  private static void integer(String place, DataType type, JsonNode value, ByteBuffer buffer) {
    boolean isUnsigned = type.name().startsWith("U");
    int bits = type.size() * Byte.SIZE;
    BigInteger number = value.isIntegralNumber() ? value.bigIntegerValue() : null;
    boolean fits =
        number != null
            && (isUnsigned
                ? number.signum() >= 0 && number.bitLength() <= bits
                : number.bitLength() < bits);
    if (number == null || !fits) {
      throw refused(place, "data: " + value + " (expected: a number of " + type + ")");
    }
    long wide = number.longValue();
    switch (type.size()) {
      case Byte.BYTES -> buffer.put((byte) wide);
      case Short.BYTES -> buffer.putShort((short) wide);
      case Integer.BYTES -> buffer.putInt((int) wide);
      default -> buffer.putLong(wide);
    }
  }

  private static ServingException refused(String place, String problem) {
    return new ServingException(ErrorCode.INVALID_ARGUMENT, place + ": " + problem);
  }
}
