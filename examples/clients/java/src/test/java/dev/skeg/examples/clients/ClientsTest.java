package dev.skeg.examples.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.skeg.runtime.config.ServerConfig;
import dev.skeg.runtime.server.SkegServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every example client against a real server with the example models. A client in another language
 * runs where its runtime is installed.
 */
final class ClientsTest {
  private static final Path EXAMPLES = Path.of("..", "..").toAbsolutePath().normalize();
  private static final String EXPECTED =
      """
      applicant 1: approved with probability 0.8416
      applicant 2: approved with probability 0.1059
      """;

  @TempDir static Path data;

  private static SkegServer server;

  @BeforeAll
  static void start() throws InterruptedException {
    server =
        SkegServer.start(
            ServerConfig.of(
                Map.of(
                    "models-dir", EXAMPLES.resolve("models").toString(),
                    "data-dir", data.toString(),
                    "http.port", "0",
                    "grpc.port", "0",
                    "metrics.port", "0",
                    "admin.port", "0")));
  }

  @AfterAll
  static void stop() {
    server.stop();
  }

  @Test
  void javaOverGrpc() throws Exception {
    assertThat(printed(() -> LoanOverGrpc.main(new String[] {server.address("grpc")})))
        .isEqualTo(EXPECTED);
  }

  @Test
  void javaOverRest() throws Exception {
    assertThat(printed(() -> LoanOverRest.main(new String[] {"http://" + server.address("http")})))
        .isEqualTo(EXPECTED);
  }

  @Test
  void pythonOverRest() throws Exception {
    String python = interpreter("import json");

    assertThat(run(python, "clients/python/loan_rest.py", "http://" + server.address("http")))
        .isEqualTo(EXPECTED);
  }

  @Test
  void pythonOverGrpc() throws Exception {
    String python = interpreter("import grpc, google.protobuf");
    assumeTrue(isPresent("protoc", "--version"), "protoc is not installed");

    assertThat(run(python, "clients/python/loan_grpc.py", server.address("grpc")))
        .isEqualTo(EXPECTED);
  }

  @Test
  void javascript() throws Exception {
    assumeTrue(isPresent("node", "--version"), "Node is not installed");

    assertThat(run("node", "clients/javascript/loan.mjs", "http://" + server.address("http")))
        .isEqualTo(EXPECTED);
  }

  @Test
  void curl() throws Exception {
    assumeTrue(isPresent("curl", "--version"), "curl is not installed");

    assertThat(run("sh", "clients/curl/loan.sh", "http://" + server.address("http")))
        .startsWith("{\"model_name\":\"loan\",\"model_version\":\"1\"")
        .contains("\"shape\":[2,1],\"data\":[0.84", ",0.10");
  }

  /** Debian's own interpreter has Debian's packages; another one may come first on the path. */
  private static String interpreter(String imports) throws Exception {
    for (String python : List.of("/usr/bin/python3", "python3")) {
      if (isPresent(python, "-c", imports)) {
        return python;
      }
    }
    assumeTrue(false, "no Python that can " + imports);
    throw new AssertionError("unreachable");
  }

  private static boolean isPresent(String... command) throws Exception {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor(30, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private static String run(String... command) throws Exception {
    Path errors = Files.createTempFile(data, "client", ".err");
    Process process =
        new ProcessBuilder(command)
            .directory(EXAMPLES.toFile())
            .redirectError(errors.toFile())
            .start();
    String output;
    try (InputStream stream = process.getInputStream()) {
      output = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(errors)).isZero();
    return output;
  }

  private interface Client {
    void run() throws Exception;
  }

  private static String printed(Client client) throws Exception {
    PrintStream before = System.out;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    try {
      client.run();
    } finally {
      System.setOut(before);
    }
    return bytes.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
  }
}
