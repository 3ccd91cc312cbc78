package dev.skeg.registry.mlflow;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.transport.HttpCall;
import dev.skeg.registry.transport.HttpReply;
import dev.skeg.registry.transport.HttpTransport;
import dev.skeg.registry.transport.JsonReply;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** MLflow's REST API 2.0, for one registered model. <b>Threads.</b> Any, several at once. */
final class MlflowApi implements AutoCloseable {
  private static final int MAX_ANSWER_BYTES = 32 << 20;
  private static final int[] ERRORS = {400, 401, 403, 404, 405, 409, 501};
  private static final ObjectMapper JSON = new ObjectMapper();

  private final SourceUri uri;
  private final SourceSettings settings;
  private final String base;
  private final String model;
  private final HttpTransport transport;

  /**
   * Opens it; no connection is made yet.
   *
   * @throws IllegalArgumentException if the URI names no model
   */
  MlflowApi(SourceUri uri, SourceSettings settings) {
    uri.requireOptions(Set.of("insecure"));
    int slash = uri.path().lastIndexOf('/');
    this.model = uri.path().substring(slash + 1);
    if (uri.authority().isEmpty() || model.isEmpty() || model.contains(":")) {
      throw new IllegalArgumentException(
          "source: "
              + uri
              + " (expected: mlflow://HOST[:PORT]/MODEL; version and alias are the pointer)");
    }
    boolean plain = uri.scheme().equals("mlflow+http");
    this.uri = uri;
    this.settings = settings;
    this.base =
        (settings.flag(uri, "insecure", plain) ? "http://" : "https://")
            + uri.authority()
            + "/"
            + SourceUri.encode(uri.path().substring(0, slash + 1), "/")
            + "api/2.0/";
    this.transport = HttpTransport.open(settings.network());
  }

  /** Returns the model's name. */
  String model() {
    return model;
  }

  SourceUri uri() {
    return uri;
  }

  HttpTransport transport() {
    return transport;
  }

  /** Returns the URI of something below {@code /api/2.0/}; {@code path} is encoded already. */
  URI uri(String path) {
    return URI.create(base + path);
  }

  /**
   * Asks for something.
   *
   * @param query names and values in turn
   */
  JsonNode get(String path, List<String> query) {
    return call(HttpCall.get(uri(path + query(query))));
  }

  /** Sends a document; every one of ours may be sent twice. */
  JsonNode send(String method, String path, ObjectNode document) {
    try {
      HttpCall.Body body = new HttpCall.Body.Bytes(JSON.writeValueAsBytes(document));
      HttpCall call = HttpCall.of(method, uri(path), body, isRepeatable(path));
      return call(call.withHeader("Content-Type", "application/json"));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
  }

  /** A version is made anew each time; all else sets something to a value. */
  private static boolean isRepeatable(String path) {
    return !path.equals("mlflow/model-versions/create");
  }

  static ObjectNode document() {
    return JSON.createObjectNode();
  }

  private JsonNode call(HttpCall call) {
    HttpReply reply = transport.send(authorized(call).answering(ERRORS));
    if (reply.status() / 100 == 2) {
      return JsonReply.read(reply, MAX_ANSWER_BYTES);
    }
    throw refused(call, reply);
  }

  /** Adds the credentials. */
  HttpCall authorized(HttpCall call) {
    Optional<String> token = settings.credential("token");
    if (token.isPresent()) {
      return call.withBearer(token.get());
    }
    Optional<String> username = settings.credential("username");
    return username.isPresent()
        ? call.withBasic(username.get(), settings.credential("password").orElse(""))
        : call;
  }

  /** Turns an error into ours. */
  static RegistryException refused(HttpCall call, HttpReply reply) {
    int status = reply.status();
    JsonNode error = JsonReply.error(reply);
    String code = error.path("error_code").asText();
    String message = JsonReply.shown(error.path("message").asText());
    Kind kind =
        switch (status) {
          case 401, 403 -> Kind.DENIED;
          case 404 -> Kind.NOT_FOUND;
          case 409 -> Kind.CONFLICT;
          default ->
              switch (code) {
                case "RESOURCE_DOES_NOT_EXIST" -> Kind.NOT_FOUND;
                case "RESOURCE_ALREADY_EXISTS" -> Kind.CONFLICT;
                default -> Kind.INVALID;
              };
        };
    String hint =
        switch (kind) {
          case DENIED ->
              " (expected: credentials token, or username and password, that may do this)";
          case NOT_FOUND ->
              code.equals("RESOURCE_DOES_NOT_EXIST")
                  ? " (expected: an existing model and version)"
                  : " (expected: MLflow's REST API there)";
          case CONFLICT, INVALID, TRANSIENT -> "";
        };
    return new RegistryException(
        kind,
        call
            + " answered "
            + status
            + (code.isEmpty() ? "" : " " + JsonReply.shown(code))
            + (message.isEmpty() ? "" : ", " + message)
            + hint);
  }

  private static String query(List<String> pairs) {
    StringBuilder query = new StringBuilder();
    for (int i = 0; i < pairs.size(); i += 2) {
      query.append(i == 0 ? '?' : '&').append(pairs.get(i)).append('=');
      query.append(SourceUri.encode(pairs.get(i + 1), "/"));
    }
    return query.toString();
  }

  @Override
  public void close() {
    transport.close();
  }
}
