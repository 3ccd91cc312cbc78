package dev.skeg.runtime.source;

import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.Revision;
import dev.skeg.runtime.config.SourceConfig;
import dev.skeg.runtime.config.VersionsConfig;
import dev.skeg.runtime.control.ModelPlan;
import dev.skeg.runtime.control.VersionPlan;
import dev.skeg.runtime.endpoint.Endpoint;
import dev.skeg.runtime.endpoint.VersionStatus;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What of one sourced model is wanted, what is told beside it, and how that went.
 *
 * <p>A version that cannot be loaded goes into quarantine, unless it is the one that served last:
 * it did load once, so that something else must be wrong. One that ends the process that loads it,
 * again and again, goes there in any case.
 *
 * <p><b>Threads.</b> Owned by the watch's thread, but for {@link #status}, which any may read.
 */
final class SourceServing {
  private static final Logger LOG = LoggerFactory.getLogger(SourceServing.class);

  private static final String DEADLY =
      "the process ended while it was loaded, "
          + LoadAttempts.MOST_DEATHS
          + " times in a row (expected: another version, or force)";

  private final SourceConfig config;
  private final SourceVersions versions;
  private final Plans plans;
  private final FirstTry firstTry;
  private final InstantSource clock;
  private final TreeMap<Long, VersionPlan.Load> wanted = new TreeMap<>();
  private final KeptVersions kept;
  private VersionsConfig handling = VersionsConfig.DEFAULT;
  private VersionPlan.@Nullable Refuse refused;
  private @Nullable Endpoint endpoint;
  private volatile SourceStatus status;

  SourceServing(
      SourceConfig config,
      SourceVersions versions,
      Plans plans,
      FirstTry firstTry,
      InstantSource clock) {
    this.config = config;
    this.versions = versions;
    this.plans = plans;
    this.firstTry = firstTry;
    this.clock = clock;
    this.kept = new KeptVersions(config.model(), versions);
    this.status =
        new SourceStatus(
            config.uri().toString(),
            config.pointer().toString(),
            "",
            Optional.empty(),
            Optional.empty(),
            clock.instant(),
            Optional.empty());
  }

  SourceStatus status() {
    return status;
  }

  /**
   * How a version is to be served.
   *
   * @param isForced whether it is tried again if it failed before
   * @param isAlone whether it takes the place of all others
   */
  record Manner(boolean isForced, boolean isAlone) {
    /** As a pointer says that moved. */
    static final Manner FOLLOWED = new Manner(false, true);
  }

  /**
   * Has a version loaded and published.
   *
   * @return whether it serves
   * @throws RegistryException of kind TRANSIENT if it may do so later
   * @throws ServingException if the server stops meanwhile
   */
  boolean serve(SourceVersions.Brought version, Manner manner) throws InterruptedException {
    return switch (version.plan()) {
      case VersionPlan.Load load -> serve(version, load, manner);
      case VersionPlan.Refuse refuse -> {
        problem(Kind.INVALID, refuse.reason());
        refuse(refuse);
        yield false;
      }
      case VersionPlan.Unload _ -> throw new IllegalStateException("nothing was to be unloaded");
    };
  }

  private boolean serve(SourceVersions.Brought version, VersionPlan.Load load, Manner manner)
      throws InterruptedException {
    LoadAttempts attempts = versions.attempts();
    if (manner.isForced()) {
      attempts.forget(load.digest());
    }
    if (attempts.isDeadly(load.digest())) {
      attempts.forget(load.digest());
      versions.quarantine(load.digest(), DEADLY);
      problem(Kind.INVALID, DEADLY);
      refuse(new VersionPlan.Refuse(load.number(), DEADLY));
      return false;
    }
    return tryOut(version, load, manner);
  }

  private boolean tryOut(SourceVersions.Brought version, VersionPlan.Load load, Manner manner)
      throws InterruptedException {
    TreeMap<Long, VersionPlan.Load> before = new TreeMap<>(wanted);
    if (manner.isAlone()) {
      wanted.clear();
    }
    wanted.put(load.number(), load);
    refused = null;
    handling = version.handling();
    ModelPlan plan = plan(List.of());
    KeptVersions.Served trial = new KeptVersions.Served(load, version.revision(), handling);
    try {
      apply(manner.isForced() ? plan.forced() : plan);
    } catch (InterruptedException e) {
      stoppedAt(trial, e);
      throw e;
    }
    Endpoint reached = required();
    if (KeptVersions.serves(load, reached)) {
      kept.served(trial, reached);
      seen(version.revision());
      return true;
    }
    wanted.clear();
    wanted.putAll(before);
    failedToLoad(version, load, reached);
    return false;
  }

  /** If clients may have seen a version serve, the next process begins with it. */
  private void stoppedAt(KeptVersions.Served version, InterruptedException stop) {
    try {
      plans
          .endpoint(config.model())
          .filter(now -> KeptVersions.serves(version.load(), now))
          .ifPresent(now -> kept.served(version, now));
    } catch (RegistryException e) {
      stop.addSuppressed(e);
    }
  }

