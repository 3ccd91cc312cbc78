package dev.skeg.runtime.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.endpoint.ServerIdentity;
import dev.skeg.runtime.endpoint.ServerState;
import dev.skeg.runtime.testing.RecordedRepository;
import io.netty.util.ResourceLeakDetector;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A real server over {@link EchoEndpoints}, and the short ways to ask it. */
final class HttpTestServer implements AutoCloseable {
  static {
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
  }

  final ServerState state = new ServerState();
  final EchoEndpoints endpoints;
  final RecordedRepository repository = new RecordedRepository();
  final HttpServer server;
  final int port;
  private final ExecutorService lane = Executors.newSingleThreadExecutor();
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  HttpTestServer() {
    this(HttpConfig.of("127.0.0.1", 0));
  }

  HttpTestServer(HttpConfig config) {
    endpoints = new EchoEndpoints(lane);
    ServerIdentity identity =
        new ServerIdentity("skeg", "1.2.3", List.of("binary_tensor_data", "parameters"));
    server = new HttpServer(config, identity, endpoints, repository, state);
    port = server.start();
    state.advance(ServerState.Phase.READY);
  }

  /** All outputs of the model are given back, or will be in a moment. */
  void assertOutputsClosed() {
    long deadline = System.nanoTime() + 5_000_000_000L;
    while (endpoints.openOutputs.get() != 0 && System.nanoTime() < deadline) {
      Thread.onSpinWait(); // The client may have its answer before the server is told so.
    }
    assertThat(endpoints.openOutputs).hasValue(0);
  }

  RawClient connect() throws IOException {
    return new RawClient(port);
  }

  HttpResponse<byte[]> get(String path) {
    return send(request(path).GET().build());
  }

  HttpResponse<byte[]> post(String path, String json, String... headers) {
    return post(path, json.getBytes(StandardCharsets.UTF_8), headers);
  }

  HttpResponse<byte[]> post(String path, byte[] body, String... headers) {
    HttpRequest.Builder request = request(path).POST(HttpRequest.BodyPublishers.ofByteArray(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return send(request.build());
  }

  /** Posts to {@code echo}. */
  HttpResponse<byte[]> infer(String json) {
    return post("/v2/models/echo/infer", json);
  }

  /** Posts a document and the binary data behind it to {@code echo}. */
  HttpResponse<byte[]> inferBinary(String json, byte[] data) {
    byte[] head = json.getBytes(StandardCharsets.UTF_8);
    return post(
        "/v2/models/echo/infer",
        concat(head, data),
        "Inference-Header-Content-Length",
        Integer.toString(head.length));
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
        .timeout(Duration.ofSeconds(30));
  }

  HttpResponse<byte[]> send(HttpRequest request) {
    try {
      return client.send(request, HttpResponse.BodyHandlers.ofByteArray());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Returns an inference request without inputs. */
  static String body(String id) {
    return "{\"id\":\"" + id + "\",\"inputs\":[]}";
  }

  /** Returns such a request of a model as HTTP/1.1 has it. */
  static String request(String model, String id) {
    String body = body(id);
    return "POST /v2/models/%s/infer HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s"
        .formatted(model, body.length(), body);
  }

  static String text(HttpResponse<byte[]> response) {
    return new String(response.body(), StandardCharsets.UTF_8);
  }

  /** The answer is an error with a message that has these words. */
  static void assertError(HttpResponse<byte[]> response, int status, String message) {
    String escaped = message.replace("\\", "\\\\").replace("\"", "\\\"");
    assertThat(text(response)).startsWith("{\"error\":\"").endsWith("\"}").contains(escaped);
    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(response.headers().firstValue("content-type")).hasValue("application/json");
  }

  /** A request with one input, {@code x}. */
  static String fp32(String shape, String data) {
    return "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":%s,\"data\":%s}]}"
        .formatted(shape, data);
  }

  static byte[] concat(byte[] first, byte[] second) {
    return ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
  }

  static ByteBuffer littleEndian(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void close() {
    client.close();
    server.stop(Duration.ofSeconds(5));
    lane.shutdownNow();
  }
}
