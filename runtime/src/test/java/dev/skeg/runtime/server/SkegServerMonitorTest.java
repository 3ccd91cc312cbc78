package dev.skeg.runtime.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skeg.monitor.baseline.BaselineBuilder;
import dev.skeg.monitor.baseline.BaselineFile;
import dev.skeg.monitor.baseline.BaselineOptions;
import dev.skeg.monitor.baseline.BuiltBaseline;
import dev.skeg.runtime.cli.CommandLineInterface;
import dev.skeg.runtime.testing.OnnxModels;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.StringJoiner;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The monitor in a whole server: a model with a baseline made of a file, windows of one second by
 * the requests' own times, and what everybody sees when its input drifts.
 */
final class SkegServerMonitorTest {
  private static final int ROWS = 500;
  private static final int REQUESTS = 6;
  private static final long SECOND = 1_000;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir Path directory;

  private final Random random = new Random(14);
  private final HttpClient client = HttpClient.newHttpClient();
  private SkegServer server;

  @BeforeEach
  void prepare() throws Exception {
    Path version = Files.createDirectories(directory.resolve("models/fraud/1"));
    Files.write(version.resolve("model.onnx"), OnnxModels.dense(3, 2));
    Files.writeString(
        directory.resolve("models/fraud/model.yaml"),
        "monitor:\n  window: 1s\n  features: {tensor: x, names: [amount, age, income]}\n");
    StringBuilder csv = new StringBuilder("amount,age,income\n");
    for (int i = 0; i < 20_000; i++) {
      csv.append(random.nextGaussian()).append(',');
      csv.append(random.nextGaussian()).append(',').append(random.nextGaussian()).append('\n');
    }
    Path train = Files.writeString(directory.resolve("train.csv"), csv);
    BuiltBaseline built =
        BaselineBuilder.build(
            List.of(train), BaselineOptions.standard(), (pass, rows, done, total) -> {});
    BaselineFile.write(version.resolve("baseline.json"), built.baseline());
    server = start();
  }

  @AfterEach
  void stop() {
    server.stop();
    client.close();
  }

  private SkegServer start() throws InterruptedException {
    return SkegServer.start(FreePorts.config(directory));
  }

