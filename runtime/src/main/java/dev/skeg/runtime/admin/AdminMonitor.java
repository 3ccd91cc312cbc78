package dev.skeg.runtime.admin;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skeg.monitor.alert.Alert;
import dev.skeg.monitor.alert.AlertFilter;
import dev.skeg.monitor.alert.AlertJson;
import dev.skeg.monitor.alert.Cause;
import dev.skeg.monitor.alert.Severity;
import dev.skeg.monitor.baseline.BaselineFile;
import dev.skeg.runtime.admin.page.MonitorPage;
import dev.skeg.runtime.monitoring.LiveBaselines;
import dev.skeg.runtime.monitoring.MonitorReader;
import dev.skeg.runtime.monitoring.MonitorReader.Found;
import dev.skeg.runtime.monitoring.MonitorReader.Query;
import dev.skeg.runtime.monitoring.Monitors;
import dev.skeg.runtime.telemetry.PlainHttpServer.Request;
import dev.skeg.runtime.telemetry.PlainHttpServer.Response;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The admin API of the monitor: windows, profiles, alerts, and the page for people.
 *
 * <p><b>Threads.</b> One virtual thread a request.
 */
final class AdminMonitor {
  private static final String JSON = "application/json";
  private static final String HTML = "text/html; charset=utf-8";
  private static final String ALERTS = "/v1/alerts";
  private static final Pattern WINDOW = Pattern.compile("/v1/models/(.+)/(monitor|profile)");
  private static final Pattern BASELINE =
      Pattern.compile("/v1/models/(.+)/versions/([0-9]{1,18})/baseline");
  private static final Pattern AGO = Pattern.compile("([0-9]{1,6})([mhd])");
  private static final Pattern ACKNOWLEDGE = Pattern.compile("/v1/alerts/([^/]{1,64}):acknowledge");
  private static final Pattern ALERT = Pattern.compile("/v1/alerts/([^/:]{1,64})");
  private static final Set<String> STATES = Set.of("raised", "acknowledged", "latched", "cleared");
  private static final int DEFAULT_LIMIT = 100;
  private static final int MAX_LIMIT = 10_000;
  private static final int MAX_BODY_BYTES = 16 * 1024;
  private static final int MAX_COMMENT = 2_000;

  private final ObjectMapper mapper = new ObjectMapper();
  private final JsonFactory factory = mapper.getFactory();
  private final Monitors monitors;
  private final MonitorReader reader;
  private final LiveBaselines baselines;
  private final InstantSource clock;
  private final Predicate<String> isModel;

  /**
   * @param isModel whether there is a model of that name
   */
  AdminMonitor(Monitors monitors, Predicate<String> isModel, InstantSource clock) {
    this.monitors = monitors;
    this.reader = new MonitorReader(monitors);
    this.baselines = new LiveBaselines(monitors);
    this.clock = clock;
    this.isModel = isModel;
  }

  /** A query that cannot be answered, with what would do. */
  private static final class BadQuery extends RuntimeException {
    BadQuery(String message) {
      super(message);
    }
  }

  /** Returns the answer; empty if the path is not the monitor's. */
  Optional<Response> answer(Request request) throws IOException {
    String path = request.path();
    Matcher acknowledged = ACKNOWLEDGE.matcher(path);
    if (acknowledged.matches()) {
      return Optional.of(
          request.method().equals("POST")
              ? acknowledge(request, acknowledged.group(1))
              : Response.notAllowed("POST"));
    }
    Matcher window = WINDOW.matcher(path);
    Matcher baseline = BASELINE.matcher(path);
    Matcher alert = ALERT.matcher(path);
    boolean isOurs =
        window.matches() || baseline.matches() || alert.matches() || path.equals(ALERTS);
    if (!isOurs) {
      return Optional.empty();
    }
    if (!request.method().equals("GET")) {
      return Optional.of(Response.notAllowed("GET, HEAD"));
    }
    try {
      if (window.matches()) {
        return Optional.of(window(request, window.group(1), window.group(2).equals("monitor")));
      }
      if (baseline.matches()) {
        return Optional.of(baseline(request, baseline.group(1), Long.parseLong(baseline.group(2))));
      }
      return Optional.of(alert.matches() ? alert(alert.group(1)) : alerts(request));
    } catch (BadQuery e) {
      return Optional.of(Response.error(400, String.valueOf(e.getMessage())));
    }
  }

