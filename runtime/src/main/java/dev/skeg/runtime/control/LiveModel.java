package dev.skeg.runtime.control;

import dev.skeg.runtime.config.SwapPolicy;
import dev.skeg.runtime.endpoint.Endpoint;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.servable.RecentRequests;
import dev.skeg.runtime.servable.Servable;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One model: what is wanted, what is loaded, and the way from one to the other.
 *
 * <p>Whatever happens (another plan, a load that ended, a version that failed or is gone) the same
 * {@link #reconcile} runs: it starts the loads that are missing, says who answers, publishes that,
 * and only then retires those that nobody is sent to any more. A version leaves the routing when
 * everything that is wanted in its place is ready; if some of that cannot be had, it stays. What is
 * only to be kept for going back is loaded last.
 *
 * <p><b>Threads.</b> The control thread's.
 */
final class LiveModel {
  /** What a model has done for it, beside the control thread; each ends in a call of the model. */
  interface Steps {
    /** Loads a version; {@link #loaded} or {@link #failed} follows. */
    void load(VersionPlan.Load load, VersionLoader.Demands demands, LoadJournal journal);

    /** Retires a version that has just been taken out of the routing; {@link #freed} follows. */
    void retire(LiveVersion version);

    void publish(Endpoint endpoint);
  }

  private final Steps steps;
  private final StatusBoard board;
  private ModelPlan plan;
  private final RecentRequests recent;
  private @Nullable Signature lastSignature; // Of what answers, or did last.
  private boolean isStopping;
  private boolean isMakingRoom; // Nothing is loaded until what gives way is gone.

  // By number.
  private final Map<Long, LiveVersion> live = new TreeMap<>();
  private final Map<Long, VersionPlan.Load> loading = new TreeMap<>();
  private final Failures failures = new Failures();
  private final Routing routing = new Routing();

  private final List<Retired> retired = new ArrayList<>();
  private final Map<Long, VersionPlan.Load> restorable = new LinkedHashMap<>();
  private final List<CompletableFuture<Endpoint>> waiting = new ArrayList<>();
  private final List<CompletableFuture<@Nullable Void>> forgetting = new ArrayList<>();

  /** A version that is being finished, and why. */
  record Retired(LiveVersion version, String reason) {}

  LiveModel(ModelPlan plan, Steps steps, RecentRequests recent, Clock clock) {
    this.recent = recent;
    this.plan = plan;
    this.steps = steps;
    this.board = new StatusBoard(clock);
  }

  // What happens to a model.

  /** Makes {@code next} what is wanted; {@code done} completes once nothing is missing any more. */
  void apply(ModelPlan next, CompletableFuture<Endpoint> done) {
    plan = next;
    waiting.add(done);
    fail(forgetting, "it is wanted again");
    restorable.clear();
    failures.forget(next.isForced());
    reconcile();
  }

  void loaded(LiveVersion version) {
    long number = version.number();
    loading.remove(number);
    failures.remove(number);
    boolean isRestored = restorable.remove(number, version.load());
    boolean isKept = plan.keeps(version.load());
    if (isStopping || !(isRestored || isKept || plan.wants(version.load()))) {
      retire(version, "it was no longer wanted when it was loaded");
    } else {
      LiveVersion replaced = live.put(number, version);
      if (isKept) {
        routing.keep(number, plan);
      } else {
        routing.add(number);
      }
      if (replaced != null) {
        publish();
        retire(replaced, "other files have taken its place");
      }
    }
    reconcile();
  }

  void failed(VersionPlan.Load load, String reason, boolean isPassing) {
    loading.remove(load.number());
    restorable.remove(load.number(), load);
    failures.add(load, reason, isPassing);
    reconcile();
  }

  /**
   * There is no memory for a version. Those that are only kept for going back give way; if there
   * are none, or it is only to be one of them, it has failed until the model is looked at again.
   */
  void lackedMemory(VersionPlan.Load load, String reason) {
    loading.remove(load.number());
    List<LiveVersion> kept =
        routing.onlyKept().stream().map(live::get).filter(Objects::nonNull).toList();
    if (kept.isEmpty() || plan.keeps(load)) {
      restorable.remove(load.number(), load);
      failures.add(load, reason, true);
    } else {
      isMakingRoom = true;
      takeOut(kept, "its memory is for version " + load.number());
    }
    reconcile();
  }

  /** A version fails again and again: it is taken out, and not loaded again unless forced. */
  void quarantined(Servable servable, String reason) {
    LiveVersion version = live.get(servable.version().number());
    if (version != null && version.isOf(servable)) {
      live.remove(version.number());
      failures.add(version.load(), reason, false);
      route();
      publish();
      retire(version, reason);
      reconcile();
    }
  }

  void freed(LiveVersion version) {
    retired.removeIf(each -> each.version().isOf(version.ready().servable()));
    reconcile();
  }

  /**
   * Takes everything out, so that the model can be removed when it {@link #isGone}, unless another
   * plan comes before.
   */
  void forget(CompletableFuture<@Nullable Void> done) {
    forgetting.add(done);
    plan = new ModelPlan(plan.model(), List.of(), "it is being taken out");
    restorable.clear();
    fail(waiting, "it is being taken out");
    reconcile();
  }

  boolean isForgotten() {
    return !forgetting.isEmpty();
  }

  /** It has been removed. */
  void gone() {
    recent.close();
    forgetting.forEach(future -> future.complete(null));
  }

  /** Takes everything out; nothing is loaded any more. */
  void stop(String reason) {
    isStopping = true;
    takeOut(List.copyOf(live.values()), reason);
    fail(waiting, reason);
    fail(forgetting, reason);
  }

  private <T extends @Nullable Object> void fail(List<CompletableFuture<T>> futures, String why) {
    ServingException reason =
        new ServingException(ErrorCode.UNAVAILABLE, "model '" + plan.model() + "': " + why);
    futures.forEach(future -> future.completeExceptionally(reason));
    futures.clear();
  }

  /** Returns whether nothing of it is loaded, being loaded or being finished. */
  boolean isGone() {
    return live.isEmpty() && loading.isEmpty() && retired.isEmpty();
  }

  /** Returns whether a version of that number is in memory. */
  boolean has(long number) {
    return live.containsKey(number)
        || loading.containsKey(number)
        || retired.stream().anyMatch(each -> each.version().number() == number);
  }

  /** Returns those that are still being finished. */
  List<LiveVersion> unfinished() {
    return retired.stream().map(Retired::version).toList();
  }

  // The way to what is wanted.

  private void reconcile() {
    if (isStopping) {
      publish();
      return;
    }
    List<VersionPlan.Load> missing = missing();
    if (plan.handling().swap() == SwapPolicy.UNLOAD_FIRST && !missing.isEmpty()) {
      makeRoom();
    }
    load(missing, demands());
    route();
    takeOut(leaving(), "others have taken its place");
    List<VersionPlan.Load> back = missing.isEmpty() ? missingOfKept() : List.of();
    if (!back.isEmpty()) {
      // They have served before: they need not fit what came after them.
      load(back, new VersionLoader.Demands(null, Optional.empty(), recent));
      publish();
    }
    if (missing.isEmpty() && back.isEmpty() && loading.isEmpty()) {
      Endpoint endpoint = endpoint();
      List<CompletableFuture<Endpoint>> done = List.copyOf(waiting);
      waiting.clear();
      done.forEach(future -> future.complete(endpoint));
    }
  }

  private void load(List<VersionPlan.Load> loads, VersionLoader.Demands demands) {
    isMakingRoom &= !retired.isEmpty();
    if (retired.isEmpty() || (plan.handling().swap() == SwapPolicy.LOAD_FIRST && !isMakingRoom)) {
      for (VersionPlan.Load load : loads) {
        loading.put(load.number(), load);
        steps.load(load, demands, plan.journal());
      }
    }
  }

  /**
   * Returns what is to be kept for going back and is neither there nor being loaded yet, as far as
   * so many are kept; nothing while what is wanted is being loaded.
   */
  private List<VersionPlan.Load> missingOfKept() {
    List<VersionPlan.Load> missing = new ArrayList<>();
    if (plan.isOver() || loading.values().stream().anyMatch(plan::wants)) {
      return missing;
    }
    long room =
        plan.handling().keepPrevious()
            - routing.kept()
            - loading.values().stream().filter(plan::keeps).count();
    for (VersionPlan.Load load : plan.kept().reversed()) {
      long number = load.number();
      boolean isThere = live.containsKey(number) || loading.containsKey(number);
      boolean isLabelled = plan.handling().labels().containsValue(number);
      if (!isThere && !failures.has(load) && (isLabelled || room > 0)) {
        missing.add(load);
        room--;
      }
    }
    return missing;
  }

  /** Returns what has to be loaded and is not being loaded yet. */
  private List<VersionPlan.Load> missing() {
    List<VersionPlan.Load> missing = new ArrayList<>();
    for (VersionPlan.Load load : plan.loads()) {
      if (!isLive(load) && !loading.containsKey(load.number()) && !failures.has(load)) {
        missing.add(load);
      }
    }
    boolean isLost = missing.isEmpty() && loading.isEmpty() && live.isEmpty();
    if (isLost && !plan.loads().isEmpty()) {
      missing.addAll(restorable.values()); // Unloaded for what then could not be loaded.
    }
    return missing;
  }

  private VersionLoader.Demands demands() {
    return new VersionLoader.Demands(
        plan.isForced() ? null : lastSignature, plan.handling().maxLatency(), recent);
  }

  /** Frees what is not wanted any more, before anything is loaded. */
  private void makeRoom() {
    List<LiveVersion> outdated =
        live.values().stream()
            .filter(version -> !plan.wants(version.load()) && !plan.refuses(version.number()))
            .toList();
    for (LiveVersion version : outdated) {
      if (routing.isRouted(version.number())) {
        restorable.put(version.number(), version.load());
      }
    }
    takeOut(outdated, "its memory is for the version that takes its place");
  }

  private void route() {
    routing.update(plan, live);
    for (LiveVersion version : live.values()) {
      if (routing.isRouted(version.number())) {
        lastSignature = version.ready().servable().signature(); // The newest is the last.
      }
    }
  }

  /** Returns those that are to be taken out of memory. */
  private List<LiveVersion> leaving() {
    return routing.leaving(plan).stream().map(live::get).filter(Objects::nonNull).toList();
  }

  /** Takes versions out of the routing, publishes that, and has them finished and freed. */
  private void takeOut(List<LiveVersion> versions, String reason) {
    for (LiveVersion version : versions) {
      live.remove(version.number());
      routing.remove(version.number());
      retired.add(new Retired(version, reason));
    }
    publish();
    versions.forEach(steps::retire);
  }

  private void retire(LiveVersion version, String reason) {
    retired.add(new Retired(version, reason));
    steps.retire(version);
  }

  // What there is.

  private boolean isLive(VersionPlan.Load load) {
    LiveVersion version = live.get(load.number());
    return version != null && version.load().isSameAs(load);
  }

  private void publish() {
    steps.publish(endpoint());
  }

  private Endpoint endpoint() {
    return board.endpoint(this);
  }

  // For the board.

  ModelPlan plan() {
    return plan;
  }

  Collection<LiveVersion> live() {
    return live.values();
  }

  Map<String, Long> labels() {
    return routing.labels();
  }

  boolean isRouted(long number) {
    return routing.isRouted(number);
  }

  Failures failures() {
    return failures;
  }

  VersionPlan.@Nullable Load loading(long number) {
    return loading.get(number);
  }

  List<Retired> retired() {
    return retired;
  }
}
