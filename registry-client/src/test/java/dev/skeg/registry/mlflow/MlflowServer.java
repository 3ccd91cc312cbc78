package dev.skeg.registry.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.skeg.registry.SourceUri;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.mlflow.api.proto.MlflowArtifacts;
import org.mlflow.api.proto.ModelRegistry.CreateModelVersion;
import org.mlflow.api.proto.ModelRegistry.CreateRegisteredModel;
import org.mlflow.api.proto.ModelRegistry.DeleteModelVersionTag;
import org.mlflow.api.proto.ModelRegistry.DeleteRegisteredModelAlias;
import org.mlflow.api.proto.ModelRegistry.GetModelVersion;
import org.mlflow.api.proto.ModelRegistry.GetModelVersionByAlias;
import org.mlflow.api.proto.ModelRegistry.GetModelVersionDownloadUri;
import org.mlflow.api.proto.ModelRegistry.GetRegisteredModel;
import org.mlflow.api.proto.ModelRegistry.SearchModelVersions;
import org.mlflow.api.proto.ModelRegistry.SetModelVersionTag;
import org.mlflow.api.proto.ModelRegistry.SetRegisteredModelAlias;
import org.mlflow_project.google.protobuf.InvalidProtocolBufferException;
import org.mlflow_project.google.protobuf.Message;
import org.mlflow_project.google.protobuf.MessageOrBuilder;
import org.mlflow_project.google.protobuf.util.JsonFormat;

/**
 * What an MLflow server does for the model registry and proxied artifacts.
 *
 * <p>Every request is read into, and every answer printed from, the official client's own message
 * classes, so that neither can have a field that MLflow does not; the official client drives it in
 * {@code MlflowServerTest}. Logged models and presigned downloads are of MLflow 3, which these
 * classes do not know yet: those two are plain JSON.
 *
 * <p><b>Threads.</b> Any.
 */
