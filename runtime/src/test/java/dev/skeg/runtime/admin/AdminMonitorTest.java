package dev.skeg.runtime.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skeg.monitor.alert.AlertPolicy;
import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.baseline.BaselineFile;
import dev.skeg.monitor.baseline.BlockVariation;
import dev.skeg.monitor.baseline.FeatureBaseline;
import dev.skeg.monitor.baseline.Seasons;
import dev.skeg.monitor.drift.DriftConfig;
import dev.skeg.monitor.profile.DistinctEstimate;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.HeavyValues;
import dev.skeg.monitor.profile.Moments;
import dev.skeg.monitor.profile.NumericBins;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.Reservoir;
import dev.skeg.monitor.profile.RowCounts;
import dev.skeg.monitor.profile.Window;
import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.runtime.config.ServerConfig;
import dev.skeg.runtime.monitoring.Judging;
import dev.skeg.runtime.monitoring.Monitors;
import dev.skeg.runtime.source.ModelSources;
import dev.skeg.runtime.state.JudgeStates;
import dev.skeg.runtime.state.SqliteAlertStore;
import dev.skeg.runtime.state.StateDatabase;
import dev.skeg.runtime.state.WindowArchive;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The monitor's API over HTTP: a model whose second of two judged hours has drifted. */
final class AdminMonitorTest {
  private static final long HOUR = 3_600_000;
  private static final long START = 1_790_000_000_000L / HOUR * HOUR;
  private static final int ROWS = 20_000;
  private static final String MODEL = "team/fraud model";

  @TempDir static Path directory;

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static StateDatabase database;
  private static AdminServer server;
  private static HttpClient client;

  @BeforeAll
  static void judge() {
    database = new StateDatabase(directory, directory.resolve("native"));
    Monitors judging = monitors();
    judging.watch(
        MODEL,
        1,
        new Judging(DriftConfig.ofWindow(Duration.ofHours(1)), AlertPolicy.DEFAULT, Duration.ZERO),
        Optional.of(baseline()),
        () -> 0,
        List::of);
    for (int hour = 0; hour < 3; hour++) {
      judging.closed(profile(hour, hour == 2 ? .5 : 0));
    }
    judging.close(); // Judges what waits: from here on all is as after a restart.

    ModelSources sources =
        ModelSources.open(
            ServerConfig.of(Map.of("models-dir", directory.toString())), Clock.systemUTC());
    server =
        new AdminServer(
            "127.0.0.1",
            0,
            Optional.empty(),
            TestAdmin.pages(sources),
            sources,
            monitors(),
            Clock.systemUTC());
    client = HttpClient.newHttpClient();
  }

  private static Monitors monitors() {
    return new Monitors(
        new SqliteAlertStore(database),
        new JudgeStates(database),
        new WindowArchive(directory.resolve("profiles"), 10, 1 << 24, 1 << 24),
        Clock.systemUTC());
  }

  @AfterAll
  static void stop() {
    server.close();
    client.close();
    database.close();
  }

  private static final NumericBins BINS =
      new NumericBins(
          new double[0], new double[] {-4, -1.5, -1, -.7, -.4, -.2, 0, .2, .4, .7, 1, 1.5, 4});

  private static FeatureProfile feature(
      String name, FeatureSpec.Role role, long seed, double mean) {
    Random random = new Random(seed);
    double[] values = new double[ROWS];
    Arrays.setAll(values, i -> mean + random.nextGaussian());
    long[] counts = new long[BINS.size()];
    for (double value : values) {
      counts[BINS.binOf(value)]++;
    }
    return new FeatureProfile(
        new FeatureSpec(name, role, FeatureSpec.Kind.NUMERIC),
        BINS,
        counts,
        Moments.of(values),
        DistinctEstimate.EMPTY,
        HeavyValues.NONE,
        Reservoir.EMPTY);
  }

