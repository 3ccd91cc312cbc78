package dev.skeg.runtime.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import dev.skeg.runtime.config.MonitorConfig;
import dev.skeg.runtime.config.ServerConfig;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.servable.LoadRequest;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line with a server that only takes note, and a loader that reads one word. */
final class CommandLineInterfaceTest {
  @TempDir Path directory;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final Map<String, String> environment = new HashMap<>();
  private final List<ServerConfig> served = new ArrayList<>();

  /** Takes a file that says {@code good}. */
  private static final class WordChecker implements ModelChecker {
    @Override
    public List<String> check(LoadRequest request, MonitorConfig monitor) {
      Path modelFile = request.modelFile();
      try {
        if (!Files.readString(modelFile).equals("good")) {
          throw new ServingException(ErrorCode.INVALID_ARGUMENT, modelFile + " is not good");
        }
        return List.of("it may be better");
      } catch (IOException e) {
        throw new ServingException(ErrorCode.INTERNAL, "cannot be read", e);
      }
    }

    @Override
    public void close() {}
  }

  @Test
  void serveTakesItsConfigurationFromOptionsEnvironmentAndFile() throws IOException {
    Path file = Files.writeString(directory.resolve("skeg.yaml"), "id: edge\ngrpc: {port: 1}\n");
    environment.put("SKEG_GRPC_PORT", "2");

    int code =
        run(
            "serve",
            "--model-repository=/m",
            "--config",
            file.toString(),
            "--http-port",
            "0",
            "--drain-delay",
            "2s",
            "--allow-grpc=true");

    assertThat(err.toString()).isEmpty();
    assertThat(code).isEqualTo(7);
    ServerConfig config = served.getFirst();
    assertThat(config.modelsDirectory()).contains(Path.of("/m"));
    assertThat(config.id()).isEqualTo("edge");
    assertThat(config.grpc().port()).isEqualTo(2);
    assertThat(config.http().port()).isZero();
    assertThat(config.drainDelay()).hasSeconds(2);
  }

  @Test
  void serveTakesADirectoryAndModelsWithASourceOfTheirOwn() {
    int code =
        run(
            "serve",
            "--models",
            "fraud=oci://registry.example.org/team/fraud#tag/prod",
            "--models",
            "/m",
            "--models=churn=file:/srv/churn",
            "--model-control-mode=explicit",
            "--load-model=m",
            "--load-model=churn",
            "--repository-poll-secs=60");

    assertThat(err.toString()).isEmpty();
    assertThat(code).isEqualTo(7);
    ServerConfig config = served.getFirst();
    assertThat(config.modelsDirectory()).contains(Path.of("/m"));
    assertThat(config.sources().stream().map(Object::toString))
        .containsExactly(
            "churn=file:/srv/churn#latest", "fraud=oci://registry.example.org/team/fraud#tag/prod");
    assertThat(config.modelControl())
        .isEqualTo(
            new ServerConfig.ModelControl(
                ServerConfig.ModelControlMode.EXPLICIT, 60, Set.of("m", "churn")));
  }

  @Test
  void aDirectoryWhoseNameLooksLikeASourceIsADirectory() throws IOException {
    Path models = Files.createDirectories(directory.resolve("a=b"));

    assertThat(run("serve", "--models", models.toString())).isEqualTo(7);
    assertThat(served.getFirst().modelsDirectory()).contains(models);
  }

  @Test
  void theFileMayBeNamedByTheEnvironment() throws IOException {
    Path file = Files.writeString(directory.resolve("skeg.yaml"), "models-dir: /m\n");
    environment.put("SKEG_CONFIG", file.toString());

    assertThat(run("serve")).isEqualTo(7);
  }

  @Test
  void badUsageExitsWithTwoAndOneLineThatSaysWhatWouldDo() {
    assertThat(run()).isEqualTo(2);
    assertThat(err.toString())
        .isEqualTo(
            "skeg: no command (expected: serve, validate, status, push, baseline); see skeg"
                + " --help\n");
    assertUsage("expected: serve, validate, status, push, baseline", "serv");
    assertUsage("no models (expected: --models DIR or NAME=URI", "serve");
    assertUsage("did you mean --http-port?", "serve", "--htpp-port", "1");
    assertUsage("--http-port: x (expected: a port, 0 to 65535", "serve", "--http-port", "x");
    assertUsage("--drain-delay: 5 (expected: a duration", "serve", "--drain-delay", "5");
    assertUsage("--models: a URI without a name", "serve", "--models", "oci://host/b");
    assertUsage(
        "--models: /a and /b (expected: one directory",
        "serve",
        "--models",
        "/a",
        "--models",
        "/b");
    assertUsage("--allow-http: false (expected: true", "serve", "--allow-http=false");
    assertUsage("--http-port", "serve", "--http-port", "1", "--http-port", "2");
    assertUsage("--http-port", "serve", "--http-port");
    assertUsage("--admin: here (expected: HOST:PORT", "status", "--admin", "here");
    assertUsage("nothing to check", "validate");
  }

