package dev.skeg.runtime.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skeg.runtime.endpoint.EndpointTable;
import dev.skeg.runtime.endpoint.ServerIdentity;
import dev.skeg.runtime.endpoint.ServerState;
import dev.skeg.runtime.telemetry.InferenceMetrics;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The admin port, spoken to byte by byte. */
final class AdminServerTest {
  private AdminServer server;

  @BeforeEach
  void start() {
    server =
        new AdminServer(
            0,
            new AdminPages(
                new ServerIdentity("skeg", "1", List.of()),
                new ServerState(),
                new EndpointTable(new InferenceMetrics()),
                Map::of,
                Clock.systemUTC()));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void aNameThatIsNotThisMachinesIsRefused() throws IOException {
    assertThat(get("/v1/status", "evil.example.org")).startsWith("HTTP/1.1 403").contains("Host");
    assertThat(get("/v1/status", "localhost:" + server.port())).startsWith("HTTP/1.1 200");
    assertThat(get("/v1/status", "[::1]:80")).startsWith("HTTP/1.1 200");
  }

  @Test
  void onlyReadingIsPossible() throws IOException {
    assertThat(send("POST /v1/models HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"))
        .startsWith("HTTP/1.1 405");
    assertThat(get("/v2/anything", "localhost")).startsWith("HTTP/1.1 404");
    assertThat(get("/v1/models/absent%22", "localhost")).contains("unknown model: 'absent\\\"'");
  }

  @Test
  void theOpenApiDocumentNamesEveryPathThatTheIndexNames() throws IOException {
    String document = get("/v1/openapi.json", "localhost");
    JsonNode json = new ObjectMapper().readTree(document.substring(document.indexOf("{")));

    for (String path :
        List.of("/", "/v1/status", "/v1/models", "/v1/models/{model}", "/v1/openapi.json")) {
      assertThat(json.get("paths").has(path)).as(path).isTrue();
      assertThat(get("/", "localhost")).contains(path);
    }
  }

  private String get(String path, String host) throws IOException {
    return send("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n");
  }

  private String send(String head) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.setSoTimeout(30_000);
      socket
          .getOutputStream()
          .write((head + "Connection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
