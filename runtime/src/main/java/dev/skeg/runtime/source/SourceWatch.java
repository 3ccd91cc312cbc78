package dev.skeg.runtime.source;

import dev.skeg.registry.Pointer;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.Revision;
import dev.skeg.registry.Source;
import dev.skeg.registry.file.DirectoryChanges;
import dev.skeg.registry.file.FileSources;
import dev.skeg.registry.watch.Finding;
import dev.skeg.registry.watch.WatchConfig;
import dev.skeg.registry.watch.Watcher;
import dev.skeg.runtime.config.ServerConfig.ModelControlMode;
import dev.skeg.runtime.config.SourceConfig;
import dev.skeg.runtime.config.VersionsConfig;
import dev.skeg.runtime.control.ModelPlan;
import dev.skeg.runtime.control.VersionPlan;
import dev.skeg.runtime.endpoint.Endpoint;
import dev.skeg.runtime.endpoint.VersionStatus;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.servable.VersionState;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows one model's pointer: what it means is fetched, checked, loaded and served.
 *
 * <p><b>Start.</b> What was served last is taken from the store without asking the network; then
 * the pointer is looked up. So a server starts with its registry down, and a registry that hangs
 * holds nobody up for longer than its timeouts.
 *
 * <p><b>Failures.</b> Whatever goes wrong, what is served goes on. What may go away by itself is
 * tried again, later each time; a version that was refused is told of in the index, and if it could
 * not be loaded it goes into quarantine, where it stays until it is forced.
 *
 * <p><b>Threads.</b> A virtual thread of its own owns the state and does all of it; {@link
 * #awaitTried}, {@link #hint}, {@link #load}, {@link #unload} and {@link #status} are for any.
 */
final class SourceWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SourceWatch.class);
  private static final Duration FIRST_RETRY = Duration.ofSeconds(1);
  private static final Duration LONGEST_RETRY = Duration.ofMinutes(5);
  private static final Duration IDLE = Duration.ofDays(1);
  private static final Duration SETTLE = Duration.ofSeconds(1);

  private final SourceConfig config;
  private final ModelControlMode mode;
  private final Duration interval;
  private final Source source;
  private final SourceVersions versions;
  private final Plans plans;
  private final InstantSource clock;
  private final Commands commands = new Commands();
  private final CompletableFuture<@Nullable Void> tried = new CompletableFuture<>();
  private final Thread thread;

  // The thread's own.
  private final TreeMap<Long, VersionPlan.Load> wanted = new TreeMap<>();
  private VersionsConfig handling = VersionsConfig.DEFAULT;
  private VersionPlan.@Nullable Refuse refused;
  private @Nullable Endpoint endpoint;
  private @Nullable Revision pending;
  private long retryAtNanos;
  private int failures;

  private volatile @Nullable Watcher watcher;
  private volatile @Nullable DirectoryChanges changes;
  private volatile SourceStatus status;
  private volatile long activeNanos = System.nanoTime();
  private volatile boolean isLoading;

  /**
   * @param interval between two looks at the pointer; meaningless but in the mode POLL
   */
  SourceWatch(
      SourceConfig config,
      ModelControlMode mode,
      Duration interval,
      Source source,
      SourceVersions versions,
      Plans plans,
      InstantSource clock) {
    this.config = config;
    this.mode = mode;
    this.interval = interval;
    this.source = source;
    this.versions = versions;
    this.plans = plans;
    this.clock = clock;
    this.status =
        new SourceStatus(
            config.uri().toString(),
            config.pointer().toString(),
            "",
            Optional.empty(),
            clock.instant());
    this.thread = Thread.ofVirtual().name("source-" + config.model()).unstarted(this::run);
  }

  SourceConfig config() {
    return config;
  }

  SourceStatus status() {
    return status;
  }

  void start() {
    thread.start();
  }

  /**
   * Waits until the first version was tried, or the registry has been silent for longer than it may
   * be.
   */
  void awaitTried() throws InterruptedException {
    Duration patience =
        config
            .settings()
            .network()
            .connectTimeout()
            .plus(config.settings().network().readTimeout());
    while (true) {
      try {
        tried.get(
            Math.max(1, patience.toNanos() - (System.nanoTime() - activeNanos)),
            TimeUnit.NANOSECONDS);
        return;
      } catch (TimeoutException e) {
        if (!isLoading && System.nanoTime() - activeNanos >= patience.toNanos()) {
          LOG.atWarn()
              .addKeyValue("model", config.model())
              .addKeyValue("source", config.uri())
              .log("The registry is silent; the server is ready without it");
          return;
        }
      } catch (ExecutionException e) {
        throw new IllegalStateException(e.getCause());
      }
    }
  }

  /** Makes a look at the pointer happen now, if it is followed. */
  void hint() {
    Watcher following = watcher;
    if (following != null) {
      following.hint();
    }
  }

  /**
   * Loads a version now.
   *
   * @param version its number; empty for the one that the pointer means
   * @param isForced whether one that was refused before is tried again
   * @return fails with a {@link ServingException} that says why it cannot be served
   */
  CompletableFuture<Endpoint> load(OptionalLong version, boolean isForced) {
    return ask(() -> loadNow(version, isForced));
  }

  /**
   * Takes a version out.
   *
   * @param version its number; empty for all
   */
  CompletableFuture<Endpoint> unload(OptionalLong version) {
    return ask(() -> unloadNow(version));
  }

  /** Something done on the watch's thread for somebody who waits. */
  @FunctionalInterface
  private interface Answering {
    Endpoint run() throws InterruptedException;
  }

  private CompletableFuture<Endpoint> ask(Answering work) {
    CompletableFuture<Endpoint> done = new CompletableFuture<>();
    commands.add(() -> {
      try {
        done.complete(work.run());
      } catch (RegistryException e) {
        done.completeExceptionally(
            new ServingException(code(e.kind()), String.valueOf(e.getMessage()), e));
      } catch (InterruptedException e) {
        done.completeExceptionally(
            new ServingException(ErrorCode.UNAVAILABLE, "the server is stopping", e));
        Thread.currentThread().interrupt();
      } catch (RuntimeException e) {
        done.completeExceptionally(e);
      }
    });
    return done;
  }

  private static ErrorCode code(Kind kind) {
    return switch (kind) {
      case TRANSIENT, DENIED, CONFLICT -> ErrorCode.UNAVAILABLE;
      case NOT_FOUND -> ErrorCode.NOT_FOUND;
      case INVALID -> ErrorCode.INVALID_ARGUMENT;
    };
  }

  // The watch's thread.

  private void run() {
    try {
      begin();
      while (!Thread.currentThread().isInterrupted()) {
        long left = retryAtNanos - System.nanoTime();
        boolean _ = commands.run(pending == null ? IDLE : Duration.ofNanos(Math.max(0, left)));
        Revision due = pending;
        if (due != null && retryAtNanos - System.nanoTime() <= 0) {
          carryOut(due);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ServingException e) {
      LOG.atDebug().setCause(e).log("The server is stopping");
    } catch (RuntimeException | Error e) {
      LOG.atError()
          .setCause(e)
          .addKeyValue("model", config.model())
          .log("A model's source is no longer followed");
    } finally {
      tried.complete(null);
    }
  }

  private void begin() throws InterruptedException {
    if (mode == ModelControlMode.EXPLICIT) {
      tellIfNothingIsServed(
          "not loaded (expected: to be asked for, as model-control-mode is explicit)");
      tried.complete(null);
      return;
    }
    tellIfNothingIsServed("waits for " + config.uri());
    if (mode == ModelControlMode.NONE) {
      lookOnce();
      tried.complete(null);
      return;
    }
    Revision known = serveLast();
    if (known != null) {
      tried.complete(null);
    }
    Duration longest = interval.compareTo(LONGEST_RETRY) > 0 ? interval : LONGEST_RETRY;
    Watcher following =
        Watcher.start(
            source,
            config.pointer(),
            known,
            new WatchConfig(interval, longest, interval.compareTo(SETTLE) < 0 ? interval : SETTLE),
            this::take);
    watcher = following;
    if (config.uri().scheme().equals("file")) {
      try {
        changes = DirectoryChanges.watch(FileSources.directory(config.uri()), following::hint);
      } catch (IOException e) {
        LOG.atInfo()
            .addKeyValue("source", config.uri())
            .addKeyValue("reason", e.toString())
            .log("Changes are found by looking only");
      }
    }
  }

  /** On the watcher's thread. */
  private void take(Finding finding) {
    activeNanos = System.nanoTime();
    try {
      commands.put(() -> found(finding));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void found(Finding finding) {
    switch (finding) {
      case Finding.Seen(Revision revision) -> {
        pending = revision;
        failures = 0;
        retryAtNanos = System.nanoTime();
      }
      case Finding.Failed(Kind kind, String message, Instant _) -> {
        problem(kind, message);
        tellIfNothingIsServed(message);
        tried.complete(null);
      }
    }
  }

  /** Serves what was served last, by the store alone; null if that is not possible. */
  private @Nullable Revision serveLast() throws InterruptedException {
    try {
      Optional<Revision> last = versions.lastServed();
      if (last.isPresent()) {
        Optional<SourceVersions.Brought> there = versions.fromStore(last.get());
        if (there.isPresent() && serve(there.get(), false)) {
          return last.get();
        }
      }
    } catch (RegistryException e) {
      problem(e.kind(), String.valueOf(e.getMessage()));
    }
    return null;
  }

  private void lookOnce() throws InterruptedException {
    try {
      boolean _ = serve(versions.bring(versions.resolve(config.pointer()), this::moved), false);
    } catch (RegistryException e) {
      problem(e.kind(), String.valueOf(e.getMessage()));
      if (serveLast() == null) {
        tellIfNothingIsServed(String.valueOf(e.getMessage()));
      }
    }
  }

  private void carryOut(Revision revision) throws InterruptedException {
    try {
      activeNanos = System.nanoTime();
      boolean _ = serve(versions.bring(revision, this::moved), false);
      pending = null;
    } catch (RegistryException e) {
      failed(revision, e);
    } finally {
      tried.complete(null);
    }
  }

  private void moved(String path, long bytes, long ofBytes) {
    activeNanos = System.nanoTime();
  }

  private void failed(Revision revision, RegistryException e) throws InterruptedException {
    failures++;
    Duration wait =
        e.kind() == Kind.INVALID
            ? LONGEST_RETRY
            : FIRST_RETRY.multipliedBy(1L << Math.min(failures - 1, 16));
    Duration capped = wait.compareTo(LONGEST_RETRY) < 0 ? wait : LONGEST_RETRY;
    Duration asked = e.retryAfter().orElse(Duration.ZERO);
    long nanos = Math.max(capped.toNanos(), asked.toNanos());
    retryAtNanos = System.nanoTime() + nanos + ThreadLocalRandom.current().nextLong(nanos / 10 + 1);
    String message = String.valueOf(e.getMessage());
    problem(e.kind(), message);
    if (e.kind() == Kind.INVALID) {
      refuse(new VersionPlan.Refuse(versions.numberOf(revision), message));
    } else {
      tellIfNothingIsServed(message);
    }
  }

  /**
   * Has a version loaded and published.
   *
   * @return whether it serves
   */
  private boolean serve(SourceVersions.Brought version, boolean isForced)
      throws InterruptedException {
    return switch (version.plan()) {
      case VersionPlan.Load load -> serve(version, load, isForced);
      case VersionPlan.Refuse refuse -> {
        problem(Kind.INVALID, refuse.reason());
        refuse(refuse);
        yield false;
      }
      case VersionPlan.Unload _ -> throw new IllegalStateException("nothing was to be unloaded");
    };
  }

  private boolean serve(SourceVersions.Brought version, VersionPlan.Load load, boolean isForced)
      throws InterruptedException {
    TreeMap<Long, VersionPlan.Load> before = new TreeMap<>(wanted);
    if (mode != ModelControlMode.EXPLICIT) {
      wanted.clear();
    }
    wanted.put(load.number(), load);
    refused = null;
    handling = version.handling();
    ModelPlan plan = plan(List.of());
    apply(isForced ? plan.forced() : plan);
    Endpoint reached = required();
    if (serves(load, reached)) {
      versions.served(version.revision());
      clear(version.revision());
      return true;
    }
    wanted.clear();
    wanted.putAll(before);
    failedToLoad(version, load, reached);
    return false;
  }

  private static boolean serves(VersionPlan.Load load, Endpoint endpoint) {
    VersionStatus is = find(load.number(), endpoint);
    return is != null && is.state() == VersionState.READY && is.digest().equals(load.digest());
  }

  private static @Nullable VersionStatus find(long number, Endpoint endpoint) {
    return endpoint.versions().stream()
        .filter(one -> one.version().number() == number)
        .findFirst()
        .orElse(null);
  }

  private void failedToLoad(
      SourceVersions.Brought version, VersionPlan.Load load, Endpoint endpoint) {
    VersionStatus is = find(load.number(), endpoint);
    String reason = is == null ? "not loaded" : is.reason();
    problem(Kind.INVALID, reason);
    refused = new VersionPlan.Refuse(load.number(), reason);
    if (!versions.lastServed().map(version.revision()::sameAs).orElse(false)) {
      versions.quarantine(version.digest(), reason);
    }
  }

  /** Tells of a version that cannot be loaded, beside what is served. */
  private void refuse(VersionPlan.Refuse refusal) throws InterruptedException {
    refused = refusal;
    apply(plan(List.of()));
  }

  private void tellIfNothingIsServed(String reason) {
    if (wanted.isEmpty() && refused == null) {
      CompletableFuture<Endpoint> _ = plans.apply(new ModelPlan(config.model(), List.of(), reason));
    }
  }

  /** Returns what is wanted, and what is to be told beside it. */
  private ModelPlan plan(List<VersionPlan> told) {
    TreeMap<Long, VersionPlan> all = new TreeMap<>(wanted);
    told.forEach(version -> all.put(version.number(), version));
    VersionPlan.Refuse refusal = refused;
    if (refusal != null) {
      all.put(refusal.number(), refusal);
    }
    return new ModelPlan(config.model(), List.copyOf(all.values()), "", handling, false);
  }

  private void apply(ModelPlan plan) throws InterruptedException {
    isLoading = true;
    try {
      Endpoint reached = plans.apply(plan).get();
      versions.release(reached);
      endpoint = reached;
    } catch (ExecutionException e) {
      throw e.getCause() instanceof ServingException stopping
          ? stopping
          : new IllegalStateException(e.getCause());
    } finally {
      isLoading = false;
      activeNanos = System.nanoTime();
    }
  }

  private Endpoint loadNow(OptionalLong version, boolean isForced) throws InterruptedException {
    Pointer pointer =
        version.isPresent() && mode == ModelControlMode.EXPLICIT
            ? Pointer.version(version.getAsLong())
            : config.pointer();
    Revision revision = versions.resolve(pointer);
    if (isForced) {
      versions.pardon(revision);
    }
    SourceVersions.Brought brought = versions.bring(revision, this::moved);
    long number = brought.plan().number();
    if (version.isPresent() && version.getAsLong() != number) {
      throw new ServingException(
          ErrorCode.NOT_FOUND,
          config.pointer()
              + " of "
              + config.uri()
              + " means version "
              + number
              + " (expected: "
              + version.getAsLong()
              + ", which was asked for)");
    }
    if (version.isEmpty()) {
      wanted.clear();
    }
    pending = null;
    if (!serve(brought, isForced)) {
      throw new ServingException(
          ErrorCode.INVALID_ARGUMENT,
          "version " + number + ": " + status.problem().orElse("not loaded"));
    }
    return required();
  }

  private Endpoint unloadNow(OptionalLong version) throws InterruptedException {
    List<VersionPlan> out = new ArrayList<>();
    for (long number : List.copyOf(wanted.keySet())) {
      if (version.isEmpty() || version.getAsLong() == number) {
        out.add(new VersionPlan.Unload(number, "unloaded over the API"));
        wanted.remove(number);
      }
    }
    if (out.isEmpty()) {
      throw new ServingException(
          ErrorCode.NOT_FOUND,
          version.isEmpty()
              ? "no version of it is loaded"
              : "version "
                  + version.getAsLong()
                  + " is not loaded (expected: one of "
                  + wanted.keySet()
                  + ")");
    }
    refused = null;
    apply(plan(out));
    return required();
  }

  private Endpoint required() {
    return Objects.requireNonNull(endpoint, "a plan was carried out");
  }

  private void problem(Kind kind, String message) {
    SourceStatus before = status;
    if (before.problem().equals(Optional.of(message))) {
      return;
    }
    status =
        new SourceStatus(
            before.source(),
            before.pointer(),
            before.revision(),
            Optional.of(message),
            clock.instant());
    LOG.atWarn()
        .addKeyValue("model", config.model())
        .addKeyValue("source", config.uri())
        .addKeyValue("pointer", config.pointer())
        .addKeyValue("kind", kind)
        .addKeyValue("reason", message)
        .log("The version that the pointer means is not served; what is served goes on");
  }

  private void clear(Revision revision) {
    SourceStatus before = status;
    if (before.problem().isEmpty() && before.revision().equals(revision.revision())) {
      return;
    }
    status =
        new SourceStatus(
            before.source(),
            before.pointer(),
            revision.revision(),
            Optional.empty(),
            clock.instant());
  }

  @Override
  public void close() {
    DirectoryChanges watching = changes;
    if (watching != null) {
      watching.close();
    }
    Watcher following = watcher;
    if (following != null) {
      following.close();
    }
    thread.interrupt();
    try {
      boolean _ = thread.join(Duration.ofSeconds(1));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    versions.close();
  }
}
