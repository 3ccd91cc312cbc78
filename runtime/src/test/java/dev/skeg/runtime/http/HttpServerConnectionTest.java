package dev.skeg.runtime.http;

import static dev.skeg.runtime.http.HttpTestServer.body;
import static dev.skeg.runtime.http.HttpTestServer.request;
import static dev.skeg.runtime.http.HttpTestServer.text;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.runtime.endpoint.ServerIdentity;
import dev.skeg.runtime.endpoint.ServerState;
import dev.skeg.runtime.http.RawClient.Answer;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.testing.RecordedRepository;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Framing, order, limits, time and endings: all that is HTTP and not inference. */
@Timeout(60)
final class HttpServerConnectionTest {
  private static final String LIVE = "GET /v2/health/live HTTP/1.1\r\n\r\n";
  private static final String INFER = "POST /v2/models/echo/infer HTTP/1.1\r\n";
  private static final int LIMIT = 100_000;

  private final HttpTestServer server =
      new HttpTestServer(HttpConfig.of("127.0.0.1", 0).withMaxMessageBytes(LIMIT));

  @AfterEach
  void stop() {
    server.close();
    assertThat(server.endpoints.openOutputs).hasValue(0);
  }

  // Order.

  @Test
  void pipelinedRequestsAreAnsweredInTheirOrder() throws Exception {
    try (RawClient client = server.connect()) {
      client.send(request("held", "1") + request("echo", "2") + LIVE + request("held", "4"));
      Runnable first = server.endpoints.held.take();
      Runnable fourth = server.endpoints.held.take();
      fourth.run();
      first.run();

      assertThat(client.read().text()).contains("\"id\":\"1\"");
      assertThat(client.read().text()).contains("\"id\":\"2\"");
      assertThat(client.read().text()).isEqualTo("{\"live\":true}");
      assertThat(client.read().text()).contains("\"id\":\"4\"");
    }
  }

  @Test
  void hundredsOfPipelinedRequestsAreAllAnswered() throws Exception {
    try (RawClient client = server.connect()) {
      StringBuilder requests = new StringBuilder();
      for (int i = 0; i < 500; i++) {
        requests.append(request("echo", Integer.toString(i)));
      }
      client.send(requests.toString());

      for (int i = 0; i < 500; i++) {
        assertThat(client.read().text()).contains("\"id\":\"" + i + "\"");
      }
    }
  }

