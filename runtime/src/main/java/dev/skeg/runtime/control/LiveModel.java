package dev.skeg.runtime.control;

import dev.skeg.runtime.config.SwapPolicy;
import dev.skeg.runtime.endpoint.Endpoint;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.servable.Servable;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One model: what is wanted, what is loaded, and the way from one to the other.
 *
 * <p>Whatever happens (another plan, a load that ended, a version that failed or is gone) the same
 * {@link #reconcile} runs: it starts the loads that are missing, says who answers, publishes that,
 * and only then retires those that nobody is sent to any more. A version leaves the routing when
 * everything that is wanted in its place is ready; if some of that cannot be had, it stays.
 *
 * <p><b>Threads.</b> The control thread's.
 */
final class LiveModel {
  /** Failures of versions that are remembered, lest they be tried again and again. */
  private static final int MAX_FAILURES = 64;

  /** What a model has done for it, beside the control thread; each ends in a call of the model. */
  interface Steps {
    /** Loads a version; {@link #loaded} or {@link #failed} follows. */
    void load(VersionPlan.Load load, VersionLoader.Demands demands);

    /** Retires a version that has just been taken out of the routing; {@link #freed} follows. */
    void retire(LiveVersion version);

    void publish(Endpoint endpoint);
  }

  private final Steps steps;
  private final StatusBoard board;
  private ModelPlan plan;
  private @Nullable Signature lastSignature; // Of what answers, or did last.
  private boolean isStopping;

  // By number.
  private final Map<Long, LiveVersion> live = new TreeMap<>();
  private final Map<Long, VersionPlan.Load> loading = new TreeMap<>();
  private final Map<Long, Failure> failures = new LinkedHashMap<>(); // The oldest first.
  private final Set<Long> routed = new TreeSet<>();
  private final Set<Long> previous = new LinkedHashSet<>(); // The longest out of the routing first.

  private final List<Retired> retired = new ArrayList<>();
  private final Map<Long, VersionPlan.Load> restorable = new LinkedHashMap<>();
  private final List<CompletableFuture<Endpoint>> waiting = new ArrayList<>();
  private final List<CompletableFuture<@Nullable Void>> forgetting = new ArrayList<>();

  /** What could not be loaded, and why. */
  record Failure(VersionPlan.Load load, String reason) {}

  /** A version that is being finished, and why. */
  record Retired(LiveVersion version, String reason) {}

  LiveModel(ModelPlan plan, Steps steps, Clock clock) {
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
    if (next.isForced()) {
      failures.clear();
    }
    reconcile();
  }

  void loaded(LiveVersion version) {
    long number = version.number();
    loading.remove(number);
    failures.remove(number);
    boolean isRestored = restorable.remove(number, version.load());
    if (isStopping || !(isRestored || isWanted(version.load()))) {
      retire(version, "it was no longer wanted when it was loaded");
    } else {
      LiveVersion replaced = live.put(number, version);
      routed.add(number);
      if (replaced != null) {
        publish();
        retire(replaced, "other files have taken its place");
      }
    }
    reconcile();
  }

  void failed(VersionPlan.Load load, String reason) {
    loading.remove(load.number());
    restorable.remove(load.number(), load);
    remember(load, reason);
    reconcile();
  }

  private void remember(VersionPlan.Load load, String reason) {
    failures.remove(load.number());
    failures.put(load.number(), new Failure(load, reason));
    if (failures.size() > MAX_FAILURES) {
      failures.remove(failures.keySet().iterator().next());
    }
  }

  /** A version fails again and again: it is taken out, and not loaded again unless forced. */
  void quarantined(Servable servable, String reason) {
    LiveVersion version = live.get(servable.version().number());
    if (version != null && version.isOf(servable)) {
      live.remove(version.number());
      remember(version.load(), reason);
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
    boolean hasRoom = plan.handling().swap() == SwapPolicy.LOAD_FIRST || retired.isEmpty();
    for (VersionPlan.Load load : hasRoom ? missing : List.<VersionPlan.Load>of()) {
      loading.put(load.number(), load);
      steps.load(load, demands());
    }
    route();
    takeOut(leaving(), "others have taken its place");
    if (missing.isEmpty() && loading.isEmpty()) {
      Endpoint endpoint = endpoint();
      List<CompletableFuture<Endpoint>> done = List.copyOf(waiting);
      waiting.clear();
      done.forEach(future -> future.complete(endpoint));
    }
  }

  /** Returns what has to be loaded and is not being loaded yet. */
  private List<VersionPlan.Load> missing() {
    List<VersionPlan.Load> missing = new ArrayList<>();
    for (VersionPlan.Load load : loads()) {
      if (!isLive(load) && !loading.containsKey(load.number()) && !hasFailed(load)) {
        missing.add(load);
      }
    }
    boolean isLost = missing.isEmpty() && loading.isEmpty() && live.isEmpty();
    if (isLost && !loads().isEmpty()) {
      missing.addAll(restorable.values()); // Unloaded for what then could not be loaded.
    }
    return missing;
  }

  private VersionLoader.Demands demands() {
    return new VersionLoader.Demands(
        plan.isForced() ? null : lastSignature, plan.handling().maxLatency());
  }

  /** Frees what is not wanted any more, before anything is loaded. */
  private void makeRoom() {
    List<LiveVersion> outdated =
        live.values().stream()
            .filter(version -> !isWanted(version.load()) && !isRefused(version.number()))
            .toList();
    for (LiveVersion version : outdated) {
      if (routed.contains(version.number())) {
        restorable.put(version.number(), version.load());
      }
    }
    takeOut(outdated, "its memory is for the version that takes its place");
  }

  /** Says who answers requests that name no version. */
  private void route() {
    routed.retainAll(live.keySet());
    previous.retainAll(live.keySet());
    Set<Long> wanted = new TreeSet<>();
    boolean isComplete = true;
    for (VersionPlan version : plan.versions()) {
      switch (version) {
        case VersionPlan.Load load -> {
          isComplete &= isLive(load);
          if (live.containsKey(load.number())) {
            wanted.add(load.number());
          }
        }
        case VersionPlan.Refuse refuse -> {
          isComplete = false;
          if (routed.contains(refuse.number())) {
            wanted.add(refuse.number());
          }
        }
        case VersionPlan.Unload _ -> {}
      }
    }
    Set<Long> left = new TreeSet<>(routed);
    if (isComplete) {
      routed.clear();
    }
    routed.addAll(wanted);
    routed.removeAll(unwanted());
    previous.removeAll(routed);
    left.removeAll(routed);
    previous.addAll(left);
    previous.removeAll(unwanted());
    if (routed.isEmpty() && !isComplete && !previous.isEmpty()) {
      long last = List.copyOf(previous).getLast(); // Of those wanted there is none.
      previous.remove(last);
      routed.add(last);
    }
    for (LiveVersion version : live.values()) {
      if (routed.contains(version.number())) {
        lastSignature = version.ready().servable().signature(); // The newest is the last.
      }
    }
  }

  /** Returns those that are to be taken out of memory, and forgets them. */
  private List<LiveVersion> leaving() {
    boolean isOver = plan.versions().stream().allMatch(VersionPlan.Unload.class::isInstance);
    int kept = isOver ? 0 : plan.handling().keepPrevious();
    Set<Long> leaving = new LinkedHashSet<>(unwanted());
    previous.stream().limit(Math.max(0, previous.size() - kept)).forEach(leaving::add);
    return leaving.stream().map(live::get).filter(Objects::nonNull).toList();
  }

  /** Takes versions out of the routing, publishes that, and has them finished and freed. */
  private void takeOut(List<LiveVersion> versions, String reason) {
    for (LiveVersion version : versions) {
      live.remove(version.number());
      routed.remove(version.number());
      previous.remove(version.number());
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

  private List<VersionPlan.Load> loads() {
    return plan.versions().stream()
        .filter(VersionPlan.Load.class::isInstance)
        .map(VersionPlan.Load.class::cast)
        .toList();
  }

  private Set<Long> unwanted() {
    Set<Long> numbers = new TreeSet<>();
    for (VersionPlan version : plan.versions()) {
      if (version instanceof VersionPlan.Unload) {
        numbers.add(version.number());
      }
    }
    return numbers;
  }

  private boolean isRefused(long number) {
    return plan.versions().stream()
        .anyMatch(each -> each instanceof VersionPlan.Refuse && each.number() == number);
  }

  private boolean isWanted(VersionPlan.Load load) {
    return loads().stream().anyMatch(wanted -> wanted.isSameAs(load));
  }

  private boolean isLive(VersionPlan.Load load) {
    LiveVersion version = live.get(load.number());
    return version != null && version.load().isSameAs(load);
  }

  private boolean hasFailed(VersionPlan.Load load) {
    Failure failure = failures.get(load.number());
    return failure != null && failure.load().isSameAs(load);
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

  boolean isRouted(long number) {
    return routed.contains(number);
  }

  @Nullable String failure(long number) {
    Failure failure = failures.get(number);
    return failure == null ? null : failure.reason();
  }

  VersionPlan.@Nullable Load loading(long number) {
    return loading.get(number);
  }

  List<Retired> retired() {
    return retired;
  }
}
