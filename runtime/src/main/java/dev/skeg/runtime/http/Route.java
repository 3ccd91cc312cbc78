package dev.skeg.runtime.http;

import dev.skeg.runtime.model.Text;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a path asks for. Found before the body is read, so that a request for nothing costs nothing.
 *
 * <p>A model's name is one path segment, percent-decoded; a query string is ignored, and so is one
 * slash at the end.
 */
sealed interface Route {
  record Live() implements Route {}

  record Ready() implements Route {}

  record ServerMetadata() implements Route {}

  record ModelMetadata(String model, String version) implements Route {}

  record ModelReady(String model, String version) implements Route {}

  record ModelConfig(String model, String version) implements Route {}

  record Infer(String model, String version) implements Route {}

  /**
   * The index of what can be served.
   *
   * @param repository empty for all
   */
  record RepositoryIndex(String repository) implements Route {}

  /**
   * Loads or unloads a model.
   *
   * @param load whether it is to be loaded
   */
  record ModelControl(String model, boolean load) implements Route {}

  /** Part of Triton's API that this server does not have. */
  record Unsupported(String feature) implements Route {}

  /** Returns whether the route is asked for with POST; all others with GET or HEAD. */
  default boolean isPost() {
    return this instanceof Infer || this instanceof RepositoryIndex || this instanceof ModelControl;
  }

  /**
   * Returns the route of a request target.
   *
   * @param target path and query, or an absolute URI
   * @throws HttpError 404 if there is none, 400 if a percent-encoding is broken
   */
  static Route of(String target) {
    List<String> segments = segments(target);
    if (segments.isEmpty() || !segments.getFirst().equals("v2")) {
      throw notFound(target);
    }
    Route route =
        switch (segments.size()) {
          case 1 -> new ServerMetadata();
          default ->
              switch (segments.get(1)) {
                case "health" -> health(segments);
                case "models" -> model(segments);
                case "repository" -> repository(segments);
                case "logging" -> segments.size() == 2 ? new Unsupported("Logging settings") : null;
                case "trace" -> trace(segments, 1) ? new Unsupported("Tracing") : null;
                case "systemsharedmemory" -> new Unsupported("System shared memory");
                case "cudasharedmemory" -> new Unsupported("CUDA shared memory");
                default -> null;
              };
        };
    if (route == null) {
      throw notFound(target);
    }
    return route;
  }

  private static @Nullable Route health(List<String> segments) {
    if (segments.size() != 3) {
      return null;
    }
    return switch (segments.get(2)) {
      case "live" -> new Live();
      case "ready" -> new Ready();
      default -> null;
    };
  }

  private static @Nullable Route model(List<String> segments) {
    if (segments.size() < 3 || segments.get(2).isEmpty()) {
      return null;
    }
    String model = segments.get(2);
    if (segments.size() == 3 && model.equals("stats")) {
      return new Unsupported("Model statistics");
    }
    String version = "";
    int next = 3;
    if (segments.size() > 3 && segments.get(3).equals("versions")) {
      if (segments.size() == 4 || segments.get(4).isEmpty()) {
        return null;
      }
      version = segments.get(4);
      next = 5;
    }
    if (segments.size() == next) {
      return new ModelMetadata(model, version);
    }
    if (trace(segments, next)) {
      return new Unsupported("Tracing");
    }
    if (segments.size() > next + 1) {
      return null;
    }
    return switch (segments.get(next)) {
      case "ready" -> new ModelReady(model, version);
      case "config" -> new ModelConfig(model, version);
      case "infer" -> new Infer(model, version);
      case "stats" -> new Unsupported("Model statistics");
      case "generate", "generate_stream" -> new Unsupported("The generate extension");
      default -> null;
    };
  }

  private static @Nullable Route repository(List<String> segments) {
    int last = segments.size() - 1;
    if (segments.get(last).equals("index") && (last == 2 || last == 3)) {
      return new RepositoryIndex(last == 3 ? segments.get(2) : "");
    }
    boolean modelControl =
        (last == 4 || last == 5)
            && segments.get(last - 2).equals("models")
            && (segments.get(last).equals("load") || segments.get(last).equals("unload"));
    if (!modelControl || segments.get(last - 1).isEmpty()) {
      return null;
    }
    // There is one repository, whatever it is called.
    return new ModelControl(segments.get(last - 1), segments.get(last).equals("load"));
  }

  private static boolean trace(List<String> segments, int from) {
    return segments.size() == from + 2
        && segments.get(from).equals("trace")
        && segments.get(from + 1).equals("setting");
  }

  private static List<String> segments(String target) {
    String path = target;
    int scheme = path.indexOf("://");
    if (scheme > 0 && path.charAt(0) != '/') {
      int slash = path.indexOf('/', scheme + 3);
      path = slash < 0 ? "/" : path.substring(slash);
    }
    int end = path.length();
    for (int i = 0; i < path.length(); i++) {
      if (path.charAt(i) == '?' || path.charAt(i) == '#') {
        end = i;
        break;
      }
    }
    if (end > 1 && path.charAt(end - 1) == '/') {
      end--;
    }
    List<String> segments = new ArrayList<>(6);
    if (end == 0 || path.charAt(0) != '/') {
      return segments;
    }
    int start = 1;
    for (int i = 1; i <= end; i++) {
      if (i == end || path.charAt(i) == '/') {
        segments.add(decode(path.substring(start, i)));
        start = i + 1;
      }
    }
    return segments;
  }

  private static String decode(String segment) {
    if (segment.indexOf('%') < 0) {
      return segment;
    }
    byte[] raw = segment.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(raw.length);
    for (int i = 0; i < raw.length; i++) {
      if (raw[i] != '%') {
        bytes.put(raw[i]);
        continue;
      }
      int high = i + 2 < raw.length ? Character.digit((char) raw[i + 1], 16) : -1;
      int low = i + 2 < raw.length ? Character.digit((char) raw[i + 2], 16) : -1;
      if (high < 0 || low < 0) {
        throw badEncoding(segment);
      }
      bytes.put((byte) (high << 4 | low));
      i += 2;
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
    } catch (CharacterCodingException notUtf8) {
      throw badEncoding(segment);
    }
  }

  private static HttpError badEncoding(String segment) {
    return HttpError.badRequest(
        "path segment '"
            + Text.excerpt(segment)
            + "' is not percent-encoded UTF-8 (expected: %XX with two hexadecimal digits)");
  }

  private static HttpError notFound(String target) {
    return new HttpError(HttpResponseStatus.NOT_FOUND, "Not Found: " + Text.excerpt(target));
  }
}
