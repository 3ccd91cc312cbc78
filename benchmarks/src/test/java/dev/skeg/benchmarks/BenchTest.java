package dev.skeg.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** The command as its users see it: exit code, output and what it says to errors. */
final class BenchTest {
  private static final String METADATA =
      """
      {"name": "m", "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}]}
      """;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void asksTheServerWhatTheModelTakesAndPrintsATable() throws Exception {
    try (ScriptedServer server = modelServer(200, "")) {
      assertThat(run("--url", server.url(), "--model", "m")).isZero();

      assertThat(out.toString()).contains("answers/s").contains("1 in flight");
      assertThat(err.toString()).isEmpty();
    }
  }

  @Test
  void printsJsonWithOneObjectForEachMeasurement() throws Exception {
    try (ScriptedServer server = modelServer(200, "")) {
      assertThat(run("--url", server.url(), "--model", "m", "--json", "--concurrency", "1,3"))
          .isZero();

      JsonNode results = new ObjectMapper().readTree(out.toString());
      assertThat(results).hasSize(2);
      assertThat(results.path(1).path("concurrency").asInt()).isEqualTo(3);
      assertThat(results.path(1).path("throughput").asDouble()).isPositive();
      assertThat(results.path(1).path("latency_us").path("p99.9").asDouble()).isPositive();
    }
  }

  @Test
  void aModelThatTheServerDoesNotHaveIsSaidInTheServersWords() {
    try (ScriptedServer server =
        new ScriptedServer((_, exchange) -> exchange.answer(404, "{\"error\":\"unknown\"}"))) {
      assertThat(run("--url", server.url(), "--model", "m")).isEqualTo(1);

      assertThat(err.toString())
          .isEqualTo(
              "skeg bench: "
                  + server.url()
                  + "/v2/models/m: HTTP 404 {\"error\":\"unknown\"}"
                  + System.lineSeparator());
    }
  }

  @Test
  void aMeasurementWithoutAnyAnswerEndsWithExitCode1AndItsErrors() {
    try (ScriptedServer server = modelServer(503, "full")) {
      assertThat(run("--url", server.url(), "--model", "m")).isEqualTo(1);

      assertThat(out.toString()).contains("× HTTP 503 full");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"100000000", "2147483647"})
  void rowsThatMakeTooLargeARequestAreRefused(String rows) {
    try (ScriptedServer server = modelServer(200, "")) {
      assertThat(run("--url", server.url(), "--model", "m", "--rows", rows)).isEqualTo(1);

      assertThat(err.toString())
          .isEqualTo(
              "skeg bench: input 'x' has shape ["
                  + rows
                  + ",2] (expected: smaller ones, by --rows and --shape: the request may have 256"
                  + " MiB)"
                  + System.lineSeparator());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "--url nowhere; --url: nowhere (expected: HOST:PORT or unix:PATH)",
        "--url http://h:1; --url: http://h:1 (expected: HOST:PORT or unix:PATH)",
        "--url h:70000; --url: h:70000 (expected: HOST:PORT or unix:PATH)",
        "--protocol soap; --protocol: soap (expected: grpc, rest or rest-json)",
        "--concurrency 0; --concurrency: 0 (expected: 1 to 10000)",
        "--rate -1; --rate: -1.0 (expected: more than 0, to 10000000)",
        "--rows 0; --rows: 0 (expected: 1 or more)",
        "--duration 0s; --duration: 0s (expected: as 10s, 250ms)",
        "--duration 5; --duration: 5 (expected: as 10s, 250ms)",
        "--timeout -1s; --timeout: -1s (expected: 0s or as 10s, 250ms)",
        "--tick 1s; --tick: 1s (expected: up to 100ms)",
        "--rate 1 --concurrency 1; --concurrency and --rate (expected: one of them)",
        "--concurrency 8 --connections 4; --connections: 4 (expected: 8 or more",
        "--input x; --input: x (expected: as ids:INT64:1,16)",
      })
  void aWrongOptionIsNamedWithWhatWouldDo(String options, String message) {
    try (ScriptedServer server = modelServer(200, "")) {
      List<String> arguments = new ArrayList<>(List.of("--model", "m"));
      if (!options.contains("--url")) {
        arguments.addAll(List.of("--url", server.url()));
      }
      arguments.addAll(List.of(options.split(" ")));

      int code = command().execute(arguments.toArray(String[]::new));

      assertThat(err.toString()).startsWith(message);
      assertThat(code).isEqualTo(2);
    }
  }

  private static ScriptedServer modelServer(int status, String body) {
    return new ScriptedServer((number, exchange) -> {
      if (number == 1) {
        exchange.answer(200, METADATA);
      } else {
        exchange.answer(status, body);
      }
    });
  }

  private CommandLine command() {
    return Bench.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err, true));
  }

  private int run(String... arguments) {
    List<String> all = new ArrayList<>(List.of("--duration", "100ms", "--warm-up", "10ms"));
    all.addAll(List.of(arguments));
    return command().execute(all.toArray(String[]::new));
  }
}