public final class MlflowServer implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Unknown fields are errors: what the client sends must be in the protocol. */
  private static final JsonFormat.Parser JSON_PARSER = JsonFormat.parser();

  private static final String API = "/api/2.0/";
  private static final String FILES = API + "mlflow-artifacts/artifacts/";
  private static final String PRESIGNED = API + "mlflow-artifacts/presigned/";
  private static final String LOGGED_MODELS = API + "mlflow/logged-models/";
  private static final Set<String> LONGS =
      Set.of("creation_timestamp", "last_updated_timestamp", "file_size");

  /** What {@code …/presigned/…} answers. */
  enum Presigned {
    /** MLflow 3 on a store that can: a URL of another origin. */
    ENABLED,
    /** MLflow 3 on a local disk: 501. */
    NOT_IMPLEMENTED,
    /** An older MLflow: 404 ENDPOINT_NOT_FOUND. */
    ABSENT
  }

  private interface Call {
    Message answer() throws IOException;
  }

  private final MlflowModels models = new MlflowModels();
  private final Map<String, byte[]> artifacts = new ConcurrentSkipListMap<>();
  private final Map<String, String> loggedModels = new ConcurrentHashMap<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpServer tracking;
  private final HttpServer store;
  private volatile Presigned presigned = Presigned.NOT_IMPLEMENTED;
  private volatile boolean longsAreStrings;
  private volatile boolean storeRefuses;
  private volatile boolean loggedModelsResolve = true;
  private volatile @Nullable String authorization;

  public MlflowServer() {
    tracking = start(this::tracking);
    store = start(this::store);
  }

  /** Returns the value of a version's tag; empty if it is not set. */
  public String tag(String model, int version, String key) {
    return models.tag(model, version, key);
  }

  private interface Handler {
    void handle(HttpExchange exchange) throws IOException;
  }

  private HttpServer start(Handler handler) {
    try {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext(
          "/",
          exchange -> {
            try (exchange) {
              handler.handle(exchange);
            }
          });
      server.setExecutor(executor);
      server.start();
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + tracking.getAddress().getPort());
  }

  public String authority() {
    return uri().getAuthority();
  }

  MlflowModels models() {
    return models;
  }

  /** Returns the files by their path below the artifact root; write to it to change one. */
  Map<String, byte[]> artifacts() {
    return artifacts;
  }

  /** Returns method, path and query of the requests so far, in order; forget them to count anew. */
  List<String> requests() {
    return requests;
  }

  void presigned(Presigned value) {
    presigned = value;
  }

  /** Has 64-bit integers written as strings, as protobuf does and some versions of MLflow do. */
  void longsAreStrings(boolean value) {
    longsAreStrings = value;
  }

  /** Says whether the store refuses signatures, as one does that cannot be reached properly. */
  void refuseAtStore(boolean value) {
    storeRefuses = value;
  }

  /** Says whether download URIs of {@code models:/m-…} are resolved by the server. */
  void loggedModelsResolve(boolean value) {
    loggedModelsResolve = value;
  }

  /** Lets in only who sends this Authorization. */
  void requireAuthorization(String value) {
    authorization = value;
  }

  /** Registers a logged model, as MLflow 3 makes one for each model logged. */
  void loggedModel(String id, String artifactUri) {
    loggedModels.put(id, artifactUri);
  }

  private void tracking(HttpExchange exchange) throws IOException {
    URI target = exchange.getRequestURI();
    requests.add(exchange.getRequestMethod() + " " + target);
    String expected = authorization;
    if (expected != null
        && !expected.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
      // The basic-auth app answers in plain text.
      exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"mlflow\"");
      send(exchange, 401, "text/plain", text("You are not authenticated."));
      return;
    }
    try {
      if (target.getPath().startsWith(FILES)) {
        file(exchange, safe(target.getPath().substring(FILES.length())));
      } else if (target.getPath().startsWith(PRESIGNED)) {
        presign(exchange, safe(target.getPath().substring(PRESIGNED.length())));
      } else if (target.getPath().startsWith(LOGGED_MODELS)) {
        loggedModel(exchange, target.getPath().substring(LOGGED_MODELS.length()));
      } else {
        Call call = route(exchange, exchange.getRequestMethod() + " " + target.getPath());
        send(exchange, 200, "application/json", text(print(call.answer())));
      }
    } catch (MlflowError e) {
      sendError(exchange, e);
    } catch (InvalidProtocolBufferException e) {
      sendError(exchange, new MlflowError("MALFORMED_REQUEST", String.valueOf(e.getMessage())));
    }
  }

  private Call route(HttpExchange exchange, String route) {
    return switch (route) {
      case "POST " + API + "mlflow/registered-models/create" ->
          () -> models.create(read(exchange, CreateRegisteredModel.newBuilder()).build());
      case "GET " + API + "mlflow/registered-models/get" ->
          () -> models.get(read(exchange, GetRegisteredModel.newBuilder()).build());
      case "GET " + API + "mlflow/registered-models/alias" ->
          () -> models.byAlias(read(exchange, GetModelVersionByAlias.newBuilder()).build());
      case "POST " + API + "mlflow/registered-models/alias" ->
          () -> models.setAlias(read(exchange, SetRegisteredModelAlias.newBuilder()).build());
      case "DELETE " + API + "mlflow/registered-models/alias" ->
          () -> models.deleteAlias(read(exchange, DeleteRegisteredModelAlias.newBuilder()).build());
      case "POST " + API + "mlflow/model-versions/create" ->
          () -> models.createVersion(read(exchange, CreateModelVersion.newBuilder()).build());
      case "GET " + API + "mlflow/model-versions/get" ->
          () -> models.version(read(exchange, GetModelVersion.newBuilder()).build());
      case "GET " + API + "mlflow/model-versions/search" ->
          () -> models.search(read(exchange, SearchModelVersions.newBuilder()).build());
      case "GET " + API + "mlflow/model-versions/get-download-uri" ->
          () -> downloadUri(read(exchange, GetModelVersionDownloadUri.newBuilder()).build());
      case "POST " + API + "mlflow/model-versions/set-tag" ->
          () -> models.setTag(read(exchange, SetModelVersionTag.newBuilder()).build());
      case "DELETE " + API + "mlflow/model-versions/delete-tag" ->
          () -> models.deleteTag(read(exchange, DeleteModelVersionTag.newBuilder()).build());
      case "GET " + API + "mlflow-artifacts/artifacts" ->
          () -> list(read(exchange, MlflowArtifacts.ListArtifacts.newBuilder()).build());
      default -> throw new MlflowError("ENDPOINT_NOT_FOUND", "Not found: " + route);
    };
  }

  private Message downloadUri(GetModelVersionDownloadUri request) {
    String uri = models.source(request.getName(), request.getVersion());
    String logged =
        uri.startsWith("models:/m-") ? loggedModels.get(uri.substring("models:/".length())) : null;
    return GetModelVersionDownloadUri.Response.newBuilder()
        .setArtifactUri(logged != null && loggedModelsResolve ? logged : uri)
        .build();
  }

  private void loggedModel(HttpExchange exchange, String id) throws IOException {
    String uri = loggedModels.get(id);
    if (uri == null) {
      throw new MlflowError(
          "RESOURCE_DOES_NOT_EXIST", "Logged model with ID '" + id + "' not found.");
    }
    ObjectNode answer = JSON.createObjectNode();
    answer
        .putObject("model")
        .putObject("info")
        .put("model_id", id)
        .put("artifact_uri", uri)
        .put("status", "LOGGED_MODEL_READY");
    send(exchange, 200, "application/json", JSON.writeValueAsBytes(answer));
  }

  /** Lists one level, names relative to it, directories without a size. */
  private Message list(MlflowArtifacts.ListArtifacts request) {
    String prefix = request.getPath().isEmpty() ? "" : safe(request.getPath()) + "/";
    Map<String, MlflowArtifacts.FileInfo> found = new TreeMap<>();
    for (Map.Entry<String, byte[]> artifact : artifacts.entrySet()) {
      if (artifact.getKey().startsWith(prefix)) {
        String rest = artifact.getKey().substring(prefix.length());
        int slash = rest.indexOf('/');
        MlflowArtifacts.FileInfo.Builder info = MlflowArtifacts.FileInfo.newBuilder();
        if (slash < 0) {
          info.setPath(rest).setIsDir(false).setFileSize(artifact.getValue().length);
        } else {
          info.setPath(rest.substring(0, slash)).setIsDir(true);
        }
        found.put(info.getPath(), info.build());
      }
    }
    return MlflowArtifacts.ListArtifacts.Response.newBuilder().addAllFiles(found.values()).build();
  }

  private void file(HttpExchange exchange, String path) throws IOException {
    if (exchange.getRequestMethod().equals("PUT")) {
      artifacts.put(path, exchange.getRequestBody().readAllBytes());
      send(exchange, 200, "application/json", text("{}"));
      return;
    }
    byte[] content = artifacts.get(path);
    if (content == null) {
      // What a missing file on a local disk ends in.
      throw new MlflowError("INTERNAL_ERROR", "No such artifact: '" + path + "'");
    }
    // Streamed whole, whatever Range was asked for.
    send(exchange, 200, "application/octet-stream", content);
  }

  private void presign(HttpExchange exchange, String path) throws IOException {
    switch (presigned) {
      case NOT_IMPLEMENTED ->
          throw new MlflowError(
              "NOT_IMPLEMENTED", "LocalArtifactRepository does not support presigned URLs");
      case ABSENT -> throw new MlflowError("ENDPOINT_NOT_FOUND", "Not found");
      case ENABLED -> {
        byte[] content = artifacts.get(path);
        ObjectNode answer = JSON.createObjectNode();
        answer.put(
            "url",
            "http://127.0.0.1:"
                + store.getAddress().getPort()
                + "/"
                + SourceUri.encode(path, "/")
                + "?X-Amz-Signature=c2lnbmVk");
        answer.putObject("headers").put("x-store-header", "as signed");
        if (content != null) {
          answer.put("file_size", content.length);
        }
        send(exchange, 200, "application/json", JSON.writeValueAsBytes(answer));
      }
    }
  }

  /** The other origin, as of an object store: ranges, signed headers, no Authorization. */
  private void store(HttpExchange exchange) throws IOException {
    requests.add("STORE " + exchange.getRequestMethod() + " " + exchange.getRequestURI());
    byte[] content = artifacts.get(exchange.getRequestURI().getPath().substring(1));
    if (exchange.getRequestHeaders().containsKey("Authorization")) {
      send(exchange, 400, "text/plain", text("Only one auth mechanism allowed"));
    } else if (storeRefuses
        || !"as signed".equals(exchange.getRequestHeaders().getFirst("x-store-header"))) {
      send(exchange, 403, "text/plain", text("SignatureDoesNotMatch"));
    } else if (content == null) {
      send(exchange, 404, "text/plain", text("NoSuchKey"));
    } else {
      String range = exchange.getRequestHeaders().getFirst("Range");
      int from =
          range == null
              ? 0
              : Integer.parseInt(range.substring("bytes=".length(), range.indexOf('-')));
      if (range == null) {
        send(exchange, 200, "application/octet-stream", content);
      } else if (from >= content.length) {
        exchange.getResponseHeaders().set("Content-Range", "bytes */" + content.length);
        send(exchange, 416, "text/plain", text(""));
      } else {
        exchange
            .getResponseHeaders()
            .set(
                "Content-Range",
                "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
        send(
            exchange,
            206,
            "application/octet-stream",
            Arrays.copyOfRange(content, from, content.length));
      }
    }
  }

  private static <B extends Message.Builder> B read(HttpExchange exchange, B request)
      throws IOException {
    if (exchange.getRequestMethod().equals("GET")) {
      JSON_PARSER.merge(query(exchange, request).toString(), request);
    } else {
      JSON_PARSER.merge(
          new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8), request);
    }
    return request;
  }

  private static JsonNode query(HttpExchange exchange, MessageOrBuilder request) {
    ObjectNode fields = JSON.createObjectNode();
    String query = exchange.getRequestURI().getRawQuery();
    if (query != null) {
      for (String pair : query.split("&", -1)) {
        int equals = pair.indexOf('=');
        String name = URLDecoder.decode(pair.substring(0, equals), StandardCharsets.UTF_8);
        String value = URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8);
        var field = request.getDescriptorForType().findFieldByName(name);
        if (field != null && field.isRepeated()) {
          fields.withArray(name).add(value);
        } else {
          fields.put(name, value);
        }
      }
    }
    return fields;
  }

  private String print(Message message) throws IOException {
    String text = JsonFormat.printer().preservingProtoFieldNames().print(message);

    JsonNode tree = JSON.readTree(text);
    return JSON.writeValueAsString(longsAreStrings ? tree : numbers(tree));
  }

  private static JsonNode numbers(JsonNode node) {
    if (node instanceof ObjectNode fields) {
      for (String name :
          List.copyOf(fields.properties().stream().map(Map.Entry::getKey).toList())) {
        JsonNode value = fields.get(name);
        fields.set(name, LONGS.contains(name) ? LongNode.valueOf(value.asLong()) : numbers(value));
      }
    } else if (node instanceof ArrayNode elements) {
      elements.forEach(MlflowServer::numbers);
    }
    return node;
  }

  /** Refuses what MLflow refuses as unsafe. */
  private static String safe(String path) {
    if (path.startsWith("/") || Arrays.asList(path.split("/", -1)).contains("..")) {
      throw new MlflowError("INVALID_PARAMETER_VALUE", "Invalid path");
    }
    return path;
  }

  private static void sendError(HttpExchange exchange, MlflowError error) throws IOException {
    ObjectNode body = JSON.createObjectNode();
    body.put("error_code", error.code()).put("message", error.getMessage());
    send(exchange, error.status(), "application/json", JSON.writeValueAsBytes(body));
  }

  private static void send(HttpExchange exchange, int status, String type, byte[] body)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    if (body.length > 0) {
      exchange.getResponseBody().write(body);
    }
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    tracking.stop(0);
    store.stop(0);
    executor.close();
  }
}
