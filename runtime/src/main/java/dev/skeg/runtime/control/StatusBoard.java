package dev.skeg.runtime.control;

import dev.skeg.runtime.endpoint.Endpoint;
import dev.skeg.runtime.endpoint.VersionStatus;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.servable.VersionState;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Writes down what a model's versions are doing, and since when.
 *
 * <p><b>Threads.</b> The control thread's.
 */
final class StatusBoard {
  private static final String KEPT =
      "kept for going back; answers requests that name it, and no others";

  private final Clock clock;
  private Map<Long, VersionStatus> shown = Map.of();

  StatusBoard(Clock clock) {
    this.clock = clock;
  }

  /** Returns the model as it is now; a version that has not changed keeps its time. */
  Endpoint endpoint(LiveModel model) {
    Map<Long, VersionStatus> statuses = new TreeMap<>();
    for (LiveModel.Retired retired : model.retired()) {
      VersionPlan.Load load = retired.version().load();
      put(statuses, load, VersionState.UNLOADING, retired.reason(), null);
    }
    for (VersionPlan version : model.plan().versions()) {
      String failure = model.failures().reason(version.number());
      switch (version) {
        case VersionPlan.Load load -> {
          if (failure != null && model.loading(load.number()) == null) {
            put(statuses, load, VersionState.UNAVAILABLE, failure, null);
            if (model.failures().isPassing(load.number())) {
              statuses.computeIfPresent(load.number(), (_, status) -> status.passing());
            }
          } else {
            put(statuses, load, VersionState.LOADING, "being loaded", null);
          }
        }
        case VersionPlan.Refuse(long number, String reason) ->
            put(statuses, model, number, failure == null ? reason : failure);
        case VersionPlan.Unload(long number, String reason) -> {
          if (!statuses.containsKey(number)) {
            put(statuses, model, number, reason);
          }
        }
      }
    }
    for (VersionPlan.Load load : model.plan().kept()) {
      if (model.loading(load.number()) != null) {
        put(statuses, load, VersionState.LOADING, "being loaded again, for going back", null);
      } else if (model.failures().has(load)) {
        String failure = String.valueOf(model.failures().reason(load.number()));
        put(statuses, load, VersionState.UNAVAILABLE, failure, null);
      }
    }
    Set<Long> previous = new TreeSet<>();
    for (LiveVersion version : model.live()) {
      long number = version.number();
      if (!model.isRouted(number)) {
        previous.add(number);
      }
      put(statuses, version.load(), VersionState.READY, reason(model, version), version.ready());
    }
    shown = statuses;
    return new Endpoint(
        model.plan().model(),
        List.copyOf(statuses.values()),
        previous,
        model.labels(),
        model.plan().reason());
  }

  private static String reason(LiveModel model, LiveVersion version) {
    long number = version.number();
    for (VersionPlan plan : model.plan().versions()) {
      if (plan.number() == number) {
        return switch (plan) {
          case VersionPlan.Load load when load.isSameAs(version.load()) ->
              String.join("; ", version.notes());
          case VersionPlan.Load _ -> {
            String failure = model.failures().reason(number);
            yield failure == null
                ? "serves until its new files are loaded"
                : "serves as it was loaded before; its new files cannot be served: " + failure;
          }
          case VersionPlan.Refuse refuse ->
              "serves as it was loaded before; as it stands now it cannot be: " + refuse.reason();
          case VersionPlan.Unload unload -> unload.reason();
        };
      }
    }
    return model.isRouted(number) ? "serves until what takes its place is ready" : KEPT;
  }

  private void put(Map<Long, VersionStatus> statuses, LiveModel model, long number, String reason) {
    put(
        statuses,
        new ModelVersion(model.plan().model(), number),
        "",
        VersionState.UNAVAILABLE,
        reason,
        null);
  }

  private void put(
      Map<Long, VersionStatus> statuses,
      VersionPlan.Load load,
      VersionState state,
      String reason,
      VersionStatus.@Nullable Ready ready) {
    put(statuses, load.request().version(), load.digest(), state, reason, ready);
  }

  private void put(
      Map<Long, VersionStatus> statuses,
      ModelVersion version,
      String digest,
      VersionState state,
      String reason,
      VersionStatus.@Nullable Ready ready) {
    VersionStatus before = shown.get(version.number());
    Instant since =
        before != null && before.state() == state && before.digest().equals(digest)
            ? before.since()
            : Instant.now(clock);
    statuses.put(version.number(), new VersionStatus(version, digest, state, since, reason, ready));
  }
}