  private void assertUsage(String message, String... arguments) {
    err.getBuffer().setLength(0);
    int code = run(arguments);
    assertThat(err.toString()).contains(message).hasLineCount(1);
    assertThat(code).as(err.toString()).isEqualTo(2);
  }

  @Test
  void aBadFileExitsWithOneAndALineForEachProblem() throws IOException {
    Path file = Files.writeString(directory.resolve("skeg.yaml"), "htp: {port: 1}\nid: ''\n");

    assertThat(run("serve", "--models", "/m", "--config", file.toString())).isEqualTo(1);
    assertThat(err.toString().lines())
        .hasSize(2)
        .anyMatch(line -> line.startsWith("skeg: " + file + ":1: htp"))
        .anyMatch(line -> line.startsWith("skeg: " + file + ":2: id: \"\" (expected: a name"));
  }

  @Test
  void everyCommandHasHelpWithAnExampleAndNothingElseIsListed() {
    assertThat(run("--help")).isZero();
    assertThat(out.toString()).contains("serve", "validate", "status", "Example:");
    assertThat(out.toString()).doesNotContain("rollout", "bench", "demo");
    for (String command : new String[] {"serve", "validate", "status", "push"}) {
      out.getBuffer().setLength(0);
      assertThat(run(command, "--help")).isZero();
      assertThat(out.toString()).contains("Usage: skeg " + command, "Example:", "--help");
    }
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void versionNamesTheBuildTheEngineAndTheJdk() {
    assertThat(run("--version")).isZero();
    assertThat(out.toString().strip())
        .matches("skeg \\d+\\.\\d+\\.\\d+\\S* \\(onnxruntime \\d+\\.\\d+\\.\\d+, JDK 25.*\\)");
  }

  @Test
  void validateSaysWhichVersionsCannotBeServedAndWhy() throws IOException {
    model("a/1/model.onnx", "good");
    model("b/1/model.onnx", "bad");
    model("c/1/other.onnx", "good");
    model("d/1/model.onnx", "good");
    model("d/config.pbtxt", "max_batch_size: -1");
    model("e/1/model.onnx", "good");
    model("e/model.yaml", "rollout: {}");
    model("f/2/model.onnx", "good");
    model("f/config.pbtxt", "version_policy { specific { versions: [2, 3] } }");

    int code = run("validate", directory.toString());

    assertThat(err.toString().lines()).hasSize(2).allMatch(line -> line.contains("may be better"));
    assertThat(code).isEqualTo(1);
    assertThat(out.toString().lines())
        .satisfiesExactly(
            line -> assertThat(line).matches("MODEL +VERSION +RESULT"),
            line -> assertThat(line).matches("a +1 +ok"),
            line -> assertThat(line).matches("b +1 .*is not good"),
            line -> assertThat(line).matches("c +1 .*model.onnx does not exist.*"),
            line -> assertThat(line).matches("d .*config.pbtxt:1:1: max_batch_size: -1.*"),
            line -> assertThat(line).matches("e .*model.yaml:1: rollout: not supported.*"),
            line -> assertThat(line).matches("f +2 +ok"),
            line -> assertThat(line).matches("f +3 .*no directory.*version_policy.*"));
  }

  @Test
  void validateWarnsOfWhatHasNoEffectAndPasses() throws IOException {
    model("a/1/model.onnx", "good");
    model("a/config.pbtxt", "instance_group { host_policy: \"numa0\" }");

    int code = run("validate", directory.toString());

    assertThat(code).isZero();
    assertThat(err.toString())
        .contains("warning: ", "config.pbtxt:1:18: instance_group[0].host_policy: has no effect")
        .contains("model.onnx: it may be better");
  }

  @Test
  void validatePrintsJson() throws IOException {
    model("a/1/model.onnx", "good");

    int code = run("validate", "--models", directory.toString(), "--json");

    assertThat(code).isZero();
    JsonNode json = new ObjectMapper().readTree(out.toString());
    assertThat(json.path("valid").asBoolean()).isTrue();
    assertThat(json.path("models").path(0).path("model").asText()).isEqualTo("a");
    assertThat(json.path("models").path(0).path("version").asText()).isEqualTo("1");
  }

  @Test
  void validateChecksAServersFile() throws IOException {
    Path good = Files.writeString(directory.resolve("good.yaml"), "id: a\n");
    Path bad = Files.writeString(directory.resolve("bad.yaml"), "ids: a\n");

    assertThat(run("validate", "--config", good.toString())).isZero();
    assertThat(out.toString()).isEqualTo("configuration ok\n");
    assertThat(run("validate", "--config", bad.toString())).isEqualTo(1);
    assertThat(err.toString()).contains(bad + ":1: ids: unknown key (did you mean id?)");
    assertThat(run("validate", "/no/such/directory")).isEqualTo(1);
    assertThat(err.toString()).contains("/no/such/directory does not exist");
  }

  @Test
  void statusPrintsWhatTheAdminPortAnswers() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    answer(
        server,
        "/v1/status",
        200,
        "{\"name\":\"skeg\",\"phase\":\"READY\",\"models\":{\"total\":1}}");
    answer(
        server,
        "/v1/models",
        200,
        "{\"models\":[{\"name\":\"fraud\",\"labels\":{\"prod\":1,\"now\":1},"
            + "\"source\":{\"kind\":\"DENIED\",\"problem\":\"answered 403\"},\"versions\":[{\"version\":1,\"state\":\"READY\"},"
            + "{\"version\":2,\"state\":\"UNAVAILABLE\",\"reason\":\"broken\"}]}]}");
    server.start();
    try {
      String admin = "127.0.0.1:" + server.getAddress().getPort();

      assertThat(run("status", "--admin", admin)).isZero();
      assertThat(out.toString().lines())
          .satisfiesExactly(
              line -> assertThat(line).isEqualTo("name=skeg phase=READY models.total=1"),
              line -> assertThat(line).matches("MODEL +VERSION +STATE +LABELS +SOURCE +REASON"),
              line -> assertThat(line).matches("fraud +1 +READY +prod,now +DENIED"),
              line -> assertThat(line).matches("fraud +2 +UNAVAILABLE +DENIED +broken"),
              line -> assertThat(line).isEqualTo("fraud's source: answered 403"));

      out.getBuffer().setLength(0);
      assertThat(run("status", "--admin", admin, "--json")).isZero();
      JsonNode json = new ObjectMapper().readTree(out.toString());
      assertThat(json.path("status").path("name").asText()).isEqualTo("skeg");
      assertThat(json.path("models").path(0).path("versions")).hasSize(2);
    } finally {
      server.stop(0);
    }
  }

