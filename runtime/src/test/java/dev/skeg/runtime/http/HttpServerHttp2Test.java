package dev.skeg.runtime.http;

import static dev.skeg.runtime.http.HttpTestServer.body;
import static dev.skeg.runtime.http.HttpTestServer.text;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.http.Http2TestClient.Answer;
import dev.skeg.runtime.http.Http2TestClient.Call;
import io.netty.handler.codec.http2.Http2Error;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTP/2 in clear text, by prior knowledge and by upgrade, on the port of HTTP/1.1. */
@Timeout(60)
final class HttpServerHttp2Test {
  private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  private static final int LIMIT = 4 << 20;

  private final HttpTestServer server =
      new HttpTestServer(
          HttpConfig.of("127.0.0.1", 0)
              .withMaxMessageBytes(LIMIT)
              .withTimeouts(
                  Duration.ofMillis(500), Duration.ofMillis(500), Duration.ofSeconds(60)));
  private final HttpClient java =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build();

  @AfterEach
  void stop() {
    java.close();
    server.close();
    assertThat(server.endpoints.openOutputs).hasValue(0);
  }

  private Http2TestClient connect() {
    return new Http2TestClient(server.port);
  }

  private HttpRequest.Builder infer(byte[] body) {
    return HttpRequest.newBuilder(
            URI.create("http://127.0.0.1:" + server.port + "/v2/models/echo/infer"))
        .timeout(Duration.ofSeconds(30))
        .POST(HttpRequest.BodyPublishers.ofByteArray(body));
  }

  @Test
  void clientsThatKnowTheServerBeginInHttp2() throws Exception {
    try (Http2TestClient client = connect()) {
      Answer live = client.get("/v2/health/live").get();
      Answer missing = client.send("HEAD", "/v2/nothing", new byte[0], "x-request-id", "r").get();

      assertThat(live.status()).isEqualTo(200);
      assertThat(live.text()).isEqualTo("{\"live\":true}");
      assertThat(live.headers().get("content-length")).hasToString("13");
      assertThat(missing.status()).isEqualTo(404);
      assertThat(missing.headers().get("x-request-id")).hasToString("r");
      assertThat(missing.body()).isEmpty();
    }
  }

  @Test
  void aFirstRequestThatAsksForHttp2IsAnsweredInIt() throws Exception {
    HttpResponse<byte[]> first =
        java.send(
            infer(body("1").getBytes(UTF_8)).build(), HttpResponse.BodyHandlers.ofByteArray());
    List<CompletableFuture<HttpResponse<byte[]>>> later = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      later.add(
          java.sendAsync(
              infer(body("later-" + i).getBytes(UTF_8)).build(),
              HttpResponse.BodyHandlers.ofByteArray()));
    }

