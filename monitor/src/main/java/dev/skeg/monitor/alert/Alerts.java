package dev.skeg.monitor.alert;

import dev.skeg.monitor.drift.WindowVerdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * The alerts of all models.
 *
 * <p><b>Threads.</b> Any that may block; a store's steps follow one another.
 */
public final class Alerts {
  private final AlertStore store;
  private final Function<String, AlertPolicy> policies;

  /** Alerts of models that all have one policy. */
  public Alerts(AlertStore store, AlertPolicy policy) {
    this(store, _ -> policy);
  }

  /**
   * @param policies by model
   */
  public Alerts(AlertStore store, Function<String, AlertPolicy> policies) {
    this.store = store;
    this.policies = policies;
  }

  /**
   * Holds a window's verdict against the alerts of its key. A window that has been held against
   * them before changes nothing.
   *
   * @param nowMillis since the epoch
   * @return what happened, in no order; most often nothing
   */
  public List<AlertChange> judge(WindowVerdict verdict, long nowMillis) {
    List<AlertChange> changes = new ArrayList<>();
    AlertPolicy policy = policies.apply(verdict.key().model());
    store.update(
        verdict.key(),
        new ClearedAlerts(verdict.window(), nowMillis - policy.coolDown().toMillis()),
        known -> {
          changes.clear(); // A store may try a step again.
          changes.addAll(AlertRules.step(known, verdict, policy, nowMillis));
          return changes.stream().map(AlertChange::alert).toList();
        });
    changes.removeIf(change -> change.kind() == AlertChange.Kind.SEEN);
    return List.copyOf(changes);
  }

  /**
   * Says that somebody knows of an alert. One that goes on is acknowledged then, and one that is
   * over is cleared; acknowledging again changes nothing.
   *
   * @param by who, as they call themselves; may be empty
   * @param comment in their words; may be empty
   * @param nowMillis since the epoch
   * @return the alert as it is now; empty if there is none of that id
   */
  public Optional<Alert> acknowledge(String id, String by, String comment, long nowMillis) {
    return store.update(
        id,
        alert ->
            switch (alert.state()) {
              case AlertState.Raised _ ->
                  alert.withState(new AlertState.Acknowledged(nowMillis, by, comment));
              case AlertState.Latched _ ->
                  alert.withState(
                      new AlertState.Cleared(
                          nowMillis,
                          AlertState.Reason.RECOVERED,
                          Optional.of(new AlertState.Acknowledged(nowMillis, by, comment))));
              case AlertState.Acknowledged _, AlertState.Cleared _ -> alert;
            });
  }

  /**
   * Clears what cannot be judged any more: alerts of versions that no window has come from for
   * long, and those that have been latched for long. Call it now and then.
   *
   * @param nowMillis since the epoch
   */
  public List<AlertChange> expire(long nowMillis) {
    List<AlertChange> changes = new ArrayList<>();
    for (Alert open : store.find(AlertFilter.open())) {
      Optional<AlertState.Reason> reason = expiry(open, nowMillis);
      if (reason.isPresent()) {
        store
            .update(open.id(), alert -> expired(alert, nowMillis))
            .filter(alert -> !alert.state().isOpen())
            .ifPresent(alert -> changes.add(new AlertChange(AlertChange.Kind.CLEARED, alert)));
      }
    }
    return List.copyOf(changes);
  }

  private Alert expired(Alert alert, long nowMillis) {
    return expiry(alert, nowMillis)
        .map(reason -> {
          Optional<AlertState.Acknowledged> known =
              alert.state() instanceof AlertState.Acknowledged acknowledged
                  ? Optional.of(acknowledged)
                  : Optional.empty();
          return alert.withState(new AlertState.Cleared(nowMillis, reason, known));
        })
        .orElse(alert);
  }

  private Optional<AlertState.Reason> expiry(Alert alert, long nowMillis) {
    if (!alert.state().isOpen()) {
      return Optional.empty();
    }
    AlertPolicy policy = policies.apply(alert.key().model());
    if (alert.state() instanceof AlertState.Latched(long since)
        && nowMillis - since >= policy.latchFor().toMillis()) {
      return Optional.of(AlertState.Reason.EXPIRED);
    }
    return nowMillis - alert.heardAtMillis() >= policy.silentFor().toMillis()
        ? Optional.of(AlertState.Reason.SILENT)
        : Optional.empty();
  }

  /** Returns the alert of that id, if there is one. */
  public Optional<Alert> find(String id) {
    return store.find(id);
  }

  /** Returns the alerts that pass, the last raised first. */
  public List<Alert> find(AlertFilter filter) {
    return store.find(filter);
  }
}
