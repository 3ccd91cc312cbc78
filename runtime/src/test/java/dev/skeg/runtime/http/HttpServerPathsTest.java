package dev.skeg.runtime.http;

import static dev.skeg.runtime.http.HttpTestServer.text;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skeg.runtime.endpoint.ServerState;
import dev.skeg.runtime.http.RawClient.Answer;
import java.io.IOException;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every path but {@code /infer}: what it answers, and what it does not. */
final class HttpServerPathsTest {
  private final HttpTestServer server = new HttpTestServer();

  @AfterEach
  void stop() {
    server.close();
  }

  private void assertAnswer(String path, int status, String body) {
    HttpResponse<byte[]> response = server.get(path);
    assertThat(text(response)).isEqualTo(body);
    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(response.headers().firstValue("content-type")).hasValue("application/json");
  }

  @Test
  void metadataOfTheServer() {
    String body =
        "{\"name\":\"skeg\",\"version\":\"1.2.3\","
            + "\"extensions\":[\"binary_tensor_data\",\"parameters\"]}";
    assertAnswer("/v2", 200, body);
    assertAnswer("/v2/", 200, body);
    assertAnswer("/v2?a=/b", 200, body);
  }

  @Test
  void metadataOfAModelNamesTheOutputsThatCannotBeReturned() {
    String body =
        "{\"name\":\"echo\",\"versions\":[\"1\",\"3\"],\"platform\":\"onnxruntime_onnx\","
            + "\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[-1,4]}],"
            + "\"outputs\":[{\"name\":\"y\",\"datatype\":\"BYTES\",\"shape\":[-1]}],"
            + "\"properties\":{\"unsupported_output.maps\":\"a sequence of maps\"}}";
    assertAnswer("/v2/models/echo", 200, body);
    assertAnswer("/v2/models/echo/", 200, body);
    assertAnswer("/v2/models/echo/versions/3?x", 200, body);
    assertAnswer("/v2/models/%65cho", 200, body);
    assertThat(text(server.get("/v2/models/a%2Fb%20c"))).startsWith("{\"name\":\"a/b c\"");
  }

  @Test
  void modelsAndVersionsThatAreNotThereAreSaidSo() {
    assertAnswer(
        "/v2/models/nobody",
        400,
        "{\"error\":\"Request for unknown model: 'nobody' is not found\"}");
    assertAnswer(
        "/v2/models/echo/versions/9", 404, "{\"error\":\"model 'echo' has no version 9\"}");
  }

  @Test
  void configurationIsPrintedWithItsDefaultsAndIntegersAsNumbers() throws IOException {
    JsonNode config = new ObjectMapper().readTree(server.get("/v2/models/echo/config").body());

    assertThat(config.path("name").asText()).isEqualTo("echo");
    assertThat(config.path("max_batch_size").isInt()).isTrue();
    assertThat(config.path("input").path(0).path("dims").toString())
        .isEqualTo("[-1,1099511627776]");
    assertThat(config.path("input").path(0).path("data_type").asText()).isEqualTo("TYPE_INVALID");
    assertThat(config.path("input").path(0).path("optional").isBoolean()).isTrue();
    assertThat(config.path("output").isArray()).isTrue();
    assertThat(config.path("metric_tags").isObject()).isTrue();
    assertThat(config.path("parameters").path("k").path("string_value").asText()).isEqualTo("v");
    assertThat(config.path("dynamic_batching").path("max_queue_delay_microseconds").toString())
        .isEqualTo("18446744073709551615");
    assertThat(config.has("sequence_batching")).isFalse();
    assertThat(config.has("default_model_filename")).isTrue();
  }

  @Test
  void readinessOfModels() {
    assertAnswer("/v2/models/echo/ready", 200, "{\"name\":\"echo\",\"ready\":true}");
    assertAnswer("/v2/models/echo/versions/3/ready", 200, "{\"name\":\"echo\",\"ready\":true}");
    assertAnswer(
        "/v2/models/echo/versions/9/ready", 400, "{\"error\":\"model 'echo' has no version 9\"}");
    assertAnswer(
        "/v2/models/nobody/ready",
        400,
        "{\"error\":\"Request for unknown model: 'nobody' is not found\"}");
  }

  @Test
  void healthFollowsTheServersPhase() {
    assertAnswer("/v2/health/live", 200, "{\"live\":true}");
    assertAnswer("/v2/health/ready", 200, "{\"ready\":true}");

    server.state.advance(ServerState.Phase.DRAINING);

    assertAnswer("/v2/health/live", 200, "{\"live\":true}");
    assertThat(server.get("/v2/health/ready").statusCode()).isEqualTo(400);

    server.state.advance(ServerState.Phase.STOPPING);

    assertThat(server.get("/v2/health/live").statusCode()).isEqualTo(503);
    assertThat(server.get("/v2/health/ready").statusCode()).isEqualTo(503);
  }