  @Test
  void statusSaysWhyAServerCannotBeAsked() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    String admin = "127.0.0.1:" + server.getAddress().getPort();
    server.start();
    try {
      assertThat(run("status", "--admin", admin)).isEqualTo(1);
      assertThat(err.toString()).contains(admin + " answers 404 to /v1/status");
      answer(server, "/v1/status", 200, "<html>");
      assertThat(run("status", "--admin", admin)).isEqualTo(1);
      assertThat(err.toString()).contains("something else than JSON");
    } finally {
      server.stop(0);
    }

    assertThat(run("status", "--admin", admin)).isEqualTo(1);
    assertThat(err.toString()).contains("nothing listens on " + admin);
  }

  @Test
  void aFailureOfTheServerIsOneLine() {
    CommandLineInterface cli =
        new CommandLineInterface(
            config -> {
              throw new ServingException(ErrorCode.UNAVAILABLE, "http.port: 8000 is taken");
            },
            WordChecker::new,
            new PrintWriter(out),
            new PrintWriter(err),
            environment);

    assertThat(cli.run("serve", "--models", "/m")).isEqualTo(1);
    assertThat(err.toString()).isEqualTo("skeg: http.port: 8000 is taken\n");
  }

  @Test
  void statusShowsTheTokenOfItsFile() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          boolean known =
              "Bearer s3cret".equals(exchange.getRequestHeaders().getFirst("Authorization"));
          exchange.sendResponseHeaders(known ? 200 : 401, 2);
          exchange.getResponseBody().write("{}".getBytes(StandardCharsets.UTF_8));
          exchange.close();
        });
    server.start();
    try {
      String admin = "127.0.0.1:" + server.getAddress().getPort();
      Path right = Files.writeString(directory.resolve("right"), "s3cret\n");
      Path wrong = Files.writeString(directory.resolve("wrong"), "other\n");

      assertThat(run("status", "--admin", admin)).isEqualTo(1);
      assertThat(err.toString()).contains("asks for a token (expected: --token-file FILE)");
      assertThat(run("status", "--admin", admin, "--token-file", wrong.toString())).isEqualTo(1);
      assertThat(err.toString()).contains("refuses the token").doesNotContain("other");
      assertThat(run("status", "--admin", admin, "--token-file", right.toString())).isZero();
      environment.put("SKEG_ADMIN_TOKEN_FILE", right.toString());
      assertThat(run("status", "--admin", admin)).isZero();
      assertThat(run("status", "--admin", admin, "--token-file", "/no/such")).isEqualTo(2);
    } finally {
      server.stop(0);
    }
  }

  private static void answer(HttpServer server, String path, int code, String body) {
    server.createContext(
        path,
        exchange -> {
          byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(code, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
  }

  private int run(String... arguments) {
    return new CommandLineInterface(
            config -> {
              served.add(config);
              return 7;
            },
            WordChecker::new,
            new PrintWriter(out),
            new PrintWriter(err),
            environment)
        .run(arguments);
  }

  private void model(String path, String content) throws IOException {
    Path file = directory.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }
}
