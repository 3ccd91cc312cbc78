package dev.skeg.runtime.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skeg.registry.RegistryException;
import dev.skeg.runtime.config.ServerConfig;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.source.ModelSources;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The admin port, spoken to byte by byte. */
final class AdminServerTest {
  @TempDir Path directory;

  private AdminServer server;

  @BeforeEach
  void start() {
    server = open("127.0.0.1", Optional.empty());
  }

  private AdminServer open(String host, Optional<Path> tokenFile) {
    ModelSources sources =
        ModelSources.open(
            ServerConfig.of(
                Map.of("models-dir", directory.toString(), "model-control-mode", "explicit")),
            Clock.systemUTC());
    return new AdminServer(
        host,
        0,
        tokenFile,
        TestAdmin.pages(sources),
        sources,
        TestMonitors.in(directory),
        Clock.systemUTC());
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
  void aPageOfAnotherOriginIsRefused() throws IOException {
    String own = "Host: 127.0.0.1:" + server.port() + "\r\n";

    assertThat(send("GET /v1/status HTTP/1.1\r\n" + own + "Origin: http://evil.example.org\r\n"))
        .startsWith("HTTP/1.1 403")
        .contains("Origin: http://evil.example.org (expected:");
    assertThat(
            send(
                "GET /v1/status HTTP/1.1\r\n"
                    + own
                    + "Origin: http://127.0.0.1:"
                    + server.port()
                    + "\r\n"))
        .startsWith("HTTP/1.1 200");
  }

  @Test
  void asksForTheTokenOfItsFileWhateverTheHost() throws IOException {
    Path file = Files.writeString(directory.resolve("token"), "s3cret-0\n");
    server.close();
    server = open("0.0.0.0", Optional.of(file));

    assertThat(get("/v1/status", "skeg.example.org"))
        .startsWith("HTTP/1.1 401")
        .containsIgnoringCase("WWW-Authenticate: Bearer")
        .contains("no token (expected: Authorization: Bearer and the token of admin.token-file)");
    assertThat(get("/nothing", "localhost")).startsWith("HTTP/1.1 401");
    assertThat(withToken("s3cret-1")).startsWith("HTTP/1.1 401").contains("another token");
    assertThat(withToken("s3cret")).startsWith("HTTP/1.1 401").doesNotContain("s3cret");
    assertThat(withToken("")).startsWith("HTTP/1.1 401");
    assertThat(withToken("s3cret-0")).startsWith("HTTP/1.1 200");
  }

  @Test
  void aNewTokenCountsAtOnceAndWhileThereIsNoneNobodyIsLetIn() throws IOException {
    Path file = Files.writeString(directory.resolve("token"), "one");
    server.close();
    server = open("127.0.0.1", Optional.of(file));

    assertThat(withToken("one")).startsWith("HTTP/1.1 200");
    Files.writeString(file, "two");
    assertThat(withToken("one")).startsWith("HTTP/1.1 401");
    assertThat(withToken("two")).startsWith("HTTP/1.1 200");
    Files.writeString(file, "\n");
    assertThat(withToken("")).startsWith("HTTP/1.1 503");
    assertThat(withToken("two")).startsWith("HTTP/1.1 503");
    Files.delete(file);
    assertThat(withToken("two")).startsWith("HTTP/1.1 503").doesNotContain("two");
  }

  @Test
  void doesNotStartWhereItMustNotListenOrWithoutTheTokenItWasGiven() throws IOException {
    Path empty = Files.createFile(directory.resolve("empty"));

    assertThatThrownBy(() -> open("0.0.0.0", Optional.empty()))
        .isInstanceOf(ServingException.class)
        .hasMessageContaining("admin.host: 0.0.0.0")
        .hasMessageContaining("admin.token-file");
    assertThatThrownBy(() -> open("127.0.0.1", Optional.of(empty)))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining(empty + " has no token");
    assertThatThrownBy(() -> open("127.0.0.1", Optional.of(directory.resolve("none"))))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("none cannot be read");
  }

  @Test
  void loadingAndUnloadingSayWhatWouldDo() throws IOException {
    String load = "/v1/models/m/versions/1:load";

    assertThat(post(load)).startsWith("HTTP/1.1 503").contains("failed to load 'm': the server is");
    assertThat(post(load + "?force=yes")).startsWith("HTTP/1.1 400").contains("force: yes");
    assertThat(post("/v1/models/m/versions/99999999999999999999:load")).startsWith("HTTP/1.1 4");
    assertThat(get(load, "localhost")).startsWith("HTTP/1.1 405");
    assertThat(post("/v1/models/m/versions/1:reload")).startsWith("HTTP/1.1 405");
  }

  private String post(String path) throws IOException {
    return send("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n");
  }

  @Test
  void otherPathsAreForReadingOnly() throws IOException {
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
        List.of(
            "/",
            "/v1/status",
            "/v1/models",
            "/v1/models/{model}",
            "/v1/models/{model}/monitor",
            "/v1/models/{model}/profile",
            "/v1/models/{model}/versions/{version}/baseline",
            "/v1/alerts",
            "/v1/alerts/{id}",
            "/v1/alerts/{id}:acknowledge",
            "/v1/models/{model}/versions/{version}:load",
            "/v1/models/{model}/versions/{version}:unload",
            "/v1/hooks/{source}",
            "/v1/openapi.json")) {
      assertThat(json.get("paths").has(path)).as(path).isTrue();
      assertThat(get("/", "localhost")).contains(path);
    }
  }

  private String withToken(String token) throws IOException {
    return send("GET /v1/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\n");
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
