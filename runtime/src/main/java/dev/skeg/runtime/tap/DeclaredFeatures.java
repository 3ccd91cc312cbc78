package dev.skeg.runtime.tap;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What a model's file says of its features, under two keys of its metadata: {@value #NAMES} and
 * {@value #CATEGORICAL}.
 *
 * <p>No standard has them and no common exporter writes them; {@value #NAMES} is what people add to
 * the model that an exporter gave them, as {@code json.dumps(names)}, {@code ",".join(names)} or
 * {@code str(names)} of Python. All three are read. An object with an array for each input, and
 * {@value #CATEGORICAL}, are Skeg's own.
 *
 * <p>A value that is none of these is as if it were not there, but for its problem.
 *
 * @param columns names of the columns of the features' tensor; empty if nothing is said
 * @param byInput names of the columns of single inputs, by the input's name
 * @param categorical features whose values are names, though they are numbers
 * @param problems which values are not understood, for people: a line each, of bounded length and
 *     without control characters
 */
public record DeclaredFeatures(
    List<String> columns,
    Map<String, List<String>> byInput,
    List<String> categorical,
    List<String> problems) {
  static final String NAMES = "feature_names";
  static final String CATEGORICAL = "categorical_features";

  /** Nothing is said. */
  public static final DeclaredFeatures NONE =
      new DeclaredFeatures(List.of(), Map.of(), List.of(), List.of());

  private static final int MAX_NAME = 256;
  private static final int SHOWN = 40;
  private static final String ONE_A_COLUMN =
      "a JSON array of names, one a column, each 1 to 256 characters; or an object of such arrays by"
          + " input";
  private static final String FEATURES = "a JSON array of features' names";

  /** Reads JSON; built for the first file that has any, not at the start. */
  private static final class Json {
    /** Python writes lists with single quotes. */
    static final JsonMapper MAPPER =
        JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_SINGLE_QUOTES)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
  }

  public DeclaredFeatures {
    columns = List.copyOf(columns);
    byInput = Map.copyOf(byInput);
    categorical = List.copyOf(categorical);
    problems = List.copyOf(problems);
  }

  /**
   * Reads what is said.
   *
   * @param metadata the text under a key of the model's metadata
   */
  public static DeclaredFeatures read(Function<String, Optional<String>> metadata) {
    List<String> problems = new ArrayList<>();
    List<String> columns = new ArrayList<>();
    Map<String, List<String>> byInput = new LinkedHashMap<>();
    List<String> categorical = new ArrayList<>();
    try {
      Optional<JsonNode> names = value(NAMES, metadata, ONE_A_COLUMN);
      if (names.isPresent() && names.get().isObject()) {
        for (Map.Entry<String, JsonNode> input : names.get().properties()) {
          byInput.put(input.getKey(), names(NAMES, input.getValue(), ONE_A_COLUMN));
        }
      } else if (names.isPresent()) {
        columns.addAll(names(NAMES, names.get(), ONE_A_COLUMN));
      }
    } catch (Misunderstood e) {
      byInput.clear();
      problems.add(e.getMessage());
    }
    try {
      Optional<JsonNode> features = value(CATEGORICAL, metadata, FEATURES);
      if (features.isPresent()) {
        categorical.addAll(names(CATEGORICAL, features.get(), FEATURES));
      }
    } catch (Misunderstood e) {
      problems.add(e.getMessage());
    }
    return new DeclaredFeatures(columns, byInput, categorical, problems);
  }

  /** A value that is not understood: the message says which, and what would do. */
  private static final class Misunderstood extends Exception {
    private static final long serialVersionUID = 1;

    Misunderstood(String key, String what, String expected) {
      super(problem(key, what, expected));
    }
  }

  /** Returns how a problem of a key reads. */
  static String problem(String key, String what, String expected) {
    return key + " in the model's metadata: " + what + " (expected: " + expected + ")";
  }

  private static Optional<JsonNode> value(
      String key, Function<String, Optional<String>> metadata, String expected)
      throws Misunderstood {
    String text = metadata.apply(key).orElse("").strip();
    if (text.isEmpty()) {
      return Optional.empty();
    }
    if (!text.startsWith("[") && !text.startsWith("{")) {
      ArrayNode parts = JsonNodeFactory.instance.arrayNode();
      Stream.of(text.split(",", -1)).map(String::strip).forEach(parts::add);
      return Optional.of(parts);
    }
    try {
      return Optional.of(Json.MAPPER.readTree(text));
    } catch (JsonProcessingException e) {
      throw new Misunderstood(
          key, quoted(text) + " is no JSON, so nothing of it is used", expected);
    }
  }

  private static List<String> names(String key, JsonNode array, String expected)
      throws Misunderstood {
    if (!array.isArray()) {
      throw new Misunderstood(
          key, quoted(array.toString()) + " is no array, so nothing is used", expected);
    }
    Set<String> seen = new HashSet<>();
    List<String> names = new ArrayList<>();
    for (JsonNode element : array) {
      String name = element.asText();
      String wrong = "";
      if (!element.isTextual()) {
        wrong = quoted(element.toString()) + " is no text";
      } else if (name.isBlank()) {
        wrong = "name " + (names.size() + 1) + " is empty";
      } else if (name.length() > MAX_NAME) {
        wrong = quoted(name) + " has " + name.length() + " characters";
      } else if (name.codePoints().anyMatch(DeclaredFeatures::isControl)) {
        wrong = quoted(name) + " has control characters";
      } else if (!seen.add(name)) {
        wrong = quoted(name) + " is there twice";
      }
      if (!wrong.isEmpty()) {
        throw new Misunderstood(key, wrong + ", so no name is used", expected);
      }
      names.add(name);
    }
    return names;
  }

  /** Returns whether a character does something else than stand in a line of text. */
  private static boolean isControl(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      default -> false;
    };
  }

  /** Returns the beginning of a text as it can stand in a line of the log. */
  static String quoted(String text) {
    StringBuilder shown = new StringBuilder("'");
    text.codePoints()
        .limit(SHOWN)
        .map(character ->
            isControl(character) || Character.getType(character) == Character.FORMAT
                ? '?'
                : character)
        .forEach(shown::appendCodePoint);
    return shown.append(text.codePointCount(0, text.length()) > SHOWN ? "…'" : "'").toString();
  }
}
