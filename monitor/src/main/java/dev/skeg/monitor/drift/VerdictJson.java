package dev.skeg.monitor.drift;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.Window;
import dev.skeg.monitor.record.FeatureSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Verdicts as JSON, both for people and for keeping.
 *
 * <p>A feature has {@code statistics}, numbers by name, and {@code evidence}, one number: the
 * natural logarithm of the detector of the kind that is loudest; {@code judged} and {@code
 * statistics_from} say the rest. A number that is not finite is null. Times are ISO 8601 in UTC.
 *
 * <p><b>Threads.</b> Any.
 */
public final class VerdictJson {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final JsonFactory FACTORY = MAPPER.getFactory();

  private VerdictJson() {}

  /** Returns a verdict in UTF-8. */
  public static byte[] write(WindowVerdict verdict) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = FACTORY.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeStringField("model", verdict.key().model());
      json.writeStringField("version", Long.toString(verdict.key().version()));
      json.writeStringField("arm", verdict.key().arm());
      json.writeStringField("segment", verdict.key().segment());
      json.writeObjectFieldStart("window");
      json.writeStringField("start", time(verdict.window().startMillis()));
      json.writeStringField("end", time(verdict.window().endMillis()));
      json.writeEndObject();
      json.writeNumberField("rows", verdict.rows());
      write(json, "features", verdict.features());
      write(json, "outputs", verdict.outputs());
      writeQuality(json, verdict.quality());
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("bytes in memory cannot fail", e);
    }
    return bytes.toByteArray();
  }

  private static void write(JsonGenerator json, String field, List<FeatureVerdict> verdicts)
      throws IOException {
    json.writeArrayFieldStart(field);
    for (FeatureVerdict verdict : verdicts) {
      write(json, verdict);
    }
    json.writeEndArray();
  }

  private static void write(JsonGenerator json, FeatureVerdict verdict) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", verdict.spec().name());
    json.writeStringField("type", word(verdict.spec().kind()));
    json.writeStringField("state", word(verdict.state()));
    write(json, "kinds", verdict.kinds());
    json.writeObjectFieldStart("statistics");
    for (Statistic statistic : verdict.statistics().values()) {
      writeNumber(json, statistic.name(), statistic.value());
    }
    json.writeEndObject();
    Evidence loudest = null;
    for (Evidence each : verdict.evidence().values()) {
      loudest = loudest == null || excess(each) > excess(loudest) ? each : loudest;
    }
    writeNumber(json, "evidence", loudest == null ? Double.NaN : loudest.logDetector());
    write(json, "raised", verdict.raised());
    json.writeObjectFieldStart("judged");
    for (Map.Entry<DriftKind, Evidence> entry : verdict.evidence().entrySet()) {
      json.writeObjectFieldStart(word(entry.getKey()));
      write(json, entry.getValue());
      json.writeArrayFieldStart("effects");
      for (Effect effect : verdict.effects().getOrDefault(entry.getKey(), List.of())) {
        write(json, effect);
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    json.writeEndObject();
    json.writeObjectFieldStart("statistics_from");
    for (Statistic statistic : verdict.statistics().values()) {
      json.writeObjectFieldStart(statistic.name());
      json.writeNumberField("rows_used", statistic.rowsUsed());
      json.writeNumberField("rows_seen", statistic.rowsSeen());
      writeNumber(json, "threshold", statistic.threshold());
      json.writeEndObject();
    }
    json.writeEndObject();
    writeQuality(json, verdict.quality());
    json.writeEndObject();
  }

  private static double excess(Evidence evidence) {
    return evidence.logDetector() - evidence.logThreshold();
  }

  private static void write(JsonGenerator json, Evidence evidence) throws IOException {
    writeNumber(json, "log_e", evidence.logE());
    writeNumber(json, "log_detector", evidence.logDetector());
    writeNumber(json, "log_threshold", evidence.logThreshold());
    json.writeNumberField("span_windows", evidence.spanWindows());
    writeNumber(json, "design_effect", evidence.designEffect());
    writeNumber(json, "reference_rows", evidence.referenceRows());
  }

  private static void write(JsonGenerator json, Effect effect) throws IOException {
    json.writeStartObject();
    json.writeStringField("metric", word(effect.metric()));
    json.writeStringField("subject", effect.subject());
    writeNumber(json, "value", effect.value());
    writeNumber(json, "lower", effect.lower());
    writeNumber(json, "floor", effect.floor());
    json.writeBooleanField("over_floor", effect.isOverFloor());
    json.writeEndObject();
  }

  private static void writeQuality(JsonGenerator json, List<QualityFinding> findings)
      throws IOException {
    json.writeArrayFieldStart("quality");
    for (QualityFinding finding : findings) {
      json.writeStartObject();
      json.writeStringField("check", word(finding.check()));
      writeNumber(json, "observed", finding.observed());
      writeNumber(json, "expected", finding.expected());
      json.writeStringField("detail", finding.detail());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void write(JsonGenerator json, String field, Set<DriftKind> kinds)
      throws IOException {
    json.writeArrayFieldStart(field);
    for (DriftKind kind : kinds) {
      json.writeString(word(kind));
    }
    json.writeEndArray();
  }

  private static void writeNumber(JsonGenerator json, String field, double value)
      throws IOException {
    if (Double.isFinite(value)) {
      json.writeNumberField(field, value);
    } else {
      json.writeNullField(field);
    }
  }

  private static String time(long millis) {
    return Instant.ofEpochMilli(millis).toString();
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /**
   * Reads a verdict that {@link #write} has written; numbers that were not finite are NaN.
   *
   * @throws IllegalArgumentException if it is no such text
   */
  public static WindowVerdict read(byte[] utf8) {
    try {
      JsonNode json = MAPPER.readTree(utf8);
      JsonNode window = json.required("window");
      return new WindowVerdict(
          new ProfileKey(
              text(json, "model"),
              Long.parseLong(text(json, "version")),
              text(json, "arm"),
              text(json, "segment")),
          new Window(millis(window, "start"), millis(window, "end")),
          json.required("rows").longValue(),
          verdicts(json.required("features"), FeatureSpec.Role.INPUT),
          verdicts(json.required("outputs"), FeatureSpec.Role.OUTPUT),
          quality(json));
    } catch (IOException | RuntimeException e) {
      throw new IllegalArgumentException("not a verdict: " + e.getMessage(), e);
    }
  }

  private static List<FeatureVerdict> verdicts(JsonNode array, FeatureSpec.Role role) {
    List<FeatureVerdict> verdicts = new ArrayList<>();
    for (JsonNode each : array) {
      verdicts.add(verdict(each, role));
    }
    return verdicts;
  }

  private static FeatureVerdict verdict(JsonNode json, FeatureSpec.Role role) {
    Map<String, Statistic> statistics = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : json.required("statistics").properties()) {
      JsonNode from = json.required("statistics_from").required(entry.getKey());
      statistics.put(
          entry.getKey(),
          new Statistic(
              entry.getKey(),
              number(entry.getValue()),
              from.required("rows_used").longValue(),
              from.required("rows_seen").longValue(),
              number(from.required("threshold"))));
    }
    Map<DriftKind, Evidence> evidence = new EnumMap<>(DriftKind.class);
    Map<DriftKind, List<Effect>> effects = new EnumMap<>(DriftKind.class);
    for (Map.Entry<String, JsonNode> entry : json.required("judged").properties()) {
      DriftKind kind = constant(DriftKind.class, entry.getKey());
      evidence.put(kind, evidence(entry.getValue()));
      effects.put(kind, effects(entry.getValue().required("effects")));
    }
    return new FeatureVerdict(
        new FeatureSpec(
            text(json, "name"), role, constant(FeatureSpec.Kind.class, text(json, "type"))),
        constant(DriftState.class, text(json, "state")),
        kinds(json.required("kinds")),
        kinds(json.required("raised")),
        statistics,
        evidence,
        effects,
        quality(json));
  }

  private static Evidence evidence(JsonNode json) {
    return new Evidence(
        number(json.required("log_e")),
        number(json.required("log_detector")),
        number(json.required("log_threshold")),
        json.required("span_windows").intValue(),
        number(json.required("design_effect")),
        number(json.required("reference_rows")));
  }

  private static List<Effect> effects(JsonNode array) {
    List<Effect> effects = new ArrayList<>();
    for (JsonNode each : array) {
      effects.add(
          new Effect(
              constant(Effect.Metric.class, text(each, "metric")),
              text(each, "subject"),
              number(each.required("value")),
              number(each.required("lower")),
              number(each.required("floor"))));
    }
    return effects;
  }

  private static List<QualityFinding> quality(JsonNode json) {
    List<QualityFinding> findings = new ArrayList<>();
    for (JsonNode each : json.required("quality")) {
      findings.add(
          new QualityFinding(
              constant(QualityFinding.Check.class, text(each, "check")),
              number(each.required("observed")),
              number(each.required("expected")),
              text(each, "detail")));
    }
    return findings;
  }

  private static Set<DriftKind> kinds(JsonNode array) {
    Set<DriftKind> kinds = EnumSet.noneOf(DriftKind.class);
    for (JsonNode each : array) {
      kinds.add(constant(DriftKind.class, each.asText()));
    }
    return kinds;
  }

  private static <E extends Enum<E>> E constant(Class<E> type, String word) {
    return Enum.valueOf(type, word.toUpperCase(Locale.ROOT));
  }

  private static double number(JsonNode json) {
    return json.isNull() ? Double.NaN : json.doubleValue();
  }

  private static long millis(JsonNode json, String field) {
    return Instant.parse(text(json, field)).toEpochMilli();
  }

  private static String text(JsonNode json, String field) {
    return json.required(field).asText();
  }
}
