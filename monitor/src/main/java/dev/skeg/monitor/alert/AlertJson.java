package dev.skeg.monitor.alert;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skeg.monitor.alert.AlertSubject.Part;
import dev.skeg.monitor.drift.DriftKind;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.Window;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Alerts as JSON, both for people and for keeping. Times are ISO 8601 in UTC, to the millisecond.
 *
 * <p><b>Threads.</b> Any.
 */
public final class AlertJson {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final JsonFactory FACTORY = MAPPER.getFactory();

  private AlertJson() {}

  /** Returns an alert as text. */
  public static String text(Alert alert) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(text)) {
      write(json, alert);
    } catch (IOException e) {
      throw new UncheckedIOException("a string cannot fail", e);
    }
    return text.toString();
  }

  /** Writes an alert as one object. */
  public static void write(JsonGenerator json, Alert alert) throws IOException {
    json.writeStartObject();
    json.writeStringField("id", alert.id());
    json.writeStringField("model", alert.key().model());
    json.writeStringField("version", Long.toString(alert.key().version()));
    json.writeStringField("arm", alert.key().arm());
    json.writeStringField("segment", alert.key().segment());
    json.writeStringField("severity", alert.severity().word());
    json.writeStringField("cause", alert.cause().word());
    json.writeStringField("summary", alert.summary());
    json.writeStringField("state", alert.state().word());
    json.writeStringField("since", time(alert.state().sinceMillis()));
    json.writeStringField("raised_at", time(alert.raisedAtMillis()));
    write(json, "raised_in", alert.raisedIn());
    write(json, "last_window", alert.lastWindow());
    json.writeStringField("last_heard_at", time(alert.heardAtMillis()));
    json.writeNumberField("returns", alert.returns());
    Optional<AlertState.Acknowledged> known =
        switch (alert.state()) {
          case AlertState.Acknowledged acknowledged -> Optional.of(acknowledged);
          case AlertState.Cleared cleared -> cleared.acknowledged();
          case AlertState.Raised _, AlertState.Latched _ -> Optional.empty();
        };
    if (known.isPresent()) {
      json.writeObjectFieldStart("acknowledged");
      json.writeStringField("at", time(known.get().sinceMillis()));
      json.writeStringField("by", known.get().by());
      json.writeStringField("comment", known.get().comment());
      json.writeEndObject();
    }
    if (alert.state() instanceof AlertState.Cleared cleared) {
      json.writeStringField("cleared_because", cleared.reason().word());
    }
    json.writeArrayFieldStart("features");
    for (AlertSubject subject : alert.subjects()) {
      write(json, subject);
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, AlertSubject subject) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", subject.name());
    json.writeStringField("part", word(subject.part()));
    json.writeArrayFieldStart("kinds");
    for (DriftKind kind : subject.kinds()) {
      json.writeString(word(kind));
    }
    json.writeEndArray();
    json.writeNumberField("peak_log_evidence", finite(subject.peakLogEvidence()));
    json.writeStringField("detail", subject.detail());
    json.writeBooleanField("active", subject.active());
    json.writeNumberField("quiet_windows", subject.quietWindows());
    json.writeNumberField("unjudged_windows", subject.unjudgedWindows());
    write(json, "since", subject.since());
    json.writeEndObject();
  }

  /** JSON has no infinities; evidence beyond all measure is as good as this. */
  private static double finite(double value) {
    return Math.clamp(Double.isNaN(value) ? 0 : value, -1e9, 1e9);
  }

  private static void write(JsonGenerator json, String field, Window window) throws IOException {
    json.writeObjectFieldStart(field);
    json.writeStringField("start", time(window.startMillis()));
    json.writeStringField("end", time(window.endMillis()));
    json.writeEndObject();
  }

  private static String time(long millis) {
    return Instant.ofEpochMilli(millis).toString();
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /**
   * Reads an alert that {@link #text} has written.
   *
   * @throws IllegalArgumentException if it is no such text
   */
  public static Alert read(String text) {
    try {
      return alert(MAPPER.readTree(text));
    } catch (IOException | RuntimeException e) {
      throw new IllegalArgumentException("not an alert: " + e.getMessage(), e);
    }
  }

  private static Alert alert(JsonNode json) {
    List<AlertSubject> subjects = new ArrayList<>();
    for (JsonNode each : json.required("features")) {
      subjects.add(subject(each));
    }
    return new Alert(
        text(json, "id"),
        new ProfileKey(
            text(json, "model"),
            Long.parseLong(text(json, "version")),
            text(json, "arm"),
            text(json, "segment")),
        Cause.of(text(json, "cause")).orElseThrow(),
        Severity.of(text(json, "severity")).orElseThrow(),
        state(json),
        window(json.required("raised_in")),
        millis(json, "raised_at"),
        window(json.required("last_window")),
        millis(json, "last_heard_at"),
        subjects,
        json.required("returns").intValue());
  }

  private static AlertState state(JsonNode json) {
    long since = millis(json, "since");
    JsonNode known = json.path("acknowledged");
    Optional<AlertState.Acknowledged> acknowledged =
        known.isObject()
            ? Optional.of(
                new AlertState.Acknowledged(
                    millis(known, "at"), text(known, "by"), text(known, "comment")))
            : Optional.empty();
    return switch (text(json, "state")) {
      case "raised" -> new AlertState.Raised(since);
      case "latched" -> new AlertState.Latched(since);
      case "acknowledged" -> acknowledged.orElseThrow();
      case "cleared" ->
          new AlertState.Cleared(since, reason(text(json, "cleared_because")), acknowledged);
      case String other -> throw new IllegalArgumentException("state: " + other);
    };
  }

  private static AlertState.Reason reason(String word) {
    return Arrays.stream(AlertState.Reason.values())
        .filter(each -> each.word().equals(word))
        .findFirst()
        .orElseThrow();
  }

  private static AlertSubject subject(JsonNode json) {
    Set<DriftKind> kinds = EnumSet.noneOf(DriftKind.class);
    for (JsonNode kind : json.required("kinds")) {
      kinds.add(DriftKind.valueOf(kind.textValue().toUpperCase(Locale.ROOT)));
    }
    return new AlertSubject(
        Part.valueOf(text(json, "part").toUpperCase(Locale.ROOT)),
        text(json, "name"),
        kinds,
        json.required("peak_log_evidence").doubleValue(),
        text(json, "detail"),
        window(json.required("since")),
        json.required("active").booleanValue(),
        json.required("quiet_windows").intValue(),
        json.path("unjudged_windows").asInt(0)); // Earlier versions did not tell them apart.
  }

  private static Window window(JsonNode json) {
    return new Window(millis(json, "start"), millis(json, "end"));
  }

  private static long millis(JsonNode json, String field) {
    return Instant.parse(text(json, field)).toEpochMilli();
  }

  private static String text(JsonNode json, String field) {
    return json.required(field).asText();
  }
}