  @Test
  void manyClientsAtOnceGetTheirOwnAnswers() throws Exception {
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> counts = new ArrayList<>();
      for (int c = 0; c < 32; c++) {
        int number = c;
        Callable<Integer> work =
            () -> {
              int right = 0;
              try (RawClient client = server.connect()) {
                for (int i = 0; i < 20; i++) {
                  String id = number + "-" + i;
                  String answer = client.send(request("echo", id)).read().text();
                  right += answer.contains("\"id\":\"" + id + "\"") ? 1 : 0;
                }
              }
              return right;
            };
        counts.add(clients.submit(work));
      }
      for (Future<Integer> count : counts) {
        assertThat(count.get(30, TimeUnit.SECONDS)).isEqualTo(20);
      }
    }
  }

  // Framing.

  @Test
  void chunkedBodiesAreRead() throws IOException {
    try (RawClient client = server.connect()) {
      client.send(INFER + "Transfer-Encoding: chunked\r\n\r\n");
      for (char c : body("c").toCharArray()) {
        client.send("1\r\n" + c + "\r\n");
      }
      client.send("0\r\n\r\n" + LIVE);

      assertThat(client.read().text()).contains("\"id\":\"c\"");
      assertThat(client.read().status()).isEqualTo(200);
    }
  }

  @Test
  void theBinaryTensorExtensionWorksChunked() throws IOException {
    String json =
        "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"UINT8\",\"shape\":[3],"
            + "\"parameters\":{\"binary_data_size\":3}}]}";
    try (RawClient client = server.connect()) {
      client.send(
          INFER
              + "Transfer-Encoding: chunked\r\ninference-header-content-length: "
              + json.length()
              + "\r\n\r\n");
      client.send(Integer.toHexString(json.length()) + "\r\n" + json + "\r\n");
      client.send("2\r\n\1\2\r\n1\r\n\3\r\n0\r\n\r\n");

      assertThat(client.read().text()).contains("\"data\":[1,2,3]");
    }
  }

  @Test
  void aBodyMayComeByteByByte() throws IOException {
    try (RawClient client = server.connect()) {
      for (byte b : request("echo", "slow").getBytes(ISO_8859_1)) {
        client.send(new byte[] {b});
      }
      assertThat(client.read().text()).contains("\"id\":\"slow\"");
    }
  }

  @Test
  void clientsThatWaitForContinueAreToldToGoOn() throws IOException {
    String body = body("e");
    try (RawClient client = server.connect()) {
      client.send(INFER + "Expect: 100-continue\r\nContent-Length: " + body.length() + "\r\n\r\n");
      assertThat(client.read().status()).isEqualTo(100);
      client.send(body);
      assertThat(client.read().text()).contains("\"id\":\"e\"");
    }
  }

  @Test
  void continueWaitsForTheAnswersBeforeIt() throws Exception {
    String body = body("e");
    try (RawClient client = server.connect()) {
      client.send(
          request("held", "1")
              + INFER
              + "Expect: 100-continue\r\nContent-Length: "
              + body.length()
              + "\r\n\r\n");
      server.endpoints.held.take().run();
      assertThat(client.read().text()).contains("\"id\":\"1\"");
      assertThat(client.read().status()).isEqualTo(100);
      assertThat(client.send(body).read().text()).contains("\"id\":\"e\"");
    }
  }

  @Test
  void whatWillBeRefusedIsNotAskedFor() throws IOException {
    try (RawClient client = server.connect()) {
      Answer answer =
          client
              .send(
                  "POST /v2/nothing HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
              .read();
      assertThat(answer.status()).isEqualTo(404);
      assertThat(answer.headers()).containsEntry("connection", "close");
      assertThat(client.isAtEnd()).isTrue();
    }
    try (RawClient client = server.connect()) {
      Answer answer = client.send(INFER + "Expect: a-miracle\r\nContent-Length: 0\r\n\r\n").read();
      assertThat(answer.status()).isEqualTo(417);
    }
  }

  @Test
  void http10ClosesUnlessAskedNotTo() throws IOException {
    try (RawClient client = server.connect()) {
      Answer kept =
          client.send("GET /v2/health/live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").read();
      assertThat(kept.statusLine()).isEqualTo("HTTP/1.0 200 OK");
      assertThat(kept.headers()).containsEntry("connection", "keep-alive");
      assertThat(client.send("GET /v2/health/live HTTP/1.0\r\n\r\n").read().status())
          .isEqualTo(200);
      assertThat(client.isAtEnd()).isTrue();
    }
  }

  @Test
  void connectionCloseIsHonoured() throws IOException {
    try (RawClient client = server.connect()) {
      Answer answer = client.send("GET /v2 HTTP/1.1\r\nConnection: close\r\n\r\n" + LIVE).read();
      assertThat(answer.headers()).containsEntry("connection", "close");
      assertThat(client.isAtEnd()).isTrue();
    }
  }

  @Test
  void aClientThatStoppedSendingStillGetsItsAnswers() throws Exception {
    try (RawClient client = server.connect()) {
      client.send(request("held", "1") + LIVE);
      client.shutdownOutput();
      server.endpoints.held.take().run();

      assertThat(client.read().text()).contains("\"id\":\"1\"");
      assertThat(client.read().status()).isEqualTo(200);
      assertThat(client.isAtEnd()).isTrue();
    }
  }

  @Test
  void aClientThatStoppedSendingGetsAllAnswersThoughItSentMoreThanIsReadAhead() throws Exception {
    int sent = 40;
    try (RawClient client = server.connect()) {
      client.send(request("held", "1").repeat(sent));
      client.shutdownOutput();
      List<Runnable> held = new ArrayList<>();
      for (int i = 0; i < sent; i++) {
        held.add(server.endpoints.held.take());
      }
      for (int loop = 0; loop < 8; loop++) { // After it every event loop has seen the end.
        try (RawClient other = server.connect()) {
          assertThat(other.send(LIVE).read().status()).isEqualTo(200);
        }
      }
      held.forEach(Runnable::run);

      for (int i = 0; i < sent; i++) {
        assertThat(client.read().status()).isEqualTo(200);
      }
      assertThat(client.isAtEnd()).isTrue();
    }
  }

  @Test
  void aClientThatIsGoneCancelsItsRequestsAndItsOutputsAreClosed() throws Exception {
    RawClient client = server.connect();
    client.send(request("held", "1"));
    Runnable answer = server.endpoints.held.take();
    client.close();

    assertThat(server.endpoints.cancelled.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
    answer.run(); // That no output stays open is checked after every test.
    assertThat(text(server.get("/v2/health/live"))).isEqualTo("{\"live\":true}");
  }

  @Test
  void anyContentTypeWillDo() {
    assertThat(
            server
                .post("/v2/models/echo/infer", body("t"), "Content-Type", "image/png; x=\"y")
                .statusCode())
        .isEqualTo(200);
  }

  @Test
  void requestIdsAreEchoedIfTheyAreSane() throws IOException {
    HttpResponse<byte[]> echoed =
        server.post("/v2/models/echo/infer", body("t"), "X-Request-Id", "abc-1");
    HttpResponse<byte[]> failed = server.post("/v2/nothing", "", "X-Request-Id", "abc-2");
    HttpResponse<byte[]> insane =
        server.post("/v2/models/echo/infer", body("t"), "X-Request-Id", "x".repeat(129));

    assertThat(echoed.headers().firstValue("x-request-id")).hasValue("abc-1");
    assertThat(failed.headers().firstValue("x-request-id")).hasValue("abc-2");
    assertThat(insane.statusCode()).isEqualTo(400);
    assertThat(text(insane)).contains("header X-Request-Id", "1 to 128 visible ASCII characters");
  }

  // What is no request.

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GARBAGE\\r\\n\\r\\n|400",
        "\\026\\003\\001 garbage\\r\\n\\r\\n|400",
        "GET /v2 HTTP/1.1\\r\\nno colon\\r\\n\\r\\n|400",
        "GET /v2 HTTP/1.1\\r\\nbad name: x\\r\\n\\r\\n|400",
        "POST /v2 HTTP/1.1\\r\\nContent-Length: abc\\r\\n\\r\\n|400",
        "POST /v2 HTTP/1.1\\r\\nContent-Length: -1\\r\\n\\r\\n|400",
        "POST /v2 HTTP/1.1\\r\\nContent-Length: 1\\r\\nContent-Length: 2\\r\\n\\r\\n|400",
        "POST /v2/models/echo/infer HTTP/1.1\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nzz\\r\\n|400",
        "PRI * HTTP/2.0\\r\\n\\r\\nSN\\r\\n\\r\\n|505",
        "GET /v2 HTTP/3.1\\r\\n\\r\\n|505",
      })
  void garbageIsAnsweredAndTheConnectionEnds(String escaped, int status) throws IOException {
    try (RawClient client = server.connect()) {
      client.send(escaped.translateEscapes());

      Answer answer = client.read();

      assertThat(answer.status()).isEqualTo(status);
      assertThat(answer.text()).startsWith("{\"error\":\"");
      assertThat(answer.headers()).containsEntry("connection", "close");
      assertThat(client.isAtEnd()).isTrue();
    }
    assertThat(server.get("/v2/health/live").statusCode()).isEqualTo(200);
  }

  @Test
  void linesAndHeadersAreLimited() throws IOException {
    try (RawClient client = server.connect()) {
      client.send("GET /v2?" + "x".repeat(20_000) + " HTTP/1.1\r\n\r\n");
      assertThat(client.read().status()).isEqualTo(414);
    }
    try (RawClient client = server.connect()) {
      client.send("GET /v2 HTTP/1.1\r\nX: " + "x".repeat(70_000) + "\r\n\r\n");
      assertThat(client.read().status()).isEqualTo(431);
    }
  }

  @Test
  void truncatedBodiesAreSaidSo() throws IOException {
    try (RawClient client = server.connect()) {
      client.send(INFER + "Content-Length: 100\r\n\r\n{}");
      client.shutdownOutput();
      Answer answer = client.read();
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.text()).contains("request body is truncated", "after 2 bytes");
    }
  }

  // Limits.

  @Test
  void aBodyBeyondTheLimitIsRefusedAndTheConnectionLivesOn() throws IOException {
    try (RawClient client = server.connect()) {
      client.send(INFER + "Content-Length: 200000\r\n\r\n" + " ".repeat(200_000));
      Answer answer = client.read();
      assertThat(answer.status()).isEqualTo(413);
      assertThat(answer.text())
          .contains("a Content-Length of 200000 (expected: at most 100000 bytes");

      client.send(INFER + "Transfer-Encoding: chunked\r\n\r\n");
      client.send("30d40\r\n" + " ".repeat(200_000) + "\r\n0\r\n\r\n");
      assertThat(client.read().status()).isEqualTo(413);

      assertThat(client.send(request("echo", "1")).read().status()).isEqualTo(200);
    }
  }

  @Test
  void aBodyFarBeyondTheLimitIsRefusedBeforeItIsRead() throws IOException {
    try (RawClient client = server.connect()) {
      client.send(INFER + "Content-Length: 40000000\r\n\r\n");
      client.send(new byte[30_000_000]);
      Answer answer = client.read();
      assertThat(answer.status()).isEqualTo(413);
      assertThat(answer.headers()).containsEntry("connection", "close");
    }
    try (RawClient client = server.connect()) {
      client.send(INFER + "Transfer-Encoding: chunked\r\n\r\n" + "1C9C380\r\n");
      client.send(new byte[30_000_000]);
      Answer answer = client.read();
      assertThat(answer.status()).isEqualTo(413);
      assertThat(answer.headers()).containsEntry("connection", "close");
    }
  }

  // Compression.

  // Time.

  @Test
  void slowClientsAreCutOff() throws IOException {
    Duration soon = Duration.ofMillis(200);
    HttpConfig config =
        HttpConfig.of("127.0.0.1", 0).withTimeouts(soon, soon, Duration.ofMillis(400));
    try (HttpTestServer impatient = new HttpTestServer(config)) {
      try (RawClient client = impatient.connect()) {
        Answer answer = client.send("GET /v2/hea").read();
        assertThat(answer.status()).isEqualTo(408);
        assertThat(answer.text()).contains("head is incomplete after 200 ms");
        assertThat(client.isAtEnd()).isTrue();
      }
      try (RawClient client = impatient.connect()) {
        Answer answer = client.send(INFER + "Content-Length: 9\r\n\r\n{").read();
        assertThat(answer.status()).isEqualTo(408);
        assertThat(answer.text()).contains("1 bytes, and no more for 200 ms");
      }
      try (RawClient client = impatient.connect()) {
        assertThat(client.send(LIVE).read().status()).isEqualTo(200);
        assertThat(client.isAtEnd()).isTrue();
      }
    }
  }

  @Test
  void clientsThatDoNotReadTheirAnswerAreCutOffAndItsMemoryIsFreed() throws Exception {
    HttpConfig config =
        HttpConfig.of("127.0.0.1", 0)
            .withTimeouts(Duration.ofSeconds(9), Duration.ofMillis(300), Duration.ofSeconds(9));
    String json =
        "{\"parameters\":{\"binary_data_output\":true},\"inputs\":[{\"name\":\"x\","
            + "\"datatype\":\"UINT8\",\"shape\":[40000000],"
            + "\"parameters\":{\"binary_data_size\":40000000}}]}";
    try (HttpTestServer impatient = new HttpTestServer(config);
        RawClient client = impatient.connect()) {
      client.send(
          INFER
              + "Inference-Header-Content-Length: %d\r\nContent-Length: %d\r\n\r\n%s"
                  .formatted(json.length(), json.length() + 40_000_000, json));
      client.send(new byte[40_000_000]);
      impatient.endpoints.requests.take();

      impatient.endpoints.closedOutputs.acquire();

      // What the kernel had taken can still be read, but not the whole answer.
      assertThatThrownBy(client::read).isInstanceOf(IOException.class);
    }
  }

  // Endings.

  @Test
  void aPortInUseIsSaidSo() {
    HttpServer second =
        new HttpServer(
            HttpConfig.of("127.0.0.1", server.port),
            new ServerIdentity("skeg", "1", List.of()),
            server.endpoints,
            new RecordedRepository(),
            new ServerState());

    assertThatThrownBy(second::start)
        .isInstanceOf(ServingException.class)
        .hasMessageContaining("HTTP cannot listen on 127.0.0.1:" + server.port);
  }
}
