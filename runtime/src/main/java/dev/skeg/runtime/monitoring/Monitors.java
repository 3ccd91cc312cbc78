package dev.skeg.runtime.monitoring;

import dev.skeg.monitor.alert.Alert;
import dev.skeg.monitor.alert.AlertFilter;
import dev.skeg.monitor.alert.AlertStore;
import dev.skeg.monitor.alert.Alerts;
import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.drift.WindowVerdict;
import dev.skeg.monitor.profile.Bins;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileConsumer;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.RowCounts;
import dev.skeg.monitor.record.Centroid;
import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.runtime.monitoring.CutWindows.Cut;
import dev.skeg.runtime.monitoring.WatchedModel.Watch;
import dev.skeg.runtime.state.JudgeStates;
import dev.skeg.runtime.state.WindowArchive;
import dev.skeg.runtime.telemetry.MonitorMetrics;
import dev.skeg.runtime.telemetry.MonitorMetrics.FailureSample;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Judges closed windows, and keeps what comes of it: verdicts, profiles, alerts, counts.
 *
 * <p>What can fail fails by itself: without a disk windows are judged and alerts are raised all the
 * same, and the log says what is not kept.
 *
 * <p><b>Threads.</b> {@link #closed} takes from the thread that drains and never blocks; the thread
 * {@code judge} does the work, one window after another, and looks once a minute for what is due.
 * Everything else may be called by any thread that may block.
 */
public final class Monitors implements ProfileConsumer, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Monitors.class);

  /** Windows that wait to be judged, at most; more are not judged, and counted. */
  private static final int MAX_WAITING = 1_024;

  private static final Duration TICK = Duration.ofMinutes(1);
  private static final long EXPIRE_MILLIS = 3_600_000;

  /** A window that was cut so long before a start is old news: it is left as it is. */
  private static final long OLD_MILLIS = Duration.ofDays(7).toMillis();

  /** How long a stop waits for windows to be judged, and then for what is remembered of them. */
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  private static final Duration SAVING = Duration.ofSeconds(2);

  private final ModelAlerts alerts;
  private final WindowArchive archive;
  private final WindowHistory history;
  private final InstantSource clock;
  private final ScheduledThreadPoolExecutor thread;
  private final AtomicInteger waiting = new AtomicInteger();
  private final Map<String, WatchedModel> watched = new ConcurrentHashMap<>();

  private final Map<ProfileKey, MonitorCounts> counts = new ConcurrentHashMap<>();
  private final AtomicLong unjudged = new AtomicLong();
  private volatile boolean isUsed;
  private volatile boolean isEnding;

  // Owned by the thread.
  private final ModelJudges judges;
  private final KeptWindows kept;
  private final CutWindows cut = new CutWindows();
  private long expiredAtMillis;

  public Monitors(
      AlertStore store, JudgeStates states, WindowArchive archive, InstantSource clock) {
    this(store, states, archive, clock, TICK);
  }

  /**
   * @param tick how often what is due is looked for
   */
  Monitors(
      AlertStore store,
      JudgeStates states,
      WindowArchive archive,
      InstantSource clock,
      Duration tick) {
    this.alerts = new ModelAlerts(new FailSafeAlertStore(store));
    this.judges = new ModelJudges(states);
    this.archive = archive;
    this.history = new WindowHistory(archive);
    this.kept = new KeptWindows(archive, history);
    this.clock = clock;
    // Not at once: models that are loading have not said yet when their alerts expire.
    this.expiredAtMillis = clock.millis();
    // Its queue has no bound: windows are counted, and all else is a few tasks a version.
    this.thread =
        new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().name("judge").daemon().factory());
    long millis = tick.toMillis();
    ScheduledFuture<?> _ =
        thread.scheduleWithFixedDelay(
            () -> guarded("what is due", this::tick), millis, millis, TimeUnit.MILLISECONDS);
  }

  /**
   * Watches a version from now on. The model is judged as its newest version says that is watched,
   * whichever was loaded last.
   *
   * @param failures how often its rows could not be recorded
   * @param centroids of its rows so far, where the baseline has none
   * @return to be run when the version's last window has been handed over: lets go of the version,
   *     unless it has been loaded and is watched again meanwhile
   */
  public Runnable watch(
      String model,
      long version,
      Judging judging,
      Optional<Baseline> baseline,
      LongSupplier failures,
      Supplier<List<Centroid>> centroids) {
    isUsed = true;
    Watch watch = new Watch(judging, baseline, failures, centroids);
    watched.compute(model, (_, before) -> kept(model, WatchedModel.with(before, version, watch)));
    soon("windows that were cut", () -> findCut(model, version));
    // On the thread: after the windows that have been handed over.
    return () -> soon("a version that is gone", () -> forget(model, version, watch));
  }

  /** Has the rest waited for of windows that were open when the server stopped. */
  private void findCut(String model, long version) {
    WatchedModel now = watched.get(model);
    if (now != null && now.isWatched(version)) {
      long nowMillis = clock.millis();
      kept.cut(model, version, now.latenessMillis(version), nowMillis - OLD_MILLIS)
          .forEach(each -> cut.put(each, now, nowMillis));
    }
  }

  /** Has a model's alerts kept as it says, if anything of it is watched still. */
  private @Nullable WatchedModel kept(String model, @Nullable WatchedModel now) {
    if (now != null) {
      alerts.keep(model, now.judging().alerts());
    }
    return now;
  }

  /** Lets go of all that belongs to a version; what is kept of its windows on disk stays. */
  private void forget(String model, long version, Watch watch) {
    WatchedModel before = watched.get(model);
    if (before == null || !before.isCurrent(version, watch)) {
      return;
    }
    watched.computeIfPresent(
        model, (_, now) -> now.isCurrent(version, watch) ? kept(model, now.without(version)) : now);
    counts.keySet().removeIf(key -> key.model().equals(model) && key.version() == version);
    kept.release(model, version);
    if (!watched.containsKey(model)) {
      judges.release(model, clock.millis());
    }
  }

  /**
   * Returns the bins that a version's features were last counted in, or, of a version that is new,
   * its inputs' in the version before. May read some files.
   */
  public Map<FeatureSpec, Bins> earlierBins(String model, long version) {
    return EarlierBins.of(archive, model, version);
  }

  /** Returns whether any version of a model is watched. */
  public boolean isWatched(String model) {
    return watched.containsKey(model);
  }

  /** Returns what a key's windows are held against, if it is watched and there is any. */
  public Optional<Baseline> baseline(ProfileKey key) {
    WatchedModel model = watched.get(key.model());
    return model == null ? Optional.empty() : model.baseline(key);
  }

  /** Returns the centroids of a version's rows so far, where its baseline has none. */
  List<Centroid> centroids(ProfileKey key) {
    WatchedModel model = watched.get(key.model());
    return model == null ? List.of() : model.centroids(key.version());
  }

  @Override
  public void closed(Profile profile) {
    if (waiting.incrementAndGet() > MAX_WAITING || !soon("a window", () -> next(profile))) {
      waiting.decrementAndGet();
      unjudged.incrementAndGet();
    }
  }

  private boolean soon(String what, Runnable task) {
    try {
      thread.execute(() -> guarded(what, task));
      return true;
    } catch (RejectedExecutionException e) {
      return false; // Closed: all is let go of.
    }
  }

  private static void guarded(String what, Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      LOG.atError()
          .setCause(e)
          .addKeyValue("what", what)
          .log("The monitor has failed at something");
    }
  }

  private void next(Profile profile) {
    waiting.decrementAndGet();
    WatchedModel model = watched.get(profile.key().model());
    if (model == null) {
      return;
    }
    if (isEnding) {
      unjudged.incrementAndGet();
      return;
    }
    try {
      judge(profile, model);
    } catch (RuntimeException e) {
      LOG.atError()
          .setCause(e)
          .addKeyValue("model", profile.key().model())
          .addKeyValue("version", profile.key().version())
          .log("A window could not be judged");
    }
    if (waiting.get() == 0) {
      judges.saveDue(clock.millis());
    }
  }

  private void judge(Profile closed, WatchedModel model) {
    long latenessMillis = model.latenessMillis(closed.key().version());
    Optional<Profile> whole = kept.whole(closed, latenessMillis);
    if (whole.isEmpty()) {
      count(closed.key(), before -> before.late(closed.key(), closed.counts()));
      return;
    }
    Profile profile = whole.get();
    long now = clock.millis();
    if (profile.counts().isPartial() && now < profile.window().endMillis() + latenessMillis) {
      // Its version was loaded again, or is gone, or the server stops. Its rest may come still, and
      // then it is judged as one: it must not count twice.
      WindowVerdict verdict = judges.preview(profile, model);
      kept.keep(profile, verdict, now);
      cut.put(profile, model, now);
      count(profile.key(), before -> before.cut(closed.counts(), verdict));
    } else {
      cut.takeBefore(profile).forEach(this::judgeCut);
      cut.remove(profile);
      WindowVerdict verdict = judgeWhole(profile, model);
      count(profile.key(), before -> before.closed(closed.counts(), verdict));
    }
  }

  private void count(ProfileKey key, UnaryOperator<MonitorCounts> change) {
    counts.compute(
        key, (_, before) -> change.apply(before == null ? MonitorCounts.none(key) : before));
  }

  private WindowVerdict judgeWhole(Profile profile, WatchedModel model) {
    WindowVerdict verdict = judges.judge(profile, model);
    long now = clock.millis();
    kept.keep(profile, verdict, now);
    alerts.judge(verdict, now);
    return verdict;
  }

  /** Judges a window whose rest has not come. */
  private void judgeCut(Cut each) {
    ProfileKey key = each.profile().key();
    guarded(
        "a window that was cut in two",
        () -> {
          WindowVerdict verdict = judgeWhole(each.profile(), each.model());
          if (isWatched(key)) {
            count(key, before -> before.closed(RowCounts.NONE, verdict)); // Its rows are counted.
          }
        });
    if (!watched.containsKey(key.model())) {
      judges.release(key.model(), clock.millis());
    }
  }

  private boolean isWatched(ProfileKey key) {
    WatchedModel now = watched.get(key.model());
    return now != null && now.isWatched(key.version());
  }

  /** Does what is due by time and not by windows, which may have ceased to come. */
  private void tick() {
    if (!isUsed) {
      return; // Nothing is opened for a server that watches nothing.
    }
    long now = clock.millis();
    cut.takeDue(now, this::isWatched).forEach(this::judgeCut);
    watched.forEach((model, each) -> judges.forgetGone(model, each, now));
    judges.saveDue(now);
    if (now - expiredAtMillis >= EXPIRE_MILLIS) {
      expiredAtMillis = now;
      alerts.expire(now);
      judges.forgetOld(now);
      watched.keySet().forEach(kept::prune);
    }
  }

  /** Returns the alerts that pass, the last raised first. */
  public List<Alert> alerts(AlertFilter filter) {
    return alerts.find(filter);
  }

  /** Returns the alert of that id, if there is one. */
  public Optional<Alert> alert(String id) {
    return alerts.find(id);
  }

  /** Acknowledges an alert; see {@link Alerts#acknowledge}. */
  public Optional<Alert> acknowledge(String id, String by, String comment) {
    return alerts.acknowledge(id, by, comment, clock.millis());
  }

  /** Returns what is kept of closed windows. */
  public WindowArchive archive() {
    return archive;
  }

  WindowHistory history() {
    return history;
  }

  /** Returns what is counted. */
  public MonitorMetrics metrics() {
    if (!isUsed) {
      return MonitorMetrics.NONE; // Nothing is opened for a server that watches nothing.
    }
    return new MonitorMetrics(
        counts.values().stream().map(MonitorCounts::sample).toList(),
        alerts.open(),
        alerts.raised(),
        failures(),
        unjudged.get());
  }

  private List<FailureSample> failures() {
    List<FailureSample> samples = new ArrayList<>();
    watched.forEach((model, each) ->
        each.versions()
            .forEach((version, watch) ->
                samples.add(new FailureSample(model, Long.toString(version), watch.failures()))));
    return samples;
  }

  /**
   * Judges what waits, as long as there is time, saves what judges remember, and ends. To be called
   * once draining has ended.
   */
  @Override
  public void close() {
    close(PATIENCE);
  }

  /** Returns whether windows that wait are not judged any more. */
  boolean isEnding() {
    return isEnding;
  }

  void close(Duration patience) {
    soon("what judges remember", () -> judges.saveAll(clock.millis()));
    thread.shutdown();
    try {
      if (!thread.awaitTermination(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.atWarn().addKeyValue("windows", waiting.get()).log("Windows are left unjudged");
        isEnding = true;
        if (!thread.awaitTermination(SAVING.toMillis(), TimeUnit.MILLISECONDS)) {
          LOG.atWarn().log("What judges remember is not saved");
          thread.shutdownNow();
        }
      }
    } catch (InterruptedException e) {
      thread.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
