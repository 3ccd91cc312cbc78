package dev.skeg.runtime.monitoring;

import dev.skeg.monitor.alert.Alert;
import dev.skeg.monitor.alert.AlertChange;
import dev.skeg.monitor.alert.AlertFilter;
import dev.skeg.monitor.alert.AlertPolicy;
import dev.skeg.monitor.alert.AlertState;
import dev.skeg.monitor.alert.AlertStore;
import dev.skeg.monitor.alert.Alerts;
import dev.skeg.monitor.alert.Severity;
import dev.skeg.monitor.drift.WindowVerdict;
import dev.skeg.runtime.telemetry.MonitorMetrics.AlertSample;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The alerts of all models: the log tells of what happens to them, and they are counted.
 *
 * <p>Open ones are counted when one changes and when alerts expire, so that whoever asks how many
 * there are reads no disk, the first time apart.
 *
 * <p><b>Threads.</b> Any that may block.
 */
final class ModelAlerts {
  private static final Logger LOG = LoggerFactory.getLogger(ModelAlerts.class);

  private final Alerts alerts;

  /** The newest of each model, for its alerts may outlive its versions. */
  private final Map<String, AlertPolicy> policies = new ConcurrentHashMap<>();

  private final Map<AlertSample, AtomicLong> raised = new ConcurrentHashMap<>();
  private volatile @Nullable List<AlertSample> counted;

  ModelAlerts(AlertStore store) {
    this.alerts = new Alerts(store, model -> policies.getOrDefault(model, AlertPolicy.DEFAULT));
  }

  /** Keeps a model's alerts from now on as a policy says. */
  void keep(String model, AlertPolicy policy) {
    policies.put(model, policy);
  }

  /** Holds a window's verdict against the alerts of its key; see {@link Alerts#judge}. */
  void judge(WindowVerdict verdict, long nowMillis) {
    List<AlertChange> changes = alerts.judge(verdict, nowMillis);
    changes.forEach(this::tell);
    if (!changes.isEmpty()) {
      count();
    }
  }

  /** Clears what cannot be judged any more; see {@link Alerts#expire}. */
  void expire(long nowMillis) {
    alerts.expire(nowMillis).forEach(this::tell);
    count(); // In any case: what was counted while the disk failed may not have been all.
  }

  private void tell(AlertChange change) {
    Alert alert = change.alert();
    if (change.kind() == AlertChange.Kind.RAISED) {
      raised.computeIfAbsent(sort(alert, ""), _ -> new AtomicLong()).incrementAndGet();
    }
    boolean isTold =
        change.kind() == AlertChange.Kind.RAISED || change.kind() == AlertChange.Kind.RETURNED;
    // What comes back acknowledged, somebody knows of.
    boolean urgent =
        isTold && alert.severity() == Severity.PAGE && alert.state() instanceof AlertState.Raised;
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
  List<Alert> find(AlertFilter filter) {
    return alerts.find(filter);
  }

  /** Returns the alert of that id, if there is one. */
  Optional<Alert> find(String id) {
    return alerts.find(id);
  }

  /** Acknowledges an alert; see {@link Alerts#acknowledge}. */
  Optional<Alert> acknowledge(String id, String by, String comment, long nowMillis) {
    Optional<Alert> alert = alerts.acknowledge(id, by, comment, nowMillis);
    count();
    return alert;
  }

  /** Returns how many alerts are open, of each sort and state. */
  List<AlertSample> open() {
    List<AlertSample> known = counted;
    return known == null ? count() : known;
  }

  /** Returns how many alerts were raised since the start, of each sort. */
  List<AlertSample> raised() {
    return raised.entrySet().stream()
        .map(each -> counted(each.getKey(), each.getValue().get()))
        .toList();
  }

  /** Counts anew; of two calls the later one's count is what stays. */
  private synchronized List<AlertSample> count() {
    Map<AlertSample, Long> open =
        alerts.find(AlertFilter.open()).stream()
            .collect(
                Collectors.groupingBy(
                    alert -> sort(alert, alert.state().word()), Collectors.counting()));
    List<AlertSample> samples = new ArrayList<>();
    open.forEach((sort, count) -> samples.add(counted(sort, count)));
    counted = List.copyOf(samples);
    return samples;
  }

  private static AlertSample sort(Alert alert, String state) {
    return new AlertSample(
        alert.key().model(), alert.severity().word(), alert.cause().word(), state, 0);
  }

  private static AlertSample counted(AlertSample sort, long count) {
    return new AlertSample(sort.model(), sort.severity(), sort.cause(), sort.state(), count);
  }
}