  private Response window(Request request, String model, boolean isMonitor) {
    boolean html = isMonitor && wantsHtml(request);
    Query query =
        new Query(
            model,
            request.parameter("version"),
            request.parameter("arm"),
            request.parameter("segment"),
            request.parameter("window"));
    Found found = html ? reader.findToShow(query) : reader.find(query);
    return switch (found) {
      case Found.Nothing(boolean isBad, String reason) -> {
        boolean isUnknown = !isBad && !isModel.test(model) && !monitors.isWatched(model);
        String told = isUnknown ? "unknown model: '" + model + "'; " + reason : reason;
        int status = isBad ? 400 : 404;
        yield html ? page(status, MonitorPage.empty(model, told)) : Response.error(status, told);
      }
      case Found.At at -> {
        Optional<Response> answer =
            html
                ? reader.view(at).map(view -> page(200, MonitorPage.of(view)))
                : (isMonitor ? reader.verdict(at) : reader.profile(at))
                    .map(bytes ->
                        new Response(200, JSON, new String(bytes, StandardCharsets.UTF_8)));
        yield answer.orElseGet(
            () -> Response.error(404, "that window of '" + model + "' is not kept any more"));
      }
    };
  }

  private Response baseline(Request request, String model, long version) {
    String since = request.parameter("since");
    return baselines
        .of(model, version, since(since))
        .map(made ->
            new Response(200, JSON, new String(BaselineFile.toBytes(made), StandardCharsets.UTF_8)))
        .orElseGet(() ->
            Response.error(
                404,
                "no window of version "
                    + version
                    + " of '"
                    + model
                    + "' is kept"
                    + (since.isEmpty() ? "" : " since " + since)
                    + " that was watched from its start to its end"));
  }

  private static Duration ago(long count, String unit) {
    return switch (unit) {
      case "m" -> Duration.ofMinutes(count);
      case "h" -> Duration.ofHours(count);
      default -> Duration.ofDays(count);
    };
  }

  private static Response page(int status, String page) {
    return new Response(status, HTML, page)
        .with("Content-Security-Policy", MonitorPage.CONTENT_SECURITY_POLICY)
        .with("Referrer-Policy", "no-referrer")
        .with("Vary", "Accept");
  }

  /** JSON is the default: only who names HTML, and no JSON with the same right, gets the page. */
  static boolean wantsHtml(Request request) {
    String format = request.parameter("format");
    if (!format.isEmpty()) {
      if (!format.equals("html") && !format.equals("json")) {
        throw new BadQuery("format: " + format + " (expected: html or json)");
      }
      return format.equals("html");
    }
    double html = 0;
    double json = 0;
    for (String range : request.header("Accept").split(",", 50)) {
      String[] parts = range.strip().split(";", 10);
      String type = parts[0].strip();
      double quality = quality(parts);
      if (type.equalsIgnoreCase("text/html")) {
        html = quality;
      } else if (type.equalsIgnoreCase(JSON)) {
        json = quality;
      }
    }
    return html > json;
  }

  private static double quality(String[] parts) {
    for (int i = 1; i < parts.length; i++) {
      String part = parts[i].strip();
      if (part.startsWith("q=")) {
        try {
          return Double.parseDouble(part.substring(2));
        } catch (NumberFormatException e) {
          return 0;
        }
      }
    }
    return 1;
  }

