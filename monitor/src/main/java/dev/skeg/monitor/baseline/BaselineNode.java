package dev.skeg.monitor.baseline;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A part of a baseline's JSON that knows where it is.
 *
 * @param file what errors call it
 * @param path as {@code features[3].seasons}; empty for the whole
 */
record BaselineNode(String file, String path, JsonNode json) {
  private String path(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  BaselineFileException problem(String name, String found, String expected) {
    return new BaselineFileException(
        file + ": " + path(name) + ": " + found + " (expected: " + expected + ")");
  }

  boolean has(String name) {
    return json.has(name);
  }

  BaselineNode child(String name) {
    @Nullable JsonNode child = json.get(name);
    if (child == null) {
      throw problem(name, "missing", "to be there");
    }
    return new BaselineNode(file, path(name), child);
  }

  List<BaselineNode> elements(String name) {
    JsonNode array = child(name).json;
    if (!array.isArray()) {
      throw problem(name, kind(array), "an array");
    }
    List<BaselineNode> elements = new ArrayList<>();
    for (int i = 0; i < array.size(); i++) {
      elements.add(new BaselineNode(file, path(name) + "[" + i + "]", array.get(i)));
    }
    return elements;
  }

  String text(String name) {
    JsonNode value = child(name).json;
    if (!value.isTextual()) {
      throw problem(name, kind(value), "a text");
    }
    return value.asText();
  }

  long integer(String name) {
    JsonNode value = child(name).json;
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw problem(name, kind(value), "a whole number");
    }
    return value.asLong();
  }

  double number(String name) {
    JsonNode value = child(name).json;
    if (!value.isNumber()) {
      throw problem(name, kind(value), "a number");
    }
    return value.asDouble();
  }

  long[] integers(String name) {
    List<BaselineNode> elements = elements(name);
    long[] values = new long[elements.size()];
    for (int i = 0; i < values.length; i++) {
      JsonNode value = elements.get(i).json;
      if (!value.isIntegralNumber() || value.asLong() < 0) {
        throw problem(name + "[" + i + "]", kind(value), "a whole number, 0 or more");
      }
      values[i] = value.asLong();
    }
    return values;
  }

  double[] numbers(String name) {
    List<BaselineNode> elements = elements(name);
    double[] values = new double[elements.size()];
    Arrays.setAll(
        values,
        i -> {
          JsonNode value = elements.get(i).json;
          if (!value.isNumber()) {
            throw problem(name + "[" + i + "]", kind(value), "a number");
          }
          return value.asDouble();
        });
    return values;
  }

  /** Makes something of this part; what is wrong with it is said to be here. */
  <T> T make(Supplier<T> maker) {
    try {
      return maker.get();
    } catch (IllegalArgumentException e) {
      String place = path.isEmpty() ? "" : path + ": ";
      throw new BaselineFileException(file + ": " + place + e.getMessage(), e);
    }
  }

  private static String kind(JsonNode value) {
    return value.isValueNode()
        ? value.toString()
        : "an " + value.getNodeType().name().toLowerCase(Locale.ROOT);
  }
}
