package dev.skeg.runtime.source;

import dev.skeg.registry.ModelDirectory;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.file.DirectoryChanges;
import dev.skeg.runtime.config.ServerConfig.ModelControl;
import dev.skeg.runtime.config.ServerConfig.ModelControlMode;
import dev.skeg.runtime.control.ModelPlan;
import dev.skeg.runtime.control.VersionPlan;
import dev.skeg.runtime.endpoint.Endpoint;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows a directory of models: what is new, changed or gone there is taken up.
 *
 * <p>The scan is the truth; inotify only makes it happen now. While the directory cannot be read,
 * what is served goes on.
 *
 * <p><b>Threads.</b> A virtual thread of its own scans; {@link #start} is called once, before.
 */
final class RepositoryWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RepositoryWatch.class);

  /** A model of which nothing but a version being written is known is not told of before. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final String NOT_LOADED =
      "not loaded (expected: to be asked for, as model-control-mode is explicit)";
  private static final String UNLOADED = "unloaded over the API";
  private static final Duration IDLE = Duration.ofDays(1);

  private final RepositoryScan scan;
  private final Chosen chosen;
  private final Plans plans;
  private final DirectoryQuarantine quarantine;
  private final ExecutorService noting =
      Executors.newSingleThreadExecutor(Thread.ofVirtual().name("quarantine").factory());
  private final ModelControl control;
  private final ModelControlMode mode;
  private final Duration interval;
  private final InstantSource clock;
  private final Commands commands = new Commands();
  private final Thread thread;
  private final Map<String, ModelPlan> applied = new HashMap<>();
  private final PassingFailures retries;
  private final Map<String, Long> heldBackSinceNanos = new HashMap<>();
  private @Nullable DirectoryChanges changes;
  private boolean isFailing;

  /**
   * Which versions were asked for, in the mode EXPLICIT: by model, empty for those of its policy; a
   * model that is not there is not loaded. <b>Threads.</b> Owned by the watch's thread.
   */
  private static final class Chosen implements RepositoryScan.VersionChoice {
    private final Map<String, Optional<Set<Long>>> byModel = new HashMap<>();

    @Override
    public List<Long> of(String model, PlanMaker.Setup setup, List<Long> available) {
      Optional<Set<Long>> numbers = byModel.getOrDefault(model, Optional.empty());
      return numbers.isPresent()
          ? numbers.get().stream().sorted().toList()
          : BY_POLICY.of(model, setup, available);
    }
  }

  /**
   * @param elsewhere models that have a source of their own
   * @param control whose interval between two scans is less or more a tenth
   */
  RepositoryWatch(
      ModelDirectory directory,
      PlanMaker maker,
      Set<String> elsewhere,
      Plans plans,
      DirectoryQuarantine quarantine,
      ModelControl control,
      InstantSource clock) {
    this.chosen = new Chosen();
    this.scan = new RepositoryScan(directory, maker, elsewhere, chosen, quarantine::heldAgainst);
    this.plans = plans;
    this.quarantine = quarantine;
    this.control = control;
    this.mode = control.mode();
    this.interval = Duration.ofSeconds(Math.max(1, control.pollSeconds()));
    this.clock = clock;
    this.retries = new PassingFailures(interval);
    this.thread = Thread.ofVirtual().name("watch-" + scan.root()).unstarted(this::run);
  }

  /**
   * Looks at everything for the first time.
   *
   * @return each is done when a model's versions were tried
   * @throws RegistryException if the directory cannot be read
   */
  List<CompletableFuture<Endpoint>> start() throws InterruptedException {
    List<CompletableFuture<Endpoint>> tried = new ArrayList<>();
    for (ModelPlan plan : settled().plans().values()) {
      ModelPlan first = control.startsWith(plan.model()) ? plan : out(plan, NOT_LOADED);
      applied.put(plan.model(), first);
      tried.add(apply(first));
    }
    return tried;
  }

  /** Has a plan carried out, and notes beside it what became of it. */
  private CompletableFuture<Endpoint> apply(ModelPlan plan) {
    CompletableFuture<Endpoint> carriedOut = plans.apply(plan);
    CompletableFuture<Endpoint> _ =
        carriedOut.whenCompleteAsync(
            (endpoint, _) -> {
              if (endpoint != null) {
                quarantine.note(plan, endpoint);
              }
            },
            noting);
    return carriedOut;
  }

  /** Looks, and once more if something does not stand still. */
  private RepositoryScan.Result settled() throws InterruptedException {
    RepositoryScan.Result result = scan.scan(clock.instant(), System.nanoTime());
    if (result.isMoving()) {
      Thread.sleep(Settling.STILL);
      result = scan.scan(clock.instant(), System.nanoTime());
    }
    return result;
  }

  /** Returns a plan that has every version out. */
  private static ModelPlan out(ModelPlan plan, String reason) {
    List<VersionPlan> out =
        plan.versions().stream()
            .map(version -> (VersionPlan) new VersionPlan.Unload(version.number(), reason))
            .toList();
    return new ModelPlan(plan.model(), out, out.isEmpty() ? reason : "", plan.handling(), false);
  }

  /** Goes on to look, or to do what it is asked to, until it is closed. */
  void follow() {
    if (mode == ModelControlMode.POLL) {
      hearChanges();
    }
    thread.start();
  }

  private void hearChanges() {
    try {
      changes = DirectoryChanges.watchModels(scan.root(), commands::hint);
    } catch (IOException e) {
      LOG.atWarn()
          .addKeyValue("directory", scan.root())
          .addKeyValue("reason", e.toString())
          .log("Changes in the models directory are found by looking only");
    }
  }

  /**
   * Loads a model's version now.
   *
   * @param version its number; empty for those that the model's policy chooses
   * @param isForced whether one that was refused before is tried again
   * @return fails with a {@link ServingException} that says why it cannot be served
   */
  CompletableFuture<Endpoint> load(String model, OptionalLong version, boolean isForced) {
    CompletableFuture<CompletableFuture<Endpoint>> begun = new CompletableFuture<>();
    commands.ask(begun, () -> loadNow(model, version, isForced));
    return begun.thenCompose(endpoint -> endpoint);
  }

  /**
   * Takes a version out.
   *
   * @param version its number; empty for all
   */
  CompletableFuture<Endpoint> unload(String model, OptionalLong version) {
    CompletableFuture<CompletableFuture<Endpoint>> begun = new CompletableFuture<>();
    commands.ask(begun, () -> unloadNow(model, version));
    return begun.thenCompose(endpoint -> endpoint);
  }

  private CompletableFuture<Endpoint> loadNow(String model, OptionalLong version, boolean isForced)
      throws InterruptedException {
    if (mode == ModelControlMode.EXPLICIT) {
      Set<Long> numbers = loaded(model);
      version.ifPresent(numbers::add);
      chosen.byModel.put(model, version.isPresent() ? Optional.of(numbers) : Optional.empty());
    }
    if (isForced) {
      version.ifPresent(number -> quarantine.pardon(model, number));
    }
    scan.reconsider(model);
    ModelPlan plan = settled().plans().get(model);
    if (plan == null) {
      chosen.byModel.remove(model);
      throw new ServingException(
          ErrorCode.NOT_FOUND,
          "no such model in " + scan.root() + " (expected: one of its directories)");
    }
    if (version.isPresent()
        && plan.versions().stream().noneMatch(one -> one.number() == version.getAsLong())) {
      throw new ServingException(
          ErrorCode.NOT_FOUND,
          "version " + version.getAsLong() + " is not chosen by the model's version_policy");
    }
    applied.put(model, plan);
    return apply(isForced ? plan.forced() : plan);
  }

  private CompletableFuture<Endpoint> unloadNow(String model, OptionalLong version) {
    ModelPlan before = applied.get(model);
    Set<Long> numbers = loaded(model);
    if (before == null
        || (version.isPresent() ? !numbers.contains(version.getAsLong()) : numbers.isEmpty())) {
      throw new ServingException(
          ErrorCode.NOT_FOUND,
          version.isPresent()
              ? "version "
                  + version.getAsLong()
                  + " is not loaded (expected: one of "
                  + numbers
                  + ")"
              : "no version of it is loaded");
    }
    List<VersionPlan> versions =
        before.versions().stream()
            .map(one ->
                version.isEmpty() || version.getAsLong() == one.number()
                    ? new VersionPlan.Unload(one.number(), UNLOADED)
                    : one)
            .toList();
    version.ifPresent(numbers::remove);
    if (version.isEmpty() || numbers.isEmpty()) {
      chosen.byModel.remove(model);
    } else {
      chosen.byModel.put(model, Optional.of(numbers));
    }
    ModelPlan plan = new ModelPlan(model, versions, "", before.handling(), false);
    applied.put(model, plan);
    return apply(plan);
  }

  /** Returns the numbers that are to be loaded as it stands. */
  private Set<Long> loaded(String model) {
    Set<Long> numbers = new TreeSet<>();
    ModelPlan plan = applied.get(model);
    if (plan != null) {
      plan.versions().stream()
          .filter(VersionPlan.Load.class::isInstance)
          .forEach(version -> numbers.add(version.number()));
    }
    return numbers;
  }

  private void run() {
    try {
      // Something may have changed between start and inotify.
      Duration wait = mode == ModelControlMode.POLL ? Settling.STILL : IDLE;
      while (!Thread.currentThread().isInterrupted()) {
        boolean _ = commands.run(wait);
        if (mode == ModelControlMode.POLL) {
          wait = look() ? Settling.STILL : jittered();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Duration jittered() {
    long tenth = Math.max(1, interval.toNanos() / 10);
    return interval.plusNanos(ThreadLocalRandom.current().nextLong(-tenth, tenth + 1));
  }

  /** Returns whether to look again soon. */
  private boolean look() {
    RepositoryScan.Result result;
    try {
      result = scan.scan(clock.instant(), System.nanoTime());
    } catch (RuntimeException e) {
      if (!isFailing) {
        LOG.atWarn()
            .setCause(e instanceof RegistryException ? e.getCause() : e)
            .addKeyValue("reason", e.getMessage())
            .log("The models directory cannot be read; what is served goes on");
      }
      isFailing = true;
      return false;
    }
    if (isFailing) {
      LOG.atInfo().addKeyValue("directory", scan.root()).log("The models directory can be read");
    }
    isFailing = false;
    take(result, System.nanoTime());
    return result.isMoving();
  }

  private void take(RepositoryScan.Result result, long nowNanos) {
    Set<String> heldBack = new HashSet<>();
    for (ModelPlan plan : result.plans().values()) {
      String model = plan.model();
      ModelPlan before = applied.get(model);
      if (before == null && plan.versions().isEmpty() && result.isMoving()) {
        long since = heldBackSinceNanos.computeIfAbsent(model, _ -> nowNanos);
        if (nowNanos - since < PATIENCE.toNanos()) {
          heldBack.add(model);
          continue;
        }
      }
      if (!plan.equals(before) || retries.isDue(model, plans.endpoint(model), nowNanos)) {
        applied.put(model, plan);
        CompletableFuture<Endpoint> _ = apply(plan);
      }
    }
    heldBackSinceNanos.keySet().retainAll(heldBack);
    for (String model : result.removed()) {
      if (applied.remove(model) != null) {
        CompletableFuture<@Nullable Void> _ = plans.forget(model);
      }
    }
  }

  @Override
  public void close() {
    noting.shutdown();
    try {
      boolean _ = noting.awaitTermination(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    thread.interrupt();
    DirectoryChanges watching = changes;
    if (watching != null) {
      watching.close();
    }
  }
}