  private Response alerts(Request request) throws IOException {
    AlertFilter filter =
        new AlertFilter(
            optional(request, "model"),
            version(request),
            states(request.parameter("state")),
            optional(request, "severity")
                .map(word ->
                    Severity.of(word)
                        .orElseThrow(() ->
                            new BadQuery("severity: " + word + " (expected: page or notice)"))),
            optional(request, "cause")
                .map(word -> Cause.of(word).orElseThrow(() -> badCause(word))),
            since(request.parameter("since")),
            limit(request.parameter("limit")));
    StringWriter text = new StringWriter();
    try (JsonGenerator json = factory.createGenerator(text)) {
      json.writeStartObject();
      json.writeArrayFieldStart("alerts");
      for (Alert alert : monitors.alerts(filter)) {
        AlertJson.write(json, alert);
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    return new Response(200, JSON, text.toString());
  }

  private static Optional<String> optional(Request request, String name) {
    return Optional.of(request.parameter(name)).filter(value -> !value.isEmpty());
  }

  private static OptionalLong version(Request request) {
    String version = request.parameter("version");
    if (version.isEmpty()) {
      return OptionalLong.empty();
    }
    if (!version.matches("[0-9]{1,18}")) {
      throw new BadQuery("version: " + version + " (expected: a version's number)");
    }
    return OptionalLong.of(Long.parseLong(version));
  }

  /** Without a word every alert that is open. */
  private static Set<String> states(String words) {
    if (words.isEmpty()) {
      return Set.of("raised", "acknowledged", "latched");
    }
    if (words.equals("all")) {
      return Set.of();
    }
    Set<String> states = Set.copyOf(List.of(words.split(",", 10)));
    if (!STATES.containsAll(states)) {
      throw new BadQuery(
          "state: "
              + words
              + " (expected: all, or raised, acknowledged, latched, cleared, with commas between)");
    }
    return states;
  }

  private static BadQuery badCause(String word) {
    return new BadQuery(
        "cause: "
            + word
            + " (expected: "
            + String.join(", ", Arrays.stream(Cause.values()).map(Cause::word).toList())
            + ")");
  }

  private long since(String time) {
    if (time.isEmpty()) {
      return Long.MIN_VALUE;
    }
    Matcher ago = AGO.matcher(time);
    if (ago.matches()) {
      return clock.millis() - ago(Long.parseLong(ago.group(1)), ago.group(2)).toMillis();
    }
    try {
      return time.matches("[0-9]{1,17}")
          ? Long.parseLong(time)
          : OffsetDateTime.parse(time).toInstant().toEpochMilli();
    } catch (DateTimeException | ArithmeticException e) {
      throw new BadQuery(
          "since: "
              + time
              + " (expected: a time as 2026-11-26T10:00:00Z or in milliseconds since the epoch, or how"
              + " long ago, as 30m, 12h or 7d)");
    }
  }

  private static int limit(String limit) {
    if (limit.isEmpty()) {
      return DEFAULT_LIMIT;
    }
    int value = limit.matches("[0-9]{1,6}") ? Integer.parseInt(limit) : 0;
    if (value < 1 || value > MAX_LIMIT) {
      throw new BadQuery("limit: " + limit + " (expected: 1 to " + MAX_LIMIT + ")");
    }
    return value;
  }

  private Response alert(String id) {
    return monitors
        .alert(id)
        .map(alert -> new Response(200, JSON, AlertJson.text(alert)))
        .orElseGet(() -> unknown(id));
  }

  private static Response unknown(String id) {
    return Response.error(404, "unknown alert: '" + id + "' (expected: an id of GET /v1/alerts)");
  }

  private Response acknowledge(Request request, String id) throws IOException {
    byte[] body = request.body(MAX_BODY_BYTES);
    if (body.length > MAX_BODY_BYTES) {
      return Response.error(413, "the body is over " + MAX_BODY_BYTES + " bytes");
    }
    boolean isForm = request.header("Content-Type").startsWith("application/x-www-form-urlencoded");
    String by = "";
    String comment = "";
    if (body.length > 0 && !isForm) {
      try {
        JsonNode json = mapper.readTree(body);
        by = text(json, "by");
        comment = text(json, "comment");
      } catch (IOException | IllegalArgumentException e) {
        return Response.error(
            400, "the body: not JSON (expected: {\"by\":\"…\",\"comment\":\"…\"}, or nothing)");
      }
    }
    Optional<Alert> alert = monitors.acknowledge(id, by, comment);
    if (alert.isEmpty()) {
      return unknown(id);
    }
    if (isForm) {
      // The button of the page: back to where it was pressed.
      String back = "/v1/models/" + path(alert.get().key().model()) + "/monitor";
      return new Response(303, "text/plain; charset=utf-8", "See " + back + "\n")
          .with("Location", back);
    }
    return new Response(200, JSON, AlertJson.text(alert.get()));
  }

  private static String path(String model) throws IOException {
    try {
      return new URI(null, null, "/" + model, null).getRawPath().substring(1);
    } catch (URISyntaxException e) {
      throw new IOException("model: " + model, e);
    }
  }

  private static String text(JsonNode json, String field) {
    JsonNode value = json.path(field);
    if (!json.isObject() || !(value.isMissingNode() || value.isTextual())) {
      throw new IllegalArgumentException(field);
    }
    String text = value.asText("");
    return text.length() <= MAX_COMMENT ? text : text.substring(0, MAX_COMMENT);
  }
}
