package dev.skeg.runtime.source;

import dev.skeg.registry.ModelDirectory;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.SizeCaps;
import dev.skeg.registry.Sources;
import dev.skeg.registry.mlflow.MlflowWriter;
import dev.skeg.registry.store.ArtifactStore;
import dev.skeg.registry.store.StoreConfig;
import dev.skeg.runtime.config.ConfigException;
import dev.skeg.runtime.config.CpuBudget;
import dev.skeg.runtime.config.ServerConfig;
import dev.skeg.runtime.config.ServerConfig.ModelControl;
import dev.skeg.runtime.config.ServerConfig.ModelControlMode;
import dev.skeg.runtime.config.SourceConfig;
import dev.skeg.runtime.endpoint.Endpoint;
import dev.skeg.runtime.endpoint.ModelRepository;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Text;
import dev.skeg.runtime.os.GivingWay;
import dev.skeg.runtime.servable.VersionState;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Where all models of a server come from: its directory, and the sources that models have of their
 * own.
 *
 * <p><b>Threads.</b> {@link #start} and {@link #close} are for the server's start and stop; the
 * rest is for any, and may block.
 */
public final class ModelSources implements ModelRepository, AutoCloseable {
  private final ServerConfig config;
  private final ModelControl control; // Its mode is not POLL where that looks only once.
  private final InstantSource clock;
  private final @Nullable ModelDirectory directory;
  private final PlanMaker maker;
  private final LoadTurns turns = new LoadTurns();
  private final Map<String, SourceWatch> watches = new TreeMap<>();
  private volatile @Nullable RepositoryWatch repository;
  private final GivingWay pace = new GivingWay(GivingWay.GENTLE);
  private volatile boolean isStarted;

  private ModelSources(
      ServerConfig config, @Nullable ModelDirectory directory, InstantSource clock) {
    this.config = config;
    ModelControl given = config.modelControl();
    this.control =
        given.mode() == ModelControlMode.POLL && !given.isWatching()
            ? new ModelControl(ModelControlMode.NONE, given.pollSeconds())
            : given;
    this.directory = directory;
    this.clock = clock;
    this.maker = new PlanMaker(config.execution(), CpuBudget.ofThisProcess());
  }

  /**
   * Opens what the configuration names; no connection is made yet.
   *
   * @throws ConfigException if it names nothing
   * @throws RegistryException if the directory cannot be read
   */
  public static ModelSources open(ServerConfig config, InstantSource clock) {
    if (config.modelsDirectory().isEmpty() && config.sources().isEmpty()) {
      throw new ConfigException(
          "no models to serve (expected: --models DIR or NAME=URI, or models-dir or models in"
              + " skeg.yaml)");
    }
    return new ModelSources(
        config, config.modelsDirectory().map(ModelDirectory::open).orElse(null), clock);
  }

  /**
   * Begins, and returns when every version was tried, or its registry was silent for too long.
   *
   * @param plans what carries out what is found
   * @throws RegistryException if the directory or the store cannot be read
   */
  public void start(Plans plans) throws InterruptedException {
    openSources(plans);
    List<CompletableFuture<Endpoint>> tried = new ArrayList<>();
    RepositoryWatch following = null;
    if (directory != null) {
      following =
          new RepositoryWatch(
              directory,
              maker,
              watches.keySet(),
              plans,
              new DirectoryQuarantine(config.dataDirectory().resolve("quarantine"), clock),
              control,
              clock);
      repository = following;
    }
    watches.values().forEach(SourceWatch::start);
    if (following != null) {
      tried.addAll(following.start());
    }
    for (CompletableFuture<Endpoint> each : tried) {
      await(each);
    }
    for (SourceWatch watch : watches.values()) {
      watch.awaitTried();
    }
    if (following != null) {
      following.follow();
    }
    isStarted = true;
  }

  private void openSources(Plans plans) {
    if (config.sources().isEmpty()) {
      return;
    }
    Sources sources = Sources.load(ModelSources.class.getClassLoader());
    ArtifactStore store =
        ArtifactStore.open(
            config.dataDirectory().resolve("store"),
            new StoreConfig(
                config.storeMaxBytes().orElse(Long.MAX_VALUE),
                SizeCaps.defaults(),
                StoreConfig.defaults().retries()),
            this::givingWay);
    for (SourceConfig each : config.sources()) {
      LookedUp source = new LookedUp(sources.open(each.uri(), each.settings()), clock);
      SourceVersions versions = versions(each, source, store);
      watches.put(
          each.model(),
          new SourceWatch(
              each,
              control,
              each.pollInterval().orElse(Duration.ofSeconds(Math.max(1, control.pollSeconds()))),
              source,
              versions,
              plans,
              clock));
    }
  }

  /** Begins to follow a source; if the disk fails, the source is closed. */
  private SourceVersions versions(SourceConfig each, LookedUp source, ArtifactStore store) {
    Path data = config.dataDirectory();
    Optional<WriteBack> writeBack = Optional.empty();
    try {
      writeBack = writeBack(each);
      SourceVersions versions =
          new SourceVersions(
              each,
              source,
              store,
              maker,
              VersionNumbers.open(data.resolve("numbers").resolve(each.model() + ".json")),
              new LoadAttempts(data.resolve("loads").resolve(each.model()), turns),
              writeBack);
      writeBack.ifPresent(WriteBack::start);
      return versions;
    } catch (RuntimeException | Error e) {
      writeBack.ifPresent(WriteBack::close);
      source.close();
      throw e;
    }
  }

  private static Optional<WriteBack> writeBack(SourceConfig source) {
    return source.writesBack()
        ? Optional.of(
            new WriteBack(source.model(), MlflowWriter.open(source.uri(), source.settings())))
        : Optional.empty();
  }

  /**
   * Does what keeps a processor busy so that it gives way to serving, once something is served. A
   * thread that gives way must not be the one that wakes the waiting one, which is virtual: its
   * carrier would come from there. So there is another between them.
   */
  private void givingWay(Runnable work) {
    if (!isStarted) {
      work.run();
      return;
    }
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .name("verify")
        .start(() -> {
          try {
            done.complete(
                pace.call(() -> {
                  work.run();
                  return true;
                }));
          } catch (RuntimeException | Error e) {
            done.completeExceptionally(e);
          }
        });
    try {
      boolean _ = done.join();
    } catch (CompletionException e) {
      switch (e.getCause()) {
        case RuntimeException cause -> throw cause;
        case Error cause -> throw cause;
        case null, default -> throw e;
      }
    }
  }

  /** Returns how a model's source is doing; empty if it has none of its own. */
  public Optional<SourceStatus> status(String model) {
    return Optional.ofNullable(watches.get(model)).map(SourceWatch::status);
  }

  /** Returns the models that have a source of their own. */
  public Collection<SourceConfig> sources() {
    return config.sources();
  }

  /**
   * Makes looks at pointers happen now.
   *
   * @param which the models whose pointer may have moved
   * @return how many
   */
  public int hint(Predicate<SourceConfig> which) {
    int hinted = 0;
    for (SourceWatch watch : watches.values()) {
      if (which.test(watch.config())) {
        watch.hint();
        hinted++;
      }
    }
    return hinted;
  }

  @Override
  public void load(String model) {
    requireExplicit();
    loadVersion(model, OptionalLong.empty(), false);
  }

  @Override
  public void unload(String model) {
    requireExplicit();
    unloadVersion(model, OptionalLong.empty());
  }

  /**
   * Loads one version of a model; returns when it serves.
   *
   * @param version its number
   * @param isForced whether one that failed or was refused before is tried again, which any mode
   *     allows; without it the mode must be EXPLICIT, or the version have served from a source of
   *     its own and still be in memory
   * @throws ServingException with the text for the client, if it is not allowed or does not succeed
   */
  public void load(String model, long version, boolean isForced) {
    if (!isForced && !watches.containsKey(model)) {
      requireExplicit();
    }
    Endpoint _ = loadVersion(model, OptionalLong.of(version), isForced);
  }

  /**
   * Takes one version of a model out, which the mode must allow.
   *
   * @throws ServingException as {@link #load} does
   */
  public void unload(String model, long version) {
    requireExplicit();
    unloadVersion(model, OptionalLong.of(version));
  }

  private void requireExplicit() {
    if (control.mode() != ModelControlMode.EXPLICIT) {
      throw notExplicit("");
    }
  }

  /**
   * What a client is told that asks for what only the mode EXPLICIT allows.
   *
   * @param orElse what else would do
   */
  static ServingException notExplicit(String orElse) {
    return new ServingException(
        ErrorCode.UNAVAILABLE,
        "explicit model load / unload is not allowed if polling is enabled (expected:"
            + " model-control-mode: explicit"
            + orElse
            + ")");
  }

  private Endpoint loadVersion(String model, OptionalLong version, boolean isForced) {
    String failure = "failed to load '" + Text.excerpt(model) + "'";
    Endpoint endpoint;
    try {
      requireStarted();
      SourceWatch watch = watches.get(model);
      endpoint =
          await(
              watch != null
                  ? watch.load(version, isForced)
                  : directory().load(model, version, isForced));
    } catch (ServingException e) {
      throw new ServingException(e.code(), failure + ": " + e.getMessage(), e);
    }
    endpoint.versions().stream()
        .filter(each -> version.isEmpty() || each.version().number() == version.getAsLong())
        .filter(each -> each.state() == VersionState.UNAVAILABLE)
        .findFirst()
        .ifPresent(each -> {
          throw new ServingException(
              ErrorCode.INVALID_ARGUMENT,
              failure
                  + ": version "
                  + each.version().number()
                  + " is at UNAVAILABLE state: "
                  + each.reason());
        });
    return endpoint;
  }

  private void unloadVersion(String model, OptionalLong version) {
    try {
      requireStarted();
      SourceWatch watch = watches.get(model);
      Endpoint _ =
          await(watch != null ? watch.unload(version) : directory().unload(model, version));
    } catch (ServingException e) {
      throw new ServingException(
          e.code(), "failed to unload '" + Text.excerpt(model) + "': " + e.getMessage(), e);
    }
  }

  private RepositoryWatch directory() {
    RepositoryWatch following = repository;
    if (following == null) {
      throw new ServingException(
          ErrorCode.NOT_FOUND,
          "no such model (expected: one of "
              + watches.keySet()
              + "; there is no models directory)");
    }
    return following;
  }

  private void requireStarted() {
    if (!isStarted) {
      throw new ServingException(
          ErrorCode.UNAVAILABLE, "the server is not ready: models are being loaded");
    }
  }

  private static Endpoint await(CompletableFuture<Endpoint> endpoint) {
    try {
      return endpoint.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof ServingException refused
          ? refused
          : new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServingException(ErrorCode.UNAVAILABLE, "the server is stopping", e);
    }
  }

  @Override
  public void close() {
    RepositoryWatch following = repository;
    if (following != null) {
      following.close();
    }
    watches.values().forEach(SourceWatch::close);
    pace.close();
  }
}