  private HttpResponse<String> get(String port, String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create("http://" + server.address(port) + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private JsonNode admin(String path) throws Exception {
    return MAPPER.readTree(get("admin", path).body());
  }

  private void infer(long eventMillis, double shift, int rows) throws Exception {
    StringJoiner data = new StringJoiner(",");
    for (int i = 0; i < rows; i++) {
      data.add(Double.toString(shift + random.nextGaussian()));
      data.add(Double.toString(random.nextGaussian()));
      data.add(Double.toString(random.nextGaussian()));
    }
    String body =
        "{\"parameters\":{\"event_time\":"
            + eventMillis
            + "},\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":["
            + rows
            + ",3],\"data\":["
            + data
            + "]}]}";
    HttpResponse<String> answer =
        client.send(
            HttpRequest.newBuilder(
                    URI.create("http://" + server.address("http") + "/v2/models/fraud/infer"))
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
  }

  private void window(long startMillis, double shift) throws Exception {
    for (int i = 0; i < REQUESTS; i++) {
      infer(startMillis + 100L * i, shift, ROWS);
    }
  }

  /** Waits until that window has closed. */
  private JsonNode awaitWindow(long startMillis) throws Exception {
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    String path = "/v1/models/fraud/monitor?window=" + startMillis;
    HttpResponse<String> answer = get("admin", path);
    while (answer.statusCode() != 200) {
      assertThat(deadline - System.nanoTime()).as(answer.body()).isPositive();
      LockSupport.parkNanos(20_000_000);
      answer = get("admin", path);
    }
    return MAPPER.readTree(answer.body());
  }

  @Test
  void driftIsToldOnceToEverybodyAndAlsoAfterARestart() throws Exception {
    long first = 1_790_000_000_000L;
    window(first, 0);
    window(first + SECOND, .5);
    window(first + 2 * SECOND, .5);
    infer(first + 10 * SECOND, 0, 1);

    JsonNode verdict = awaitWindow(first + 2 * SECOND);
    assertThat(verdict.get("rows").asInt()).isEqualTo(ROWS * REQUESTS);
    assertThat(verdict.at("/features/0/name").asText()).isEqualTo("amount");
    assertThat(verdict.at("/features/0/state").asText()).isEqualTo("drift");
    assertThat(verdict.at("/features/0/kinds").toString()).contains("skew");
    assertThat(verdict.at("/features/1/state").asText()).isEqualTo("ok");
    JsonNode healthy = admin("/v1/models/fraud/monitor?window=" + first);
    assertThat(healthy.at("/features/0/state").asText()).isEqualTo("ok");
    String drifted = "?window=" + (first + 2 * SECOND);
    assertThat(admin("/v1/models/fraud/profile" + drifted).at("/rows/recorded").asInt())
        .isEqualTo(ROWS * REQUESTS);

    JsonNode pages = admin("/v1/alerts?severity=page").get("alerts");
    assertThat(pages).hasSize(1);
    assertThat(pages.get(0).get("state").asText()).isEqualTo("raised");
    assertThat(pages.get(0).at("/features/0/name").asText()).isEqualTo("amount");
    String id = pages.get(0).get("id").asText();
    assertThat(get("admin", "/v1/models/fraud/monitor" + drifted + "&format=html").body())
        .contains("in drift")
        .contains("amount")
        .contains("<svg");
    assertThat(get("metrics", "/metrics").body())
        .contains("skeg_alerts_raised_total{model=\"fraud\",severity=\"page\"")
        .contains("skeg_monitor_feature_evidence_ratio{model=\"fraud\",version=\"1\"");
    client.send(
        HttpRequest.newBuilder(
                URI.create(
                    "http://" + server.address("admin") + "/v1/alerts/" + id + ":acknowledge"))
            .POST(HttpRequest.BodyPublishers.ofString("{\"by\":\"ann\"}"))
            .build(),
        HttpResponse.BodyHandlers.ofString());

    server.stop();
    server = start();
    assertThat(admin("/v1/alerts/" + id).get("state").asText()).isEqualTo("acknowledged");
    window(first + 20 * SECOND, .5);
    infer(first + 30 * SECOND, 0, 1);
    awaitWindow(first + 20 * SECOND);

    assertThat(admin("/v1/alerts?severity=page&state=all").get("alerts")).hasSize(1);
    assertThat(admin("/v1/alerts/" + id).get("state").asText()).isEqualTo("acknowledged");
    assertThat(admin("/v1/alerts/" + id).get("last_window").get("start").asText())
        .isEqualTo(Instant.ofEpochMilli(first + 20 * SECOND).toString());
  }

  @Test
  void columnsAreCalledAsTheModelsFileSaysAndComparedByName() throws Exception {
    server.stop();
    byte[] file = OnnxModels.dense(3, 2); // The training data have amount first.
    file = OnnxModels.withMetadata(file, "feature_names", "[\"age\", \"income\", \"amount\"]");
    Files.write(directory.resolve("models/fraud/1/model.onnx"), file);
    Files.writeString(directory.resolve("models/fraud/model.yaml"), "monitor: {window: 1s}\n");
    server = start();
    long first = 1_790_000_000_000L;
    window(first, .5);
    window(first + SECOND, .5);
    infer(first + 10 * SECOND, 0, 1);

    JsonNode verdict = awaitWindow(first + SECOND);

    List<String> names = new ArrayList<>();
    verdict.get("features").forEach(feature -> names.add(feature.get("name").asText()));
    assertThat(names).startsWith("age", "income", "amount");
    assertThat(verdict.at("/features/0/state").asText()).isEqualTo("drift");
    assertThat(verdict.at("/features/0/kinds").toString()).contains("skew");
    assertThat(verdict.at("/features/2/state").asText()).isEqualTo("ok");
  }

  @Test
  void aBaselineThatIsWrittenIntoAServedVersionsDirectoryIsTakenUp() throws Exception {
    Path baseline = directory.resolve("models/fraud/1/baseline.json");
    byte[] written = Files.readAllBytes(baseline);
    server.stop();
    Files.delete(baseline);
    server = start();
    long start = 1_790_000_000_000L;
    window(start, .5);
    infer(start + SECOND, 0, 1);
    assertThat(awaitWindow(start).at("/features/0/state").asText()).isEqualTo("insufficient");

    Files.write(directory.resolve("baseline"), written);
    Files.move(directory.resolve("baseline"), baseline, StandardCopyOption.ATOMIC_MOVE);

    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (admin("/v1/alerts?severity=page").get("alerts").isEmpty()) {
      assertThat(deadline - System.nanoTime()).as("a page by the new baseline").isPositive();
      start += 10 * SECOND;
      window(start, .5);
      infer(start + 5 * SECOND, 0, 1);
    }
  }

  private List<String> bins(long startMillis) throws Exception {
    JsonNode profile = admin("/v1/models/fraud/profile?window=" + startMillis);
    assertThat(profile.get("features")).as(profile.toString()).isNotEmpty();
    List<String> bins = new ArrayList<>();
    profile.get("features").forEach(feature -> bins.add(feature.get("bins").toString()));
    return bins;
  }

  @Test
  void binsThatWereLearntAreTheSameAfterARestart() throws Exception {
    server.stop();
    Files.delete(directory.resolve("models/fraud/1/baseline.json"));
    server = start();
    long first = 1_790_000_000_000L;
    window(first, 0);
    infer(first + SECOND, 0, 1);
    awaitWindow(first);

    server.stop();
    server = start();
    window(first + 10 * SECOND, 0);
    infer(first + 20 * SECOND, 0, 1);
    awaitWindow(first + 10 * SECOND);

    assertThat(bins(first + 10 * SECOND)).isEqualTo(bins(first));
  }

  private int cli(StringWriter said, String... arguments) {
    PrintWriter writer = new PrintWriter(said);
    return new CommandLineInterface(
            config -> 0,
            () -> {
              throw new IllegalStateException("not asked for");
            },
            writer,
            writer,
            Map.of())
        .run(arguments);
  }

  @Test
  void aBaselineOfLiveTrafficIsWrittenBesideItsVersionAndServes() throws Exception {
    Path file = directory.resolve("models/fraud/1/baseline.json");
    server.stop();
    Files.delete(file);
    server = start();
    long start = 1_790_000_000_000L;
    window(start, 0);
    window(start + SECOND, 0);
    window(start + 2 * SECOND, 0);
    infer(start + 10 * SECOND, 0, 1);
    awaitWindow(start + 2 * SECOND);
    StringWriter said = new StringWriter();

    assertThat(cli(said, "baseline", "--from-live", "absent", "--admin", server.address("admin")))
        .isEqualTo(1);
    assertThat(said.toString()).contains("answers 404 to /v1/models/absent/monitor: unknown model");
    String out = file.toString();
    assertThat(
            cli(
                said,
                "baseline",
                "--from-live",
                "fraud",
                "--since",
                "2026-09-01T00:00:00Z",
                "--admin",
                server.address("admin"),
                "--out",
                out))
        .as(said.toString())
        .isZero();

    assertThat(said.toString())
        .contains("wrote " + out + ": 9,000 rows of version 1, 3 features, 2 outputs, 2026-");
    assertThat(BaselineFile.read(file).blockMillis()).isEqualTo(SECOND);
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (admin("/v1/alerts?severity=page").get("alerts").isEmpty()) {
      assertThat(deadline - System.nanoTime()).as("a page by the live baseline").isPositive();
      start += 20 * SECOND;
      window(start, 1);
      infer(start + 5 * SECOND, 0, 1);
    }
  }
}
