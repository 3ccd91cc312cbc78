package dev.skeg.runtime.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.Progress;
import dev.skeg.registry.PublishRequest;
import dev.skeg.registry.Published;
import dev.skeg.registry.Publisher;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.Sources;
import dev.skeg.runtime.config.ServerConfig;
import dev.skeg.runtime.testing.OnnxModels;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** A server whose model {@code m} comes from somewhere, and clients of all its ports. */
final class SourcedServer implements AutoCloseable {
  static final String MODEL = "m";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long LOOK_NANOS = 200_000;

  private final UnaryOperator<String> address;
  private final Runnable closing;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private SourcedServer(UnaryOperator<String> address, Runnable closing) {
    this.address = address;
    this.closing = closing;
  }

  /** Returns clients of a server in another process, which goes on when they are closed. */
  static SourcedServer of(ServeProcess process) {
    return new SourcedServer(process::address, () -> {});
  }

  /** Starts a server with free ports and these keys. */
  static SourcedServer start(Path data, Map<String, String> keys) throws InterruptedException {
    Map<String, String> values = new TreeMap<>(keys);
    values.put("data-dir", data.toString());
    for (String port : List.of("http.port", "grpc.port", "metrics.port", "admin.port")) {
      values.put(port, "0");
    }
    SkegServer server = SkegServer.start(ServerConfig.of(values));
    return new SourcedServer(server::address, server::close);
  }

  /** Publishes a version that adds its number, and moves pointers to it. */
  static Published publish(Path directory, String uri, int number, String... pointers) {
    return publish(directory, uri, number, OnnxModels.adding(number), pointers);
  }

  static Published publish(
      Path directory, String uri, int number, byte[] model, String... pointers) {
    try {
      Path version = Files.createTempDirectory(directory, "version");
      Files.write(version.resolve("model.onnx"), model);
      return publish(version, uri, number, List.of(pointers));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Publishes what is in a directory. */
  static Published publish(Path version, String uri, int number, List<String> pointers) {
    return publish(version, uri, SourceSettings.defaults(), number, pointers);
  }

  /** Publishes what is in a directory where that needs settings. */
  static Published publish(
      Path version, String uri, SourceSettings settings, int number, List<String> pointers) {
    List<Pointer> moved = pointers.stream().map(Pointer::parse).toList();
    try (Publisher publisher =
        Sources.load(SourcedServer.class.getClassLoader())
            .publisher(SourceUri.parse(uri), settings)) {
      return publisher.publish(version, new PublishRequest(number, moved, false), Progress.NONE);
    }
  }

  /**
   * Asks for 0 plus what the version adds.
   *
   * @return the version that answered, whose answer is its own; 0 if none did
   */
  int answering() {
    return answeringAt("");
  }

  /** Asks the version of a label, as {@link #answering()}. */
  int answering(String label) {
    return answeringAt("/versions/" + label);
  }

  private int answeringAt(String version) {
    HttpResponse<String> response =
        post(
            "http",
            "/v2/models/" + MODEL + version + "/infer",
            "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1,1],\"data\":[0]}]}");
    if (response.statusCode() != 200) {
      return 0;
    }
    JsonNode answer = json(response);
    int number = answer.path("model_version").asInt();
    assertThat(answer.path("outputs").path(0).path("data").path(0).asInt()).isEqualTo(number);
    return number;
  }

  /** Asks again and again until a version answers; each answer before is sound as well. */
  void awaitAnswer(int version) {
    await(() -> answering() == version, "version " + version + " to answer");
  }

  /** Waits for something that the server does by itself. */
  void await(Supplier<Boolean> condition, String what) {
    long begin = System.nanoTime();
    while (!condition.get()) {
      pauseSince(begin, () -> "waiting for " + what);
    }
  }

  /**
   * Lets the server do something between two looks at it.
   *
   * @param beginNanos since when something is waited for; a minute later it is too late
   * @param what it is
   */
  void pauseSince(long beginNanos, Supplier<String> what) {
    assertThat(System.nanoTime() - beginNanos)
        .as(() -> what.get() + "; it is " + told())
        .isLessThan(TimeUnit.SECONDS.toNanos(60));
    LockSupport.parkNanos(LOOK_NANOS); // The server has the same two cores.
  }

  private String told() {
    try {
      return model().toString();
    } catch (AssertionError e) {
      return e.toString();
    }
  }

  /** Returns a model as the admin port tells it; missing if it is unknown. */
  JsonNode model() {
    return json(get("admin", "/v1/models/" + MODEL));
  }

  /** Returns one version of it. */
  JsonNode version(int number) {
    for (JsonNode version : model().path("versions")) {
      if (version.path("version").asInt() == number) {
        return version;
      }
    }
    return JSON.missingNode();
  }

  /** Returns the index's reasons by model and version, as {@code m/1} to {@code READY }. */
  Map<String, String> index() {
    Map<String, String> index = new TreeMap<>();
    for (JsonNode entry : json(post("http", "/v2/repository/index", ""))) {
      index.put(
          entry.path("name").asText() + "/" + entry.path("version").asText(),
          entry.path("state").asText() + " " + entry.path("reason").asText());
    }
    return index;
  }

  HttpResponse<String> get(String port, String path) {
    return send(request(port, path).GET().build());
  }

  HttpResponse<String> post(String port, String path, String body, String... headers) {
    HttpRequest.Builder request =
        request(port, path).POST(HttpRequest.BodyPublishers.ofString(body));
    return send((headers.length == 0 ? request : request.headers(headers)).build());
  }

  private HttpRequest.Builder request(String port, String path) {
    return HttpRequest.newBuilder(URI.create("http://" + address.apply(port) + path))
        .timeout(Duration.ofSeconds(10));
  }

  private HttpResponse<String> send(HttpRequest request) {
    try {
      return client.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private static JsonNode json(HttpResponse<String> response) {
    try {
      return JSON.readTree(response.body());
    } catch (IOException e) {
      throw new AssertionError(response.body(), e);
    }
  }

  @Override
  public void close() {
    client.close();
    closing.run();
  }
}
