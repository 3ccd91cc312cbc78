package dev.skeg.runtime.control;

import dev.skeg.runtime.batch.BatchPolicy;
import dev.skeg.runtime.batch.Batcher;
import dev.skeg.runtime.endpoint.Endpoint;
import dev.skeg.runtime.endpoint.EndpointTable;
import dev.skeg.runtime.endpoint.VersionStatus;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.servable.Loader;
import dev.skeg.runtime.servable.Servable;
import dev.skeg.runtime.servable.VersionState;
import dev.skeg.runtime.telemetry.InferenceMetrics;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads what the repository has, publishes it, and frees it at the end.
 *
 * <p>Versions load side by side, as many as there are processors, and each is published as soon as
 * it is ready. One that fails is published as unavailable with its cause and hurts no other.
 *
 * <p><b>Threads.</b> {@link #loadAll} and {@link #close} are called by the one control thread,
 * which alone publishes; loading happens on threads of its own.
 */
public final class ModelControl implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ModelControl.class);

  private static final int DRAIN_SECONDS = 1;

  private final RepositoryScan repository;
  private final Loader loader;
  private final EndpointTable endpoints;
  private final InferenceMetrics metrics;
  private final Clock clock;

  public ModelControl(
      RepositoryScan repository,
      Loader loader,
      EndpointTable endpoints,
      InferenceMetrics metrics,
      Clock clock) {
    this.repository = repository;
    this.loader = loader;
    this.endpoints = endpoints;
    this.metrics = metrics;
    this.clock = clock;
  }

  /**
   * Tries every version once; returns when the last has been published.
   *
   * @param parallel versions loaded at once, 1 or more
   * @throws ServingException if the repository itself cannot be read
   */
  public void loadAll(int parallel) throws InterruptedException {
    List<ModelPlan> plans = repository.plan();
    List<VersionPlan.Load> loads = new ArrayList<>();
    for (ModelPlan plan : plans) {
      Endpoint endpoint = new Endpoint(plan.model(), List.of(), plan.reason());
      for (VersionPlan version : plan.versions()) {
        ModelVersion id = new ModelVersion(plan.model(), version.number());
        endpoint =
            endpoint.with(
                switch (version) {
                  case VersionPlan.Load load -> {
                    loads.add(load);
                    yield status(id, load.digest(), VersionState.LOADING, "being loaded", null);
                  }
                  case VersionPlan.Refuse refuse -> {
                    warn(id, refuse.reason());
                    yield status(id, "", VersionState.UNAVAILABLE, refuse.reason(), null);
                  }
                });
      }
      if (plan.versions().isEmpty()) {
        LOG.atWarn().addKeyValue("model", plan.model()).log(plan.reason());
      }
      endpoints.publish(endpoint);
    }
    try (ExecutorService threads =
        Executors.newFixedThreadPool(parallel, Thread.ofPlatform().name("load-", 0).factory())) {
      CompletionService<VersionStatus> loaded = new ExecutorCompletionService<>(threads);
      for (VersionPlan.Load load : loads) {
        loaded.submit(() -> load(load));
      }
      for (int i = 0; i < loads.size(); i++) {
        publish(loaded.take().get());
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("a load ended without a status", e.getCause());
    }
  }

  /** Takes a version that fails again and again out of service; on a thread that may block. */
  private void quarantine(ModelVersion version, String digest, String reason) {
    Thread.ofVirtual()
        .name("quarantine-" + version.model())
        .start(() -> {
          warn(version, reason);
          publish(status(version, digest, VersionState.UNAVAILABLE, reason, null));
        });
  }

  private synchronized void publish(VersionStatus status) {
    for (Endpoint endpoint : endpoints.snapshot()) {
      if (endpoint.model().equals(status.version().model())) {
        endpoints.publish(endpoint.with(status));
        return;
      }
    }
    throw new IllegalStateException(status.version() + " belongs to no endpoint");
  }

  private VersionStatus load(VersionPlan.Load load) {
    ModelVersion version = load.request().version();
    long startNanos = System.nanoTime();
    try {
      Servable servable = loader.load(load.request());
      Batcher batcher =
          new Batcher(
              servable,
              BatchPolicy.of(servable.config()),
              load.lanes(),
              load.maxQueued(),
              metrics.forVersion(version),
              reason -> quarantine(version, load.digest(), reason));
      batcher.measure();
      servable.warnings().forEach(warning -> caution(version, warning));
      LOG.atInfo()
          .addKeyValue("model", version.model())
          .addKeyValue("version", version.number())
          .addKeyValue("digest", load.digest())
          .addKeyValue("millis", TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos))
          .log("Version is ready");
      return status(
          version,
          load.digest(),
          VersionState.READY,
          "",
          new VersionStatus.Ready(servable, batcher));
    } catch (RuntimeException | Error e) {
      // Whatever a model's file makes an engine do, the other versions are to be served.
      String reason = e instanceof ServingException ? String.valueOf(e.getMessage()) : e.toString();
      LOG.atWarn()
          .setCause(e instanceof ServingException ? e.getCause() : e)
          .addKeyValue("model", version.model())
          .addKeyValue("version", version.number())
          .addKeyValue("reason", reason)
          .log("Version cannot be served");
      return status(version, load.digest(), VersionState.UNAVAILABLE, reason, null);
    }
  }

  private static void caution(ModelVersion version, String warning) {
    LOG.atWarn()
        .addKeyValue("model", version.model())
        .addKeyValue("version", version.number())
        .addKeyValue("warning", warning)
        .log("A client may end the server by what it sends to this version");
  }

  private static void warn(ModelVersion version, String reason) {
    LOG.atWarn()
        .addKeyValue("model", version.model())
        .addKeyValue("version", version.number())
        .addKeyValue("reason", reason)
        .log("Version cannot be served");
  }

  private VersionStatus status(
      ModelVersion version,
      String digest,
      VersionState state,
      String reason,
      VersionStatus.@Nullable Ready ready) {
    return new VersionStatus(version, digest, state, Instant.now(clock), reason, ready);
  }

  /**
   * Retires every version, waits for what is still running, and frees it. A version whose requests
   * do not end within {@value #DRAIN_SECONDS} s is left to the end of the process: freeing it under
   * a running request would crash.
   */
  @Override
  public void close() {
    List<VersionStatus.Ready> retired = new ArrayList<>();
    for (Endpoint endpoint : endpoints.snapshot()) {
      for (VersionStatus status : endpoint.versions()) {
        VersionStatus.Ready ready = status.ready();
        if (ready != null) {
          publish(
              status(
                  status.version(),
                  status.digest(),
                  VersionState.UNLOADING,
                  "the server is stopping",
                  null));
          retired.add(ready);
        }
      }
    }
    long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(DRAIN_SECONDS);
    for (VersionStatus.Ready ready : retired) {
      free(ready, deadlineNanos);
    }
  }

  private static void free(VersionStatus.Ready ready, long deadlineNanos) {
    CompletableFuture<@Nullable Void> drained = ready.servable().retire();
    try {
      drained.get(Math.max(0, deadlineNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
      ready.batcher().free();
      ready.servable().free();
    } catch (TimeoutException | ExecutionException e) {
      LOG.atWarn()
          .addKeyValue("model", ready.servable().version().model())
          .addKeyValue("version", ready.servable().version().number())
          .log("Version is still running a request and is not freed");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
