package dev.skeg.runtime.endpoint;

import dev.skeg.runtime.model.Completion;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.InFlight;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Text;
import dev.skeg.runtime.servable.Servable;
import dev.skeg.runtime.servable.ServableHandle;
import dev.skeg.runtime.servable.VersionState;
import dev.skeg.runtime.telemetry.FailureReason;
import dev.skeg.runtime.telemetry.InferenceMetrics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * All endpoints, as one immutable map behind one volatile field.
 *
 * <p><b>Threads.</b> {@link #publish} is called by the control thread alone; everything else by
 * any.
 */
public final class EndpointTable implements Endpoints {
  private static final String UNKNOWN = "Request for unknown model: '";

  private final InferenceMetrics metrics;
  private volatile Map<String, Endpoint> endpoints = Map.of();

  public EndpointTable(InferenceMetrics metrics) {
    this.metrics = metrics;
  }

  /** Puts an endpoint in the place of the one of its name; visible to every request from now on. */
  public void publish(Endpoint endpoint) {
    Map<String, Endpoint> next = new TreeMap<>(endpoints);
    next.put(endpoint.model(), endpoint);
    endpoints = next;
  }

  /** Takes an endpoint out: its model is unknown from now on. */
  public void remove(String model) {
    Map<String, Endpoint> next = new TreeMap<>(endpoints);
    next.remove(model);
    endpoints = next;
  }

  /** Returns an endpoint as it is now; empty if the model is unknown. */
  public Optional<Endpoint> endpoint(String model) {
    return Optional.ofNullable(endpoints.get(model));
  }

  /** Returns the endpoints as they are now, by name. */
  public List<Endpoint> snapshot() {
    return List.copyOf(endpoints.values());
  }

  @Override
  public InFlight infer(
      InferenceRequest request, @Nullable Executor eventLoop, Completion completion) {
    @Nullable Servable retired = null;
    while (true) {
      VersionStatus.Ready ready;
      try {
        ready = resolve(request.model(), request.version());
      } catch (ServingException e) {
        metrics.recordUnknownModel();
        completion.complete(new InferenceResult.Rejected(e.code(), String.valueOf(e.getMessage())));
        return InFlight.DONE;
      }
      Servable servable = ready.servable();
      String error = servable.check().error(request);
      if (error != null) {
        metrics.forVersion(servable.version()).recordFailure(FailureReason.OTHER);
        completion.complete(new InferenceResult.Rejected(ErrorCode.INVALID_ARGUMENT, error));
        return InFlight.DONE;
      }
      ServableHandle handle = servable.acquire();
      if (handle != null) {
        return ready
            .batcher()
            .submit(
                handle,
                request,
                servable.check().rows(request),
                eventLoop,
                ready.recent().watch(request, completion));
      }
      // Retired since it was looked up. It was out of the table before: the next look finds
      // another.
      if (servable == retired) {
        metrics.forVersion(servable.version()).recordFailure(FailureReason.REJECTED);
        completion.complete(
            new InferenceResult.Rejected(
                ErrorCode.UNAVAILABLE, notReady(servable.version(), VersionState.UNLOADING)));
        return InFlight.DONE;
      }
      retired = servable;
    }
  }

  @Override
  public void countMalformed() {
    metrics.recordMalformed();
  }

  @Override
  public boolean isReady(String model, String version) {
    try {
      resolve(model, version);
      return true;
    } catch (ServingException e) {
      return false;
    }
  }

  @Override
  public ModelDescription describe(String model, String version) {
    Servable servable = resolve(model, version).servable();
    List<String> readyVersions = new ArrayList<>();
    Endpoint endpoint = endpoints.get(model);
    if (endpoint != null) {
      for (VersionStatus status : endpoint.versions()) {
        if (status.state() == VersionState.READY) {
          readyVersions.add(status.version().numberText());
        }
      }
    }
    return new ModelDescription(
        servable.version(),
        readyVersions,
        servable.config().getPlatform(),
        servable.signature(),
        servable.config(),
        servable.unsupportedOutputs());
  }

  @Override
  public List<IndexEntry> index(boolean readyOnly) {
    List<IndexEntry> entries = new ArrayList<>();
    for (Endpoint endpoint : endpoints.values()) {
      for (VersionStatus status : endpoint.versions()) {
        if (!readyOnly || status.state() == VersionState.READY) {
          entries.add(
              new IndexEntry(
                  endpoint.model(),
                  status.version().numberText(),
                  status.state().name(),
                  status.reason()));
        }
      }
      if (endpoint.versions().isEmpty() && !readyOnly) {
        entries.add(
            new IndexEntry(
                endpoint.model(), "", VersionState.UNAVAILABLE.name(), endpoint.reason()));
      }
    }
    return entries;
  }

  private VersionStatus.Ready resolve(String model, String version) {
    Endpoint endpoint = endpoints.get(model);
    if (endpoint == null) {
      throw new ServingException(
          ErrorCode.INVALID_ARGUMENT, UNKNOWN + Text.excerpt(model) + "' is not found");
    }
    VersionStatus status;
    if (version.isEmpty()) {
      status = endpoint.newestReady();
      if (status == null) {
        throw new ServingException(
            ErrorCode.NOT_FOUND, UNKNOWN + model + "' has no available versions");
      }
    } else {
      Long labelled = endpoint.labels().get(version);
      status = endpoint.version(labelled == null ? number(endpoint, version) : labelled);
      if (status == null) {
        throw new ServingException(
            ErrorCode.NOT_FOUND,
            UNKNOWN + model + "' version " + Text.excerpt(version) + " is not found");
      }
    }
    VersionStatus.Ready ready = status.ready();
    if (ready == null) {
      throw new ServingException(ErrorCode.UNAVAILABLE, notReady(status.version(), status.state()));
    }
    return ready;
  }

  private static String notReady(ModelVersion version, VersionState state) {
    return UNKNOWN
        + version.model()
        + "' version "
        + version.number()
        + " is not at ready state: it is "
        + state;
  }

  private static long number(Endpoint endpoint, String version) {
    long number = VersionNumber.parse(version);
    if (number < 0) {
      throw new ServingException(
          ErrorCode.INVALID_ARGUMENT,
          "failed to get model version from specified version string '"
              + Text.excerpt(version)
              + "' of model '"
              + endpoint.model()
              + "' (expected: an integer of 0 or more, "
              + (endpoint.labels().isEmpty()
                  ? ""
                  : "one of the labels " + new TreeSet<>(endpoint.labels().keySet()) + ", ")
              + "or nothing for the newest)");
    }
    return number;
  }
}
