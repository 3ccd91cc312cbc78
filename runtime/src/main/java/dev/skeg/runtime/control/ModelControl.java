package dev.skeg.runtime.control;

import dev.skeg.runtime.config.MemoryBudget;
import dev.skeg.runtime.endpoint.Endpoint;
import dev.skeg.runtime.endpoint.EndpointTable;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.os.CompilerThreads;
import dev.skeg.runtime.os.FullPace;
import dev.skeg.runtime.os.GivingWay;
import dev.skeg.runtime.os.NativeMemory;
import dev.skeg.runtime.servable.Loader;
import dev.skeg.runtime.servable.RecentRequests;
import dev.skeg.runtime.servable.Servable;
import dev.skeg.runtime.telemetry.InferenceMetrics;
import java.time.Clock;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes what is loaded equal what is wanted, model by model; the only writer of endpoints.
 *
 * <p><b>A swap.</b> The new version is loaded beside the old one, published by one volatile write,
 * and only then is the old one retired: the requests that it has are finished, each by its claim,
 * and its memory is freed and given back to the system. A request that looked up the old version
 * and finds it retired looks again, so that no request fails for having come during a swap. A new
 * version that cannot be loaded disturbs nothing: the old one serves on, and the index says why.
 *
 * <p><b>Threads.</b> Any may call. Whatever changes a model is done by one control thread, which
 * takes commands one by one and blocks on none of them; loads run beside it on threads of their
 * own, as many at a time as {@link #starting} says while the server starts and one by one later,
 * when they give way to serving. Commands come from callers, from loads that have ended and from
 * versions that fail or are gone: as many as there are of those.
 */
public final class ModelControl implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ModelControl.class);

  private static final int DRAIN_SECONDS = 1;
  private static final int IDLE_LOADER_SECONDS = 10;

  /** Memory is given back to the system when about so much has been freed. */
  private static final long RETURN_BYTES = 4 << 20;

  /** What a version leaves beside the size of its files. */
  private static final long SESSION_BYTES = 256 << 10;

  private static final String STOPPING = "the server is stopping";

  private final EndpointTable endpoints;
  private final InferenceMetrics metrics;
  private final Clock clock;
  private final VersionLoader loader;
  private final VersionObserver observer;
  private final GivingWay engine = new GivingWay(GivingWay.LOWEST);
  private final GivingWay around = new GivingWay(GivingWay.GENTLE);
  private final FullPace timed = new FullPace();
  private final VersionLoader.Paces givingWay = new VersionLoader.Paces(around, engine, timed);
  private final ThreadPoolExecutor loads =
      new ThreadPoolExecutor(
          1,
          1,
          IDLE_LOADER_SECONDS,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(),
          Thread.ofPlatform().daemon().name("load-", 0).factory());
  private final BlockingQueue<Runnable> commands = new LinkedBlockingQueue<>();
  private final RecentRequests.Budget recorded = new RecentRequests.Budget();
  private final AtomicLong unreturnedBytes = new AtomicLong();
  private final CompletableFuture<@Nullable Void> stopped = new CompletableFuture<>();
  private volatile VersionLoader.Paces paces = givingWay;

  // The control thread's.
  private final Map<String, LiveModel> models = new TreeMap<>();
  private boolean isStopping;
  private int runningLoads;
  private long stopByNanos;

  public ModelControl(
      Loader loader, EndpointTable endpoints, InferenceMetrics metrics, Clock clock) {
    this(loader, endpoints, metrics, clock, VersionObserver.NONE);
  }

  /**
   * @param observer told of versions that come and go
   */
  public ModelControl(
      Loader loader,
      EndpointTable endpoints,
      InferenceMetrics metrics,
      Clock clock,
      VersionObserver observer) {
    this(
        loader,
        endpoints,
        metrics,
        clock,
        observer,
        new MemoryAdmission(MemoryBudget::availableBytes, MemoryBudget::residentBytes));
  }

  ModelControl(
      Loader loader,
      EndpointTable endpoints,
      InferenceMetrics metrics,
      Clock clock,
      VersionObserver observer,
      MemoryAdmission memory) {
    this.endpoints = endpoints;
    this.metrics = metrics;
    this.clock = clock;
    this.observer = observer;
    this.loader = new VersionLoader(loader, metrics, memory, this::quarantine, observer);
    this.loads.allowCoreThreadTimeOut(true);
    Thread.ofVirtual().name("control").start(this::work);
  }

  /**
   * Says that the server is starting: loads do not give way, since nothing is served yet.
   *
   * @param parallel versions loaded at once, 1 or more
   */
  public void starting(int parallel) {
    paces = VersionLoader.Paces.AT_ONCE;
    loads.setMaximumPoolSize(parallel);
    loads.setCorePoolSize(parallel);
  }

  /**
   * Says that the server is ready: loads, and compilers of what they run for the first time, give
   * way to serving from now on, loads one by one.
   */
  public void started() {
    CompilerThreads.shortenSlices();
    loads.setCorePoolSize(1);
    loads.setMaximumPoolSize(1);
    paces = givingWay;
  }

  /**
   * Makes what is loaded of a model equal a plan: loads what is new, publishes it, drains and frees
   * what is gone. Applying what is there already changes nothing; a later plan for the same model
   * takes the place of an earlier one that is not carried out yet. What failed to load is not tried
   * again until its files or its configuration change, or the plan forces it.
   *
   * @return the endpoint, once every version that is wanted is ready or has failed; versions that
   *     were replaced may still be finishing their last requests. Fails with a {@link
   *     ServingException} if the model is forgotten or the server stops before
   */
  public CompletableFuture<Endpoint> apply(ModelPlan plan) {
    CompletableFuture<Endpoint> done = new CompletableFuture<>();
    command(() -> apply(plan, done));
    if (stopped.isDone()) {
      done.completeExceptionally(stopping()); // There may be nobody left to carry it out.
    }
    return done;
  }

  /**
   * Takes a model out of service and frees all of it; then it is unknown. A model that is not there
   * is none of it already.
   *
   * @return done when its memory is free
   */
  public CompletableFuture<@Nullable Void> forget(String model) {
    CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    command(() -> forget(model, done));
    if (stopped.isDone()) {
      done.completeExceptionally(stopping());
    }
    return done;
  }

  /** Never blocks: a version may be quarantined on an event loop. */
  private void quarantine(Servable servable, String reason) {
    command(() -> {
      LiveModel model = models.get(servable.version().model());
      if (model != null) {
        LOG.atWarn()
            .addKeyValue("model", servable.version().model())
            .addKeyValue("version", servable.version().number())
            .addKeyValue("reason", reason)
            .log("Version is taken out of service");
        model.quarantined(servable, reason);
      }
    });
  }

  private static ServingException stopping() {
    return new ServingException(ErrorCode.UNAVAILABLE, STOPPING);
  }

  private void command(Runnable command) {
    commands.add(command);
  }

  // The control thread.

  private void work() {
    try {
      while (!isOver()) {
        Runnable command =
            isStopping
                ? commands.poll(stopByNanos - System.nanoTime(), TimeUnit.NANOSECONDS)
                : commands.take();
        if (command == null) {
          break; // Time is up.
        }
        try {
          command.run();
        } catch (RuntimeException | Error e) {
          LOG.atError().setCause(e).log("The control thread could not carry a command out");
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      models.values().stream()
          .flatMap(model -> model.unfinished().stream())
          .forEach(version ->
              LOG.atWarn()
                  .addKeyValue("model", version.load().request().version().model())
                  .addKeyValue("version", version.number())
                  .log("Version is still running a request and is not freed"));
      stopped.complete(null);
      for (Runnable late = commands.poll(); late != null; late = commands.poll()) {
        late.run();
      }
    }
  }

  private boolean isOver() {
    return isStopping && runningLoads == 0 && models.values().stream().allMatch(LiveModel::isGone);
  }

  private void apply(ModelPlan plan, CompletableFuture<Endpoint> done) {
    if (isStopping) {
      done.completeExceptionally(stopping());
      return;
    }
    for (VersionPlan version : plan.versions()) {
      if (version instanceof VersionPlan.Refuse(long number, String reason)) {
        LOG.atWarn()
            .addKeyValue("model", plan.model())
            .addKeyValue("version", number)
            .addKeyValue("reason", reason)
            .log("Version cannot be served");
      }
    }
    if (plan.versions().isEmpty()) {
      LOG.atWarn().addKeyValue("model", plan.model()).log(plan.reason());
    }
    models
        .computeIfAbsent(
            plan.model(), name -> new LiveModel(plan, new Steps(name), recentRequests(), clock))
        .apply(plan, done);
  }

  private RecentRequests recentRequests() {
    return new RecentRequests(recorded, System.nanoTime());
  }

  private void forget(String name, CompletableFuture<@Nullable Void> done) {
    LiveModel model = models.get(name);
    if (model == null) {
      done.complete(null);
      return;
    }
    model.forget(done);
    removeIfForgotten(name);
  }

  private void removeIfForgotten(String name) {
    LiveModel model = models.get(name);
    if (model != null && model.isForgotten() && model.isGone()) {
      models.remove(name);
      endpoints.remove(name);
      model.gone();
    }
  }

  /** What is done for one model. */
  private final class Steps implements LiveModel.Steps {
    private final String name;

    Steps(String name) {
      this.name = name;
    }

    private LiveModel model() {
      LiveModel model = models.get(name);
      if (model == null) {
        throw new IllegalStateException("model " + name + " was forgotten too early");
      }
      return model;
    }

    @Override
    public void load(VersionPlan.Load load, VersionLoader.Demands demands, LoadJournal journal) {
      runningLoads++;
      VersionLoader.Paces with = paces;
      loads.execute(() -> {
        VersionLoader.Outcome outcome = loader.load(load, demands, with, journal);
        command(() -> loaded(load, outcome));
      });
    }

    private void loaded(VersionPlan.Load load, VersionLoader.Outcome outcome) {
      runningLoads--;
      switch (outcome) {
        case VersionLoader.Outcome.Loaded(LiveVersion version) -> model().loaded(version);
        case VersionLoader.Outcome.Failed(String reason, boolean isPassing, boolean _) ->
            model().failed(load, reason, isPassing);
        case VersionLoader.Outcome.LackedMemory(String reason) ->
            model().lackedMemory(load, reason);
      }
      removeIfForgotten(name);
    }

    @Override
    public void retire(LiveVersion version) {
      // Its last claim may be given up on an event loop, which must not wait for memory.
      CompletableFuture<@Nullable Void> drained = version.ready().servable().retire();
      Thread.ofVirtual()
          .name("free-" + name)
          .start(() -> {
            drained.join();
            free(version);
          });
    }

    private void free(LiveVersion version) {
      try {
        around.call(() -> {
          observer.gone(version.ready());
          version.ready().batcher().free();
          version.ready().servable().free();
          giveBack(version.load().request().fileBytes());
          return true;
        });
        LOG.atInfo()
            .addKeyValue("model", name)
            .addKeyValue("version", version.number())
            .addKeyValue("digest", version.load().digest())
            .log("Version is freed");
      } finally {
        command(() -> freed(version));
      }
    }

    /**
     * What small versions leave is taken up by the next; to give it back each time would have the
     * system clear the same pages again and again, under the allocator's locks.
     */
    private void giveBack(long fileBytes) {
      if (unreturnedBytes.addAndGet(SESSION_BYTES + fileBytes) >= RETURN_BYTES) {
        unreturnedBytes.set(0);
        NativeMemory.trim();
      }
    }

    private void freed(LiveVersion version) {
      LiveModel model = model();
      model.freed(version);
      if (!model.has(version.number())) {
        metrics.remove(version.load().request().version());
      }
      removeIfForgotten(name);
    }

    @Override
    public void publish(Endpoint endpoint) {
      endpoints.publish(endpoint);
    }
  }

  /**
   * Retires every version, waits for what is still running, and frees it. A version whose requests
   * do not end within {@value #DRAIN_SECONDS} s is left to the end of the process: freeing it under
   * a running request would crash.
   */
  @Override
  public void close() {
    command(() -> {
      if (!isStopping) {
        isStopping = true;
        stopByNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(DRAIN_SECONDS);
        int dropped = 0;
        for (Runnable _ : loads.shutdownNow()) {
          dropped++;
        }
        runningLoads -= dropped;
        models.values().forEach(model -> model.stop(STOPPING));
      }
    });
    try {
      stopped.join();
    } catch (CompletionException e) {
      LOG.atError().setCause(e).log("The control thread did not end as it should");
    }
    around.close();
    engine.close();
    timed.close();
  }
}