  /** Returns the numbers that {@link #goBack} leads to. */
  Set<Long> ready() {
    return kept.ready(plans.endpoint(config.model()));
  }

  /**
   * Has a version serve again that has served and is still in memory; asks nothing of its source.
   *
   * @param isAlone whether it takes the place of all others
   * @return whether there is one
   */
  boolean goBack(long number, boolean isAlone) throws InterruptedException {
    Set<Long> _ = ready();
    KeptVersions.Served version = kept.ready(number).orElse(null);
    if (version == null) {
      return false;
    }
    if (isAlone) {
      wanted.clear();
    }
    wanted.put(number, version.load());
    refused = null;
    handling = version.handling();
    apply(plan(List.of()));
    kept.served(version, required());
    return true;
  }

  /** Returns whether clients may call versions by labels. */
  boolean hasLabels() {
    return !handling.labels().isEmpty();
  }

  /**
   * Has the versions loaded again that an earlier process kept for going back, once something is
   * served. Waits for them only if labels may mean one of them; otherwise the first version counts
   * as tried without them.
   *
   * @param later does something on the watch's thread
   */
  void restore(Consumer<Runnable> later) throws InterruptedException {
    if (wanted.isEmpty()) {
      return;
    }
    if (!hasLabels()) {
      firstTry.done();
    }
    if (!isBrought()) {
      return;
    }
    if (hasLabels()) {
      apply(plan(List.of()));
      restored();
    } else {
      // What waits for a place among the commands must not be the control thread.
      CompletableFuture<Endpoint> _ =
          plans
              .apply(plan(List.of()))
              .whenComplete((_, _) -> Thread.ofVirtual().start(() -> later.accept(this::restored)));
    }
  }

  private boolean isBrought() {
    firstTry.loading(true); // It reads all of their bytes.
    try {
      return kept.bring(plans.endpoint(config.model()));
    } finally {
      firstTry.loading(false);
    }
  }

  private void restored() {
    kept.restored(plans.endpoint(config.model()));
  }

  private void failedToLoad(
      SourceVersions.Brought version, VersionPlan.Load load, Endpoint endpoint) {
    VersionStatus is = endpoint.version(load.number());
    String reason = is == null ? "not loaded" : is.reason();
    if (is != null && is.isPassing()) {
      throw new RegistryException(Kind.TRANSIENT, reason);
    }
    problem(Kind.INVALID, reason);
    refused = new VersionPlan.Refuse(load.number(), reason);
    if (!versions.lastServed().map(version.revision()::sameAs).orElse(false)) {
      versions.quarantine(version.digest(), reason);
    }
  }

  /** Tells of a version that cannot be loaded, beside what is served. */
  void refuse(VersionPlan.Refuse refusal) throws InterruptedException {
    refused = refusal;
    apply(plan(List.of()));
  }

  /** Says why there is no version, if there is none. */
  void tellIfNothingIsServed(String reason) {
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
    return new ModelPlan(
        config.model(),
        List.copyOf(all.values()),
        "",
        handling,
        false,
        kept.loads(all.keySet()),
        versions.attempts());
  }

  /** Lets the store evict what has been freed since the last plan was carried out. */
  void releaseFreed() {
    plans
        .endpoint(config.model())
        .ifPresent(endpoint -> versions.release(endpoint, kept.digests()));
  }

  private void apply(ModelPlan plan) throws InterruptedException {
    firstTry.loading(true);
    try {
      Endpoint reached = plans.apply(plan).get();
      versions.release(reached, kept.digests());
      endpoint = reached;
    } catch (ExecutionException e) {
      throw e.getCause() instanceof ServingException stopping
          ? stopping
          : new IllegalStateException(e.getCause());
    } finally {
      firstTry.loading(false);
    }
  }

  /**
   * Takes versions out.
   *
   * @param version its number; empty for all
   * @throws ServingException of code NOT_FOUND if it is not loaded
   */
  Endpoint unload(OptionalLong version) throws InterruptedException {
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
    boolean _ = kept.remember(Optional.of(required()));
    return required();
  }

  /** Returns what the last plan led to. */
  Endpoint required() {
    return Objects.requireNonNull(endpoint, "a plan was carried out");
  }

  /** Notes why the version that the pointer means is not served. */
  void problem(Kind kind, String message) {
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
            Optional.of(kind),
            clock.instant(),
            Optional.empty());
    LOG.atWarn()
        .addKeyValue("model", config.model())
        .addKeyValue("source", config.uri())
        .addKeyValue("pointer", config.pointer())
        .addKeyValue("kind", kind)
        .addKeyValue("reason", message)
        .log("The version that the pointer means is not served; what is served goes on");
  }

  /** Notes that nothing is known against what the pointer means. */
  void seen(Revision revision) {
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
            Optional.empty(),
            clock.instant(),
            Optional.empty());
  }
}