    assertThat(first.version()).isEqualTo(HttpClient.Version.HTTP_2);
    assertThat(text(first)).contains("\"id\":\"1\"");
    for (int i = 0; i < 100; i++) {
      HttpResponse<byte[]> answer = later.get(i).get(30, TimeUnit.SECONDS);
      assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_2);
      assertThat(text(answer)).contains("\"id\":\"later-" + i + "\"");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"!!", "AAMAAA", "AAMAAABkAA", "AAUAAAAB"})
  void anUpgradeWithoutValidSettingsIsIgnored(String settings) throws Exception {
    try (RawClient client = server.connect()) {
      client.send(
          "GET /v2/health/live HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\n"
              + "Upgrade: h2c\r\nHTTP2-Settings: "
              + settings
              + "\r\n\r\n");

      assertThat(client.read().text()).isEqualTo("{\"live\":true}");
    }
  }

  @Test
  void answersDoNotWaitForOneAnother() throws Exception {
    try (Http2TestClient client = connect()) {
      Call held = client.post("held", body("held"));
      Runnable answer = server.endpoints.held.take();

      assertThat(client.post("echo", body("echo")).get().text()).contains("\"id\":\"echo\"");
      assertThat(held.answer).isNotDone();
      answer.run();
      assertThat(held.get().text()).contains("\"id\":\"held\"");
    }
  }

  @Test
  void bodiesMayBeLargerThanTheWindowsBothWays() throws Exception {
    byte[] data = new byte[LIMIT - 1000];
    new Random(7).nextBytes(data);
    String json =
        "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"UINT8\",\"shape\":[%d],\"parameters\":{\"binary_data_size\":%d}}],\"outputs\":[{\"name\":\"x\",\"parameters\":{\"binary_data\":true}}]}"
            .formatted(data.length, data.length);
    byte[] body = HttpTestServer.concat(json.getBytes(UTF_8), data);
    try (Http2TestClient client = connect()) {
      List<Call> calls = new ArrayList<>();
      for (int i = 0; i < 5; i++) { // More than the server holds at once.
        calls.add(
            client.send(
                "POST",
                "/v2/models/echo/infer",
                body,
                "inference-header-content-length",
                Integer.toString(json.length())));
      }
      for (Call call : calls) {
        Answer answer = call.get();
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).endsWith(data);
      }
    }
  }

  @Test
  void aResetCancelsTheRequest() throws Exception {
    try (Http2TestClient client = connect()) {
      Call held = client.post("held", body("1"));
      Runnable answer = server.endpoints.held.take();
      client.reset(held);

      assertThat(server.endpoints.cancelled.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
      answer.run();
      assertThat(client.get("/v2/health/live").get().status()).isEqualTo(200);
    }
  }

  @Test
  void aClientThatIsGoneCancelsItsRequests() throws Exception {
    Runnable answer;
    try (Http2TestClient client = connect()) {
      var _ = client.post("held", body("1"));
      answer = server.endpoints.held.take();
    }
    assertThat(server.endpoints.cancelled.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
    answer.run();
  }

  @Test
  void bodiesBeyondTheLimitAreRefusedAndTheConnectionLivesOn() throws Exception {
    try (Http2TestClient client = connect()) {
      Answer read = client.send("POST", "/v2/models/echo/infer", new byte[LIMIT + 1]).get();
      Answer unread =
          client.begin("POST", "/v2/models/echo/infer", false, "content-length", "999999999").get();

      assertThat(read.status()).isEqualTo(413);
      assertThat(unread.status()).isEqualTo(413);
      assertThat(unread.text()).contains("a Content-Length of 999999999");
      assertThat(client.get("/v2/health/live").get().status()).isEqualTo(200);
    }
  }

  @Test
  void headsBeyondTheLimitAreRefused() throws Exception {
    try (Http2TestClient client = connect()) {
      Call large = client.send("GET", "/v2", new byte[0], "x-large", "x".repeat(70_000));

      assertThat(large.get().status()).isEqualTo(431);
      assertThat(client.get("/v2/health/live").get().status()).isEqualTo(200);
    }
  }

  @Test
  void bodiesThatPauseForTooLongAreAnswered() throws Exception {
    try (Http2TestClient client = connect()) {
      Answer answer = client.begin("POST", "/v2/models/echo/infer", false).get();

      assertThat(answer.status()).isEqualTo(408);
      assertThat(answer.text()).contains("request body is incomplete: 0 bytes");
    }
  }

  @Test
  void compressionWorksBothWays() throws Exception {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(zipped)) {
      gzip.write(body("zip").getBytes(UTF_8));
    }
    HttpResponse<byte[]> answer =
        java.send(
            infer(zipped.toByteArray())
                .header("Content-Encoding", "gzip")
                .header("Accept-Encoding", "gzip")
                .build(),
            HttpResponse.BodyHandlers.ofByteArray());

    assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_2);
    assertThat(answer.headers().firstValue("content-encoding")).hasValue("gzip");
    assertThat(
            new String(
                new GZIPInputStream(new ByteArrayInputStream(answer.body())).readAllBytes(), UTF_8))
        .contains("\"id\":\"zip\"");
  }

  @Test
  void aStopSaysGoAwayAndAnswersWhatIsInFlight() throws Exception {
    try (Http2TestClient client = connect()) {
      Call held = client.post("held", body("last"));
      Runnable answer = server.endpoints.held.take();
      CompletableFuture<Boolean> stopped =
          CompletableFuture.supplyAsync(() -> server.server.stop(Duration.ofSeconds(20)));

      assertThat(client.goAways.poll(20, TimeUnit.SECONDS)).isEqualTo(Http2Error.NO_ERROR.code());
      answer.run();
      assertThat(held.get().text()).contains("\"id\":\"last\"");
      assertThat(stopped.get(20, TimeUnit.SECONDS)).isTrue();
      client.awaitClosed();
    }
  }

  @Test
  void aFloodOfResetsEndsTheConnection() throws Exception {
    try (Http2TestClient client = connect()) {
      assertThat(client.get("/v2/health/live").get().status()).isEqualTo(200);
      for (int i = 0; i <= Http2Messages.MAX_RESETS; i++) {
        Call begun = client.begin("POST", "/v2/models/echo/infer", false);
        client.reset(begun);
      }

      client.awaitClosed();
      assertThat(client.goAways.poll(20, TimeUnit.SECONDS))
          .isEqualTo(Http2Error.ENHANCE_YOUR_CALM.code());
    }
    assertThat(server.get("/v2/health/live").statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET / HTTP/1.1\r\n\r\n", "\0\0\0\0\0\0\0\0\0", ""})
  void whatIsNoHttp2AfterThePrefaceEndsTheConnection(String garbage) throws Exception {
    try (RawClient client = server.connect()) {
      client.send(PREFACE + garbage);

      client.readToEnd();
    }
    assertThat(server.get("/v2/health/live").statusCode()).isEqualTo(200);
  }
}