  @Test
  void theIndexListsAllOrThoseReady() {
    String ready = "{\"name\":\"echo\",\"version\":\"3\",\"state\":\"READY\"}";
    String all =
        "["
            + ready
            + ",{\"name\":\"broken\",\"version\":\"1\",\"state\":\"UNAVAILABLE\","
            + "\"reason\":\"no such file\"}]";
    assertThat(text(server.post("/v2/repository/index", ""))).isEqualTo(all);
    assertThat(text(server.post("/v2/repository/index", "{}"))).isEqualTo(all);
    assertThat(text(server.post("/v2/repository/index", "{\"ready\":false}"))).isEqualTo(all);
    assertThat(text(server.post("/v2/repository/index", "{\"x\":[1],\"ready\":true}")))
        .isEqualTo("[" + ready + "]");
    HttpResponse<byte[]> wrong = server.post("/v2/repository/index", "{\"ready\":1}");
    assertThat(wrong.statusCode()).isEqualTo(400);
    assertThat(text(wrong)).contains("ready: 1 (expected: true or false)");
    assertThat(server.post("/v2/repository/index", "{").statusCode()).isEqualTo(400);
    assertThat(server.post("/v2/repository/other/index", "").statusCode()).isEqualTo(501);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/v1",
        "/v2/health",
        "/v2/health/alive",
        "/v2/models",
        "/v2/models//ready",
        "/v2/models/echo/foo",
        "/v2/models/echo/versions",
        "/v2/models/echo/versions/",
        "/v2/models/echo/versions/3/ready/now",
        "/v2/models/echo/version/3",
        "/v3/models/echo",
        "/v2/repository",
        "/metrics"
      })
  void otherPathsAreNotFound(String path) {
    HttpResponse<byte[]> response = server.get(path);
    assertThat(response.statusCode()).isEqualTo(404);
    assertThat(text(response)).startsWith("{\"error\":\"Not Found");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v2/models/stats",
        "/v2/models/echo/stats",
        "/v2/models/echo/versions/3/stats",
        "/v2/models/echo/generate",
        "/v2/models/echo/generate_stream",
        "/v2/trace/setting",
        "/v2/models/echo/trace/setting",
        "/v2/logging",
        "/v2/systemsharedmemory/status",
        "/v2/systemsharedmemory/region/r/register",
        "/v2/cudasharedmemory/unregister"
      })
  void partsOfTritonThatAreMissingAreNotImplemented(String path) {
    assertThat(server.get(path).statusCode()).isEqualTo(501);
    HttpResponse<byte[]> response = server.post(path, "{}");
    assertThat(response.statusCode()).isEqualTo(501);
    assertThat(text(response)).contains("is not supported by this server yet");
  }

  @Test
  void modelsAreLoadedAndUnloadedOffTheEventLoops() {
    assertThat(server.post("/v2/repository/models/echo/load", "").statusCode()).isEqualTo(200);
    assertThat(server.post("/v2/repository/r/models/echo/unload", "{}").statusCode())
        .isEqualTo(200);
    assertThat(
            server
                .post(
                    "/v2/repository/models/echo/unload",
                    "{\"parameters\":{\"unload_dependents\":true}}")
                .statusCode())
        .isEqualTo(200);
    assertThat(server.repository.calls())
        .containsExactly("load echo", "unload echo", "unload echo");

    HttpResponse<byte[]> unknown = server.post("/v2/repository/models/absent/load", "{}");
    assertThat(unknown.statusCode()).isEqualTo(404);
    assertThat(text(unknown)).isEqualTo("{\"error\":\"failed to load 'absent': no such model\"}");
    HttpResponse<byte[]> override =
        server.post(
            "/v2/repository/models/echo/load",
            "{\"parameters\":{\"config\":\"{}\",\"file:1/m\":\"\"}}");
    assertThat(override.statusCode()).isEqualTo(501);
    assertThat(text(override)).contains("parameters: config, file:1/m (expected: none");
    assertThat(server.post("/v2/repository/models/echo/load", "[]").statusCode()).isEqualTo(400);
    assertThat(server.post("/v2/repository/models//load", "").statusCode()).isEqualTo(404);
    assertThat(server.get("/v2/repository/models/echo/load").statusCode()).isEqualTo(405);
  }

  @ParameterizedTest
  @CsvSource({
    "GET,/v2/models/echo/infer,POST",
    "GET,/v2/repository/index,POST",
    "POST,/v2,'GET, HEAD'",
    "DELETE,/v2/models/echo,'GET, HEAD'",
    "BREW,/v2/health/live,'GET, HEAD'"
  })
  void otherVerbsAreNotAllowed(String method, String path, String allow) throws IOException {
    try (RawClient client = server.connect()) {
      Answer answer = client.send(method + " " + path + " HTTP/1.1\r\n\r\n").read();
      assertThat(answer.status()).isEqualTo(405);
      assertThat(answer.headers()).containsEntry("allow", allow);
      assertThat(answer.text()).contains("Method Not Allowed: " + method);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"%", "%4", "%zz", "%ff", "a%2"})
  void brokenPercentEncodingsAreRefused(String name) throws IOException {
    try (RawClient client = server.connect()) {
      Answer answer = client.send("GET /v2/models/" + name + " HTTP/1.1\r\n\r\n").read();
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.text()).contains("is not percent-encoded UTF-8");
    }
  }

  @Test
  void headIsAGetWithoutItsBody() throws IOException {
    try (RawClient client = server.connect()) {
      client.send("HEAD /v2/health/live HTTP/1.1\r\n\r\nGET /v2/health/live HTTP/1.1\r\n\r\n");
      Answer head = client.read(true);
      assertThat(head.status()).isEqualTo(200);
      assertThat(head.headers()).containsEntry("content-length", "13");
      assertThat(client.read().text()).isEqualTo("{\"live\":true}");
    }
  }
}
