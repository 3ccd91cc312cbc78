package dev.skeg.runtime.source;

import dev.skeg.registry.Pointer;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.Revision;
import dev.skeg.registry.file.DirectoryChanges;
import dev.skeg.registry.file.FileSources;
import dev.skeg.registry.watch.Finding;
import dev.skeg.registry.watch.WatchConfig;
import dev.skeg.registry.watch.Watcher;
import dev.skeg.runtime.config.ServerConfig.ModelControl;
import dev.skeg.runtime.config.ServerConfig.ModelControlMode;
import dev.skeg.runtime.config.SourceConfig;
import dev.skeg.runtime.control.VersionPlan;
import dev.skeg.runtime.endpoint.Endpoint;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.source.SourceServing.Manner;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows one model's pointer: what it means is fetched, checked, loaded and served.
 *
 * <p><b>Start.</b> What was served last is taken from the store without asking the network; then
 * the pointer is looked up, and what was kept for going back is loaded again. So a server starts
 * with its registry down, and a registry that hangs holds nobody up for longer than its timeouts.
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

  /**
   * Short enough that a pointer that moves twice within an interval is followed within a second.
   */
  private static final Duration SETTLE = Duration.ofMillis(400);

  private final SourceConfig config;
  private final ModelControlMode mode;
  private final boolean startsAtOnce;
  private final Duration interval;
  private final LookedUp source;
  private final SourceVersions versions;
  private final SourceServing serving;
  private final FirstTry firstTry = new FirstTry();
  private final Commands commands = new Commands();
  private final Thread thread;

  // The thread's own.
  private final PendingRevision pending = new PendingRevision();
  private @Nullable Revision left; // What the pointer meant when somebody went back from it.

  private volatile @Nullable Revision newest; // What the pointer last meant.
  private volatile @Nullable Watcher watcher;
  private volatile @Nullable DirectoryChanges changes;

  /**
   * @param interval between two looks at the pointer; meaningless but in the mode POLL
   */
  SourceWatch(
      SourceConfig config,
      ModelControl control,
      Duration interval,
      LookedUp source,
      SourceVersions versions,
      Plans plans,
      InstantSource clock) {
    this.config = config;
    this.startsAtOnce = control.startsWith(config.model());
    this.mode = control.mode();
    this.interval = interval;
    this.source = source;
    this.versions = versions;
    this.serving = new SourceServing(config, versions, plans, firstTry, clock);
    this.thread = Thread.ofVirtual().name("source-" + config.model()).unstarted(this::run);
  }

  SourceConfig config() {
    return config;
  }

  SourceStatus status() {
    return serving.status().lookedAt(source.time());
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
    if (!firstTry.await(patience)) {
      LOG.atWarn()
          .addKeyValue("model", config.model())
          .addKeyValue("source", config.uri())
          .log("The registry is silent; the server is ready without it");
    }
  }

  /** Makes a look at the pointer happen now, if it is followed. */
  void hint() {
    Watcher following = watcher;
    if (following != null) {
      following.hint();
      commands.hint(); // And what failed before is tried now, even if nothing changed.
    }
  }

  /**
   * Loads a version now. One that has served and is still in memory serves again, whatever its
   * source says, until the pointer moves; in any mode.
   *
   * @param version its number; empty for the one that the pointer means
   * @param isForced whether one that was refused before is tried again
   * @return fails with a {@link ServingException} that says why it cannot be served
   */
  CompletableFuture<Endpoint> load(OptionalLong version, boolean isForced) {
    CompletableFuture<Endpoint> done = new CompletableFuture<>();
    commands.ask(done, () -> loadNow(version, isForced));
    return done;
  }

  /**
   * Takes a version out.
   *
   * @param version its number; empty for all
   */
  CompletableFuture<Endpoint> unload(OptionalLong version) {
    CompletableFuture<Endpoint> done = new CompletableFuture<>();
    commands.ask(done, () -> serving.unload(version));
    return done;
  }

  // The watch's thread.

  private void run() {
    try {
      begin();
      while (!Thread.currentThread().isInterrupted()) {
        boolean isHinted = commands.run(pending.untilDue());
        Optional<Revision> due = pending.due(isHinted);
        if (due.isPresent()) {
          carryOut(due.get());
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
      firstTry.done();
    }
  }

  private void begin() throws InterruptedException {
    if (!startsAtOnce) {
      serving.tellIfNothingIsServed(
          "not loaded (expected: to be asked for, as model-control-mode is explicit)");
      firstTry.done();
      return;
    }
    serving.tellIfNothingIsServed("waits for " + config.uri());
    Revision known = serveLast();
    if (mode != ModelControlMode.POLL) {
      lookOnce(known);
      serving.restore(this::later);
      firstTry.done();
      return;
    }
    if (known != null) {
      if (serving.hasLabels()) {
        serving.restore(this::later);
      }
      firstTry.done();
    }
    Duration usual = PendingRevision.LONGEST_RETRY;
    Duration longest = interval.compareTo(usual) > 0 ? interval : usual;
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
    serving.restore(this::later);
  }

  private void later(Runnable command) {
    try {
      commands.put(command);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** On the watcher's thread. */
  private void take(Finding finding) {
    firstTry.active();
    if (finding instanceof Finding.Seen(Revision revision)) {
      newest = revision;
    }
    later(() -> found(finding));
  }

  private void found(Finding finding) {
    switch (finding) {
      case Finding.Seen(Revision revision) -> {
        if (left != null && left.sameAs(revision)) {
          serving.seen(revision);
        } else {
          left = null;
          pending.set(revision);
        }
      }
      case Finding.Failed(Kind kind, String message, Instant _) -> {
        serving.problem(kind, message);
        serving.tellIfNothingIsServed(message);
        firstTry.done();
      }
    }
  }

  /** Serves what was served last, by the store alone; null if that is not possible. */
  private @Nullable Revision serveLast() throws InterruptedException {
    try {
      Optional<Revision> last = versions.lastServed();
      if (last.isPresent()) {
        Optional<SourceVersions.Brought> there = versions.fromStore(last.get());
        if (there.isPresent() && serving.serve(there.get(), Manner.FOLLOWED)) {
          return last.get();
        }
      }
    } catch (RegistryException e) {
      serving.problem(e.kind(), String.valueOf(e.getMessage()));
    }
    return null;
  }

  private void lookOnce(@Nullable Revision known) throws InterruptedException {
    try {
      Revision now = versions.resolve(config.pointer());
      if (known == null || !known.sameAs(now)) {
        boolean _ = serving.serve(versions.bring(now, this::moved), Manner.FOLLOWED);
      }
    } catch (RegistryException e) {
      serving.problem(e.kind(), String.valueOf(e.getMessage()));
      serving.tellIfNothingIsServed(String.valueOf(e.getMessage()));
    }
  }

  private void carryOut(Revision revision) throws InterruptedException {
    boolean isOvertaken = false;
    try {
      firstTry.active();
      serving.releaseFreed();
      boolean isServed =
          serving.serve(
              versions.bring(revision, (_, _, _) -> requireNewest(revision)), Manner.FOLLOWED);
      pending.clear();
      if (isServed) {
        serving.restore(this::later);
      }
    } catch (Overtaken e) {
      isOvertaken = true;
      pending.clear(); // The next one is among the commands already, or comes at once.
    } catch (RegistryException e) {
      failed(revision, e);
    } catch (ServingException e) {
      throw e; // The server stops.
    } catch (RuntimeException e) {
      failed(revision, new RegistryException(Kind.TRANSIENT, e.toString(), e));
    } finally {
      if (!isOvertaken) {
        firstTry.done();
      }
    }
  }

  /** The pointer means something else by now; what has come so far is there to go on with. */
  private static final class Overtaken extends RuntimeException {
    private static final long serialVersionUID = 1;

    Overtaken() {
      super("the pointer has moved on");
    }
  }

  private void requireNewest(Revision revision) {
    firstTry.active();
    Revision now = newest;
    if (now != null && !now.sameAs(revision)) {
      throw new Overtaken();
    }
  }

  private void moved(String path, long bytes, long ofBytes) {
    firstTry.active();
  }

  private void failed(Revision revision, RegistryException e) throws InterruptedException {
    pending.failed(e);
    String message = String.valueOf(e.getMessage());
    serving.problem(e.kind(), message);
    if (e.kind() == Kind.INVALID) {
      serving.refuse(new VersionPlan.Refuse(versions.numberOf(revision), message));
    } else {
      serving.tellIfNothingIsServed(message);
    }
  }

  private Endpoint loadNow(OptionalLong version, boolean isForced) throws InterruptedException {
    if (version.isPresent() && !isForced) {
      if (serving.goBack(version.getAsLong(), mode != ModelControlMode.EXPLICIT)) {
        pending.clear();
        left = newest;
        return serving.required();
      }
      if (mode != ModelControlMode.EXPLICIT) {
        throw ModelSources.notExplicit(", or a version in memory: one of " + serving.ready());
      }
    }
    Pointer pointer =
        version.isPresent() && mode == ModelControlMode.EXPLICIT
            ? Pointer.version(version.getAsLong())
            : config.pointer();
    Revision revision = versions.resolve(pointer);
    if (revision.number() > 0) {
      requireNumber(version, revision.number());
    }
    if (isForced) {
      versions.pardon(revision);
    }
    serving.releaseFreed();
    SourceVersions.Brought brought = versions.bring(revision, this::moved);
    long number = brought.plan().number();
    requireNumber(version, number);
    pending.clear();
    left = null;
    boolean isAlone = version.isEmpty() || mode != ModelControlMode.EXPLICIT;
    if (!serving.serve(brought, new Manner(isForced, isAlone))) {
      throw new ServingException(
          ErrorCode.INVALID_ARGUMENT,
          "version " + number + ": " + serving.status().problem().orElse("not loaded"));
    }
    return serving.required();
  }

  private void requireNumber(OptionalLong wanted, long number) {
    if (wanted.isPresent() && wanted.getAsLong() != number) {
      throw new ServingException(
          ErrorCode.NOT_FOUND,
          config.pointer()
              + " of "
              + config.uri()
              + " means version "
              + number
              + " (expected: "
              + wanted.getAsLong()
              + ", which was asked for)");
    }
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
