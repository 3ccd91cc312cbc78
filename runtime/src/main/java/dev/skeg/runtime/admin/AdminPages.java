package dev.skeg.runtime.admin;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.skeg.runtime.backend.UnsupportedOutput;
import dev.skeg.runtime.endpoint.Endpoint;
import dev.skeg.runtime.endpoint.EndpointTable;
import dev.skeg.runtime.endpoint.ServerIdentity;
import dev.skeg.runtime.endpoint.ServerState;
import dev.skeg.runtime.endpoint.VersionStatus;
import dev.skeg.runtime.model.TensorSpec;
import dev.skeg.runtime.servable.Servable;
import dev.skeg.runtime.servable.VersionState;
import dev.skeg.runtime.source.ModelSources;
import dev.skeg.runtime.source.SourceStatus;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;

/** The admin API's answers, as JSON. <b>Threads.</b> Any; reads a snapshot each time. */
public final class AdminPages {
  private final JsonFactory factory = new JsonFactory();
  private final ServerIdentity identity;
  private final ServerState state;
  private final EndpointTable endpoints;
  private final ModelSources sources;
  private final Supplier<Map<String, String>> addresses;
  private final Clock clock;
  private final Instant startedAt;

  /**
   * @param addresses where each port listens, by its name, as {@code http} to {@code
   *     127.0.0.1:8000}
   */
  public AdminPages(
      ServerIdentity identity,
      ServerState state,
      EndpointTable endpoints,
      ModelSources sources,
      Supplier<Map<String, String>> addresses,
      Clock clock) {
    this.identity = identity;
    this.state = state;
    this.endpoints = endpoints;
    this.sources = sources;
    this.addresses = addresses;
    this.clock = clock;
    this.startedAt = clock.instant();
  }

  /** What writes JSON may fail only if the text could, which it cannot. */
  @FunctionalInterface
  private interface Writing {
    void to(JsonGenerator json) throws IOException;
  }

  private String page(Writing writing) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = factory.createGenerator(text)) {
      writing.to(json);
    } catch (IOException e) {
      throw new UncheckedIOException("a string cannot fail", e);
    }
    return text.toString();
  }

  String status() {
    List<VersionStatus> versions =
        endpoints.snapshot().stream().flatMap(endpoint -> endpoint.versions().stream()).toList();
    return page(json -> {
      json.writeStartObject();
      json.writeStringField("name", identity.name());
      json.writeStringField("version", identity.version());
      json.writeStringField("phase", state.phase().name());
      json.writeBooleanField("ready", state.isReady());
      json.writeStringField("started_at", startedAt.toString());
      json.writeNumberField(
          "uptime_seconds", Duration.between(startedAt, clock.instant()).toSeconds());
      json.writeObjectFieldStart("addresses");
      for (Map.Entry<String, String> address : addresses.get().entrySet()) {
        json.writeStringField(address.getKey(), address.getValue());
      }
      json.writeEndObject();
      json.writeObjectFieldStart("models");
      json.writeNumberField("total", endpoints.snapshot().size());
      json.writeEndObject();
      json.writeObjectFieldStart("versions");
      for (VersionState each : VersionState.values()) {
        json.writeNumberField(
            each.name(), versions.stream().filter(v -> v.state() == each).count());
      }
      json.writeEndObject();
      json.writeEndObject();
    });
  }

  String models() {
    return page(json -> {
      json.writeStartObject();
      json.writeArrayFieldStart("models");
      for (Endpoint endpoint : endpoints.snapshot()) {
        write(json, endpoint);
      }
      json.writeEndArray();
      json.writeEndObject();
    });
  }

  Optional<String> model(String name) {
    return endpoints.snapshot().stream()
        .filter(endpoint -> endpoint.model().equals(name))
        .findFirst()
        .map(endpoint -> page(json -> write(json, endpoint)));
  }

  private void write(JsonGenerator json, Endpoint endpoint) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", endpoint.model());
    json.writeStringField("reason", endpoint.reason());
    SourceStatus source = sources.status(endpoint.model()).orElse(null);
    if (source != null) {
      json.writeObjectFieldStart("source");
      json.writeStringField("uri", source.source());
      json.writeStringField("pointer", source.pointer());
      json.writeStringField("revision", source.revision());
      json.writeStringField("problem", source.problem().orElse(""));
      json.writeStringField("kind", source.kind().map(Enum::name).orElse(""));
      json.writeStringField("since", source.since().toString());
      json.writeStringField("last_success", source.lastSuccess().map(Instant::toString).orElse(""));
      json.writeEndObject();
    }
    json.writeObjectFieldStart("labels");
    for (Map.Entry<String, Long> label : new TreeMap<>(endpoint.labels()).entrySet()) {
      json.writeNumberField(label.getKey(), label.getValue());
    }
    json.writeEndObject();
    json.writeArrayFieldStart("versions");
    for (VersionStatus version : endpoint.versions()) {
      write(json, version);
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, VersionStatus status) throws IOException {
    json.writeStartObject();
    json.writeNumberField("version", status.version().number());
    json.writeStringField("digest", status.digest());
    json.writeStringField("state", status.state().name());
    json.writeStringField("since", status.since().toString());
    json.writeStringField("reason", status.reason());
    VersionStatus.Ready ready = status.ready();
    if (ready != null) {
      Servable servable = ready.servable();
      json.writeStringField("platform", servable.config().getPlatform());
      json.writeNumberField("max_batch_size", servable.config().getMaxBatchSize());
      write(json, "inputs", servable.signature().inputs());
      write(json, "outputs", servable.signature().outputs());
      json.writeArrayFieldStart("unsupported_outputs");
      for (UnsupportedOutput output : servable.unsupportedOutputs()) {
        json.writeStartObject();
        json.writeStringField("name", output.name());
        json.writeStringField("reason", output.reason());
        json.writeEndObject();
      }
      json.writeEndArray();
    }
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, String field, List<TensorSpec> specs)
      throws IOException {
    json.writeArrayFieldStart(field);
    for (TensorSpec spec : specs) {
      json.writeStartObject();
      json.writeStringField("name", spec.name());
      json.writeStringField("datatype", spec.type().name());
      json.writeFieldName("shape");
      long[] dims = spec.shape().toArray();
      json.writeArray(dims, 0, dims.length);
      json.writeBooleanField("optional", spec.optional());
      json.writeEndObject();
    }
    json.writeEndArray();
  }
}
