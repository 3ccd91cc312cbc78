package dev.skeg.runtime.monitoring;

import dev.skeg.monitor.alert.Alert;
import dev.skeg.monitor.alert.AlertChange;
import dev.skeg.monitor.alert.AlertFilter;
import dev.skeg.monitor.alert.AlertPolicy;
import dev.skeg.monitor.alert.AlertStore;
import dev.skeg.monitor.alert.Alerts;
import dev.skeg.monitor.alert.Severity;
import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.drift.DriftConfig;
import dev.skeg.monitor.drift.Judge;
import dev.skeg.monitor.drift.VerdictJson;
import dev.skeg.monitor.drift.WindowVerdict;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileConsumer;
import dev.skeg.monitor.profile.ProfileJson;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.runtime.admin.page.PastVerdict;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.state.JudgeStates;
import dev.skeg.runtime.state.WindowArchive;
import dev.skeg.runtime.telemetry.MonitorMetrics;
import dev.skeg.runtime.telemetry.MonitorMetrics.AlertSample;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Judges closed windows, and keeps what comes of it: verdicts, profiles, alerts, counts.
 *
 * <p>What can fail fails by itself: without a disk windows are judged and alerts are raised all the
 * same, and the log says what is not kept.
 *
 * <p><b>Threads.</b> {@link #closed} takes from the thread that drains and never blocks; the thread
 * {@code judge} does the work, one window after another. Everything else may be called by any
 * thread that may block.
 */
public final class Monitors implements ProfileConsumer, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Monitors.class);

  /** Windows that wait to be judged, at most; more are not judged, and counted. */
  private static final int MAX_WAITING = 1_024;

  /** What judges remember is saved once a minute at most: it may be megabytes. */
  private static final long SAVE_MILLIS = 60_000;

  private static final long EXPIRE_MILLIS = 3_600_000;

  private final Alerts alerts;
  private final JudgeStates states;
  private final WindowArchive archive;
  private final WindowHistory history;
  private final InstantSource clock;
  private final ThreadPoolExecutor thread;
  private final Map<String, WatchedModel> watched = new ConcurrentHashMap<>();
  private final Map<ProfileKey, MonitorCounts> counts = new ConcurrentHashMap<>();
  private final Map<Sort, AtomicLong> raised = new ConcurrentHashMap<>();
  private final AtomicLong unjudged = new AtomicLong();

  // Owned by the thread.
  private final Map<String, Judging> judges = new HashMap<>();
  private long expiredAtMillis;
  private boolean isArchiveFailing;
  private boolean isStateFailing;

  /** What alerts are counted by. */
  private record Sort(String model, String severity, String cause) {}

  /** A model's judge, made for a configuration. */
  private static final class Judging {
    final Judge judge;
    WatchedModel model; // As it was when the window closed that is being judged.
    long savedAtMillis;
    boolean isDirty;

    Judging(WatchedModel model, long nowMillis) {
      this.model = model;
      this.judge = new Judge(model.config(), key -> this.model.baseline(key.version()));
      this.savedAtMillis = nowMillis;
    }
  }

  public Monitors(
      AlertStore store, JudgeStates states, WindowArchive archive, InstantSource clock) {
    this.alerts = new Alerts(new FailSafeAlertStore(store), AlertPolicy.DEFAULT);
    this.states = states;
    this.archive = archive;
    this.history = new WindowHistory(archive);
    this.clock = clock;
    this.thread =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(MAX_WAITING),
            Thread.ofPlatform().name("judge").daemon().factory());
  }

  /** Watches a version from now on, with the newest configuration of its model. */
  public void watch(String model, long version, DriftConfig config, Optional<Baseline> baseline) {
    watched.compute(
        model,
        (_, before) -> {
          Map<Long, Optional<Baseline>> baselines =
              new HashMap<>(before == null ? Map.of() : before.baselines());
          baselines.put(version, baseline);
          return new WatchedModel(config, baselines);
        });
  }

  /** Lets go of a version's baseline; what is kept of its windows stays. */
  public void forget(String model, long version) {
    watched.computeIfPresent(
        model,
        (_, before) -> {
          Map<Long, Optional<Baseline>> baselines = new HashMap<>(before.baselines());
          baselines.remove(version);
          return baselines.isEmpty() ? null : new WatchedModel(before.config(), baselines);
        });
    counts.keySet().removeIf(key -> key.model().equals(model) && key.version() == version);
  }

  /** Returns whether any version of a model is watched. */
  public boolean isWatched(String model) {
    return watched.containsKey(model);
  }

  /** Returns a version's baseline, if it is watched and has one. */
  public Optional<Baseline> baseline(ProfileKey key) {
    WatchedModel model = watched.get(key.model());
    return model == null ? Optional.empty() : model.baseline(key.version());
  }

  @Override
  public void closed(Profile profile) {
    // A version that goes hands its last windows over, and is forgotten before they are judged.
    WatchedModel model = watched.get(profile.key().model());
    if (model == null) {
      return;
    }
    try {
      thread.execute(() -> judge(profile, model));
    } catch (RejectedExecutionException e) {
      unjudged.incrementAndGet();
    }
  }

  private void judge(Profile profile, WatchedModel model) {
    try {
      Judging judging = judging(profile.key().model(), model);
      WindowVerdict verdict = judging.judge.judge(profile);
      judging.isDirty = true;
      keep(profile, verdict);
      history.add(profile.key(), PastVerdict.of(verdict));
      counts.compute(
          profile.key(),
          (key, before) ->
              MonitorCounts.of(
                  before == null ? MonitorCounts.none(key) : before, profile, verdict));
      long now = clock.millis();
      alerts.judge(verdict, now).forEach(this::tell);
      if (now - judging.savedAtMillis >= SAVE_MILLIS) {
        save(profile.key().model(), judging, now);
      }
      if (now - expiredAtMillis >= EXPIRE_MILLIS) {
        expiredAtMillis = now;
        alerts.expire(now).forEach(this::tell);
      }
    } catch (RuntimeException e) {
      LOG.atError()
          .setCause(e)
          .addKeyValue("model", profile.key().model())
          .addKeyValue("version", profile.key().version())
          .log("A window could not be judged");
    }
  }

  private Judging judging(String name, WatchedModel model) {
    Judging known = judges.get(name);
    if (known != null && known.model.config().equals(model.config())) {
      known.model = model;
      return known;
    }
    Judging judging = new Judging(model, clock.millis());
    try {
      Optional<byte[]> saved = known == null ? states.load(name) : Optional.of(known.judge.save());
      if (saved.isPresent()) {
        judging.judge.restore(saved.get());
      }
    } catch (ServingException | IOException | IllegalArgumentException e) {
      LOG.atWarn()
          .addKeyValue("model", name)
          .addKeyValue("reason", e.getMessage())
          .log("What was found in earlier windows cannot be read: judging begins anew");
      judging = new Judging(model, clock.millis());
    }
    judges.put(name, judging);
    return judging;
  }

  private void keep(Profile profile, WindowVerdict verdict) {
    try {
      archive.keep(
          profile.key(), profile.window(), ProfileJson.write(profile), VerdictJson.write(verdict));
      isArchiveFailing = false;
    } catch (ServingException e) {
      if (!isArchiveFailing) {
        LOG.atWarn().addKeyValue("reason", e.getMessage()).log("Windows are not kept");
      }
      isArchiveFailing = true;
    }
  }

  private void save(String model, Judging judging, long nowMillis) {
    judging.savedAtMillis = nowMillis;
    try {
      states.save(model, judging.judge.save(), nowMillis);
      judging.isDirty = false;
      isStateFailing = false;
    } catch (ServingException e) {
      if (!isStateFailing) {
        LOG.atWarn()
            .addKeyValue("reason", e.getMessage())
            .log("What judges remember is not kept across a restart");
      }
      isStateFailing = true;
    }
  }

  private void tell(AlertChange change) {
    Alert alert = change.alert();
    if (change.kind() == AlertChange.Kind.RAISED) {
      Sort sort = new Sort(alert.key().model(), alert.severity().word(), alert.cause().word());
      raised.computeIfAbsent(sort, _ -> new AtomicLong()).incrementAndGet();
    }
    boolean urgent = alert.severity() == Severity.PAGE && change.kind() == AlertChange.Kind.RAISED;
    (urgent ? LOG.atWarn() : LOG.atInfo())
        .addKeyValue("alert", alert.id())
        .addKeyValue("model", alert.key().model())
        .addKeyValue("version", alert.key().version())
        .addKeyValue("severity", alert.severity().word())
        .addKeyValue("state", alert.state().word())
        .addKeyValue("summary", alert.summary())
        .log("An alert is " + alert.state().word());
  }

  /** Returns the alerts that pass, the last raised first. */
  public List<Alert> alerts(AlertFilter filter) {
    return alerts.find(filter);
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
    if (watched.isEmpty() && counts.isEmpty()) {
      return MonitorMetrics.NONE; // Nothing is opened for a server that watches nothing.
    }
    Map<AlertSample, Long> open =
        alerts.find(AlertFilter.open()).stream()
            .collect(
                Collectors.groupingBy(
                    alert ->
                        new AlertSample(
                            alert.key().model(),
                            alert.severity().word(),
                            alert.cause().word(),
                            alert.state().word(),
                            0),
                    Collectors.counting()));
    List<AlertSample> openSamples = new ArrayList<>();
    open.forEach((sort, count) ->
        openSamples.add(
            new AlertSample(sort.model(), sort.severity(), sort.cause(), sort.state(), count)));
    List<AlertSample> raisedSamples = new ArrayList<>();
    raised.forEach((sort, count) ->
        raisedSamples.add(
            new AlertSample(sort.model(), sort.severity(), sort.cause(), "", count.get())));
    return new MonitorMetrics(
        counts.values().stream().map(MonitorCounts::sample).toList(),
        openSamples,
        raisedSamples,
        unjudged.get());
  }

  /**
   * Judges what waits, saves what judges remember, and ends. To be called once draining has ended.
   */
  @Override
  public void close() {
    try {
      thread.execute(() -> {
        long now = clock.millis();
        judges.forEach((model, judging) -> {
          if (judging.isDirty) {
            save(model, judging, now);
          }
        });
      });
    } catch (RejectedExecutionException e) {
      LOG.atWarn().log("Too many windows wait to be judged: what judges remember is not saved");
    }
    thread.shutdown();
    try {
      if (!thread.awaitTermination(5, TimeUnit.SECONDS)) {
        LOG.atWarn().log("Windows are left that have not been judged");
        thread.shutdownNow();
      }
    } catch (InterruptedException e) {
      thread.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
