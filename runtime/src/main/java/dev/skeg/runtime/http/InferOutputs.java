package dev.skeg.runtime.http;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.skeg.runtime.model.Text;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The {@code outputs} that an infer request asks for.
 *
 * <p><b>Threads.</b> The one that reads the body.
 */
final class InferOutputs {
  private final List<String> names = new ArrayList<>();
  private final List<@Nullable Boolean> isBinary = new ArrayList<>();

  /** Returns their names, in the request's order; none for all that the model has. */
  List<String> names() {
    return names;
  }

  /**
   * Returns for each whether it is wanted as binary data.
   *
   * @param byDefault for those of which nothing is said
   */
  List<Boolean> binary(boolean byDefault) {
    List<Boolean> binary = new ArrayList<>(isBinary.size());
    for (@Nullable Boolean wanted : isBinary) {
      binary.add(wanted == null ? byDefault : wanted);
    }
    return binary;
  }

  /**
   * Reads them.
   *
   * @param parser at what should be an array
   * @throws HttpError 400 if one is not what it has to be, or wants what there is not
   */
  void read(JsonParser parser) throws IOException {
    Json.expect(parser, JsonToken.START_ARRAY, "outputs", "an array of outputs");
    Set<String> seen = new HashSet<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      String path = "outputs[" + names.size() + "]";
      Json.expect(parser, JsonToken.START_OBJECT, path, "an object");
      String name = "";
      @Nullable Boolean binary = null;
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        parser.nextToken();
        switch (key) {
          case "name" -> name = Json.string(parser, path + ".name");
          case "parameters" -> binary = readParameters(parser, path);
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
      names.add(name);
      isBinary.add(binary);
    }
  }

  /** Returns {@code binary_data}, or null if it is not there. */
  private static @Nullable Boolean readParameters(JsonParser parser, String path)
      throws IOException {
    Json.expect(parser, JsonToken.START_OBJECT, path + ".parameters", "an object");
    @Nullable Boolean binary = null;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      parser.nextToken();
      String field = path + ".parameters." + Text.excerpt(key);
      switch (key) {
        case "binary_data" -> binary = Json.bool(parser, field);
        case "classification" -> {
          if (Json.unsigned(parser, field, "an integer, 0 or more").signum() > 0) {
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
}