  private static Baseline baseline() {
    return new Baseline(
        ROWS,
        Optional.empty(),
        HOUR,
        List.of(
            new FeatureBaseline(
                feature("amount", FeatureSpec.Role.INPUT, 1, 0), Seasons.NONE, BlockVariation.NONE),
            new FeatureBaseline(
                feature("age", FeatureSpec.Role.INPUT, 2, 0), Seasons.NONE, BlockVariation.NONE),
            new FeatureBaseline(
                feature("score", FeatureSpec.Role.OUTPUT, 3, 0),
                Seasons.NONE,
                BlockVariation.NONE)));
  }

  private static Profile profile(int hour, double shift) {
    return new Profile(
        ProfileKey.of(MODEL, 1),
        new Window(START + hour * HOUR, START + (hour + 1) * HOUR),
        new RowCounts(ROWS, ROWS, 7, 0),
        List.of(
            feature("amount", FeatureSpec.Role.INPUT, 100 + hour, shift),
            feature("age", FeatureSpec.Role.INPUT, 200 + hour, 0),
            feature("score", FeatureSpec.Role.OUTPUT, 300 + hour, 0)));
  }

  private static HttpResponse<String> get(String path, String... headers) {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri(path));
    return send(headers.length == 0 ? request : request.headers(headers));
  }

  private static URI uri(String path) {
    return URI.create("http://127.0.0.1:" + server.port() + path);
  }

  private static HttpResponse<String> post(String path, String body, String type) {
    return send(
        HttpRequest.newBuilder(uri(path))
            .header("Content-Type", type)
            .POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  private static HttpResponse<String> send(HttpRequest.Builder request) {
    try {
      return client.send(
          request.timeout(Duration.ofSeconds(30)).build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static JsonNode json(HttpResponse<String> response) {
    try {
      return MAPPER.readTree(response.body());
    } catch (IOException e) {
      throw new UncheckedIOException(response.body(), e);
    }
  }

  @Test
  void theLatestWindowSaysWhatHasDriftedAndWhatHasNot() {
    JsonNode verdict = json(get("/v1/models/team/fraud%20model/monitor"));

    assertThat(verdict.at("/window/end").asText()).isEqualTo("2026-09-21T17:00:00Z");
    assertThat(verdict.at("/features/0/name").asText()).isEqualTo("amount");
    assertThat(verdict.at("/features/0/state").asText()).isEqualTo("drift");
    assertThat(verdict.at("/features/0/kinds").toString()).contains("skew");
    assertThat(verdict.at("/features/0/statistics/psi").asDouble()).isGreaterThan(.1);
    assertThat(verdict.at("/features/0/evidence").isNumber()).isTrue();
    assertThat(verdict.at("/features/1/state").asText()).isEqualTo("ok");
    assertThat(verdict.at("/features/1/kinds")).isEmpty();
    assertThat(verdict.at("/outputs/0/name").asText()).isEqualTo("score");
  }

  @ParameterizedTest
  @CsvSource({
    "window=2026-09-21T15:59:59Z, 2026-09-21T16:00:00Z",
    "window=1790006400000, 2026-09-21T17:00:00Z",
    "window=latest&version=1&arm=stable, 2026-09-21T17:00:00Z"
  })
  void aWindowIsFoundByATimeInIt(String query, String end) {
    HttpResponse<String> response = get("/v1/models/team/fraud%20model/monitor?" + query);

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(json(response).at("/window/end").asText()).isEqualTo(end);
    assertThat(json(get("/v1/models/team/fraud%20model/profile?" + query)).at("/format").asText())
        .isEqualTo("skeg-profile");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          /v1/models/absent/monitor | 404 | unknown model: 'absent'; 'absent' is not monitored (expected: a loaded model, and no monitor.enabled: false
          /v1/models/absent/profile | 404 | unknown model: 'absent'
          /v1/models/team/fraud%20model/monitor?window=yesterday | 400 | window: yesterday (expected: latest
          /v1/models/team/fraud%20model/monitor?window=0 | 404 | there are windows from 2026-09-21T14:00:00Z to 2026-09-21T17:00:00Z
          /v1/models/team/fraud%20model/monitor?version=9 | 404 | there are version 1, arm stable
          /v1/models/team/fraud%20model/monitor?version=x | 400 | version: x
          /v1/models/team/fraud%20model/monitor?format=xml | 400 | format: xml (expected: html or json)
          /v1/alerts?state=open | 400 | state: open (expected: all, or raised
          /v1/alerts?severity=high | 400 | severity: high
          /v1/alerts?cause=magic | 400 | expected: missing, type
          /v1/alerts?limit=0 | 400 | limit: 0 (expected: 1 to
          /v1/alerts?since=then | 400 | since: then
          /v1/models/team/fraud%20model/versions/9/baseline | 404 | no window of version 9 of 'team/fraud model' is kept
          /v1/models/team/fraud%20model/versions/1/baseline?since=1700000000000000 | 404 | is kept since 1700000000000000
          /v1/models/team/fraud%20model/versions/1/baseline?since=1w | 400 | since: 1w (expected: a time as
          /v1/alerts/absent | 404 | unknown alert: 'absent'
          """)
  void whatCannotBeAnsweredSaysWhatWould(String path, int status, String message) {
    HttpResponse<String> response = get(path);

    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(json(response).get("error").asText()).contains(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          */* | application/json
          application/json | application/json
          text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8 | text/html; charset=utf-8
          application/json, text/html;q=0.9 | application/json
          application/json;q=0.5, text/html | text/html; charset=utf-8
          """)
  void jsonIsTheDefaultAndABrowserGetsThePage(String accept, String type) {
    HttpResponse<String> response = get("/v1/models/team/fraud%20model/monitor", "Accept", accept);

    assertThat(response.headers().firstValue("Content-Type")).contains(type);
  }

  @Test
  void windowsMakeABaseline() {
    String path = "/v1/models/team/fraud%20model/versions/1/baseline";
    byte[] all = get(path).body().getBytes(StandardCharsets.UTF_8);
    byte[] two = get(path + "?since=2026-09-21T15:00:00Z").body().getBytes(StandardCharsets.UTF_8);

    assertThat(BaselineFile.parse("all", all).rows()).isEqualTo(3 * ROWS);
    Baseline baseline = BaselineFile.parse("two", two);
    assertThat(baseline.rows()).isEqualTo(2 * ROWS);
    assertThat(baseline.blockMillis()).isEqualTo(HOUR);
    assertThat(baseline.outputs()).hasSize(1);
  }

  @Test
  void thePageComesWithItsPolicy() {
    HttpResponse<String> page = get("/v1/models/team/fraud%20model/monitor?format=html");

    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
        .startsWith("default-src 'none'");
    assertThat(page.body())
        .contains("<b>1</b> feature in drift")
        .contains("The distribution has shifted: amount")
        .contains("<b>7</b> not recorded");
    assertThat(get("/v1/models/absent/monitor?format=html").body()).contains("Nothing to show yet");
  }

  @Test
  void anAlertIsThereOnceAndIsAcknowledged() {
    JsonNode alerts = json(get("/v1/alerts?state=all&severity=page")).get("alerts");
    assertThat(alerts).hasSize(1);
    String id = alerts.get(0).get("id").asText();
    assertThat(alerts.get(0).get("cause").asText()).isEqualTo("shift");
    assertThat(json(get("/v1/alerts/" + id))).isEqualTo(alerts.get(0));

    String acknowledge = "/v1/alerts/" + id + ":acknowledge";
    assertThat(get(acknowledge).statusCode()).isEqualTo(405);
    assertThat(post(acknowledge, "[]", "application/json").statusCode()).isEqualTo(400);
    assertThat(post("/v1/alerts/absent:acknowledge", "", "application/json").statusCode())
        .isEqualTo(404);
    JsonNode known = json(post(acknowledge, "{\"by\":\"ann\"}", "application/json"));
    assertThat(known.get("state").asText()).isEqualTo("acknowledged");
    assertThat(known.at("/acknowledged/by").asText()).isEqualTo("ann");

    HttpResponse<String> form = post(acknowledge, "", "application/x-www-form-urlencoded");
    assertThat(form.statusCode()).isEqualTo(303);
    assertThat(form.headers().firstValue("Location"))
        .contains("/v1/models/team/fraud%20model/monitor");
  }
}
