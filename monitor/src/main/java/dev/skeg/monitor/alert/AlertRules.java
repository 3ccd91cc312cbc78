package dev.skeg.monitor.alert;

import dev.skeg.monitor.alert.AlertChange.Kind;
import dev.skeg.monitor.alert.AlertSubject.Part;
import dev.skeg.monitor.drift.WindowVerdict;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.Window;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a window's verdict does to the alerts of its key.
 *
 * <ol>
 *   <li>An alert goes on as long as any of its subjects is found in drift, whatever the cause, and
 *       is over when none is: then it is latched, or cleared where somebody has acknowledged it.
 *       The verdicts have the hysteresis of pages; notices end after some windows without, and all
 *       after {@value #UNJUDGED_WINDOWS} that could not be judged.
 *   <li>A finding that an alert tells of already raises nothing. It does where its cause lies
 *       deeper: values that had shifted and are missing now.
 *   <li>What comes back soon after it was cleared is the same alert, in the state that it had.
 *   <li>Outputs that change when inputs do are a consequence: they join the inputs' alert. What
 *       comes long after is one of its own, so that an old alert hides none.
 *   <li>The other findings of one window and one cause are one alert, or join one that was raised a
 *       short while ago and that nobody has acknowledged yet: who looks sees them together.
 * </ol>
 *
 * <p>Pure: made for one step, on one thread.
 */
final class AlertRules {
  /** Windows in a row that cannot be judged, after which nobody knows that anything goes on. */
  private static final int UNJUDGED_WINDOWS = 24;

  private final Window window;
  private final ProfileKey key;
  private final AlertPolicy policy;
  private final long nowMillis;
  private final Diagnosis diagnosis;

  private final Map<String, Alert> alerts = new LinkedHashMap<>();

  /** Those that this window, or a later one, had been held against before. */
  private final Set<String> done = new HashSet<>();

  private final Map<String, Kind> changes = new LinkedHashMap<>();

  private AlertRules(List<Alert> known, WindowVerdict verdict, AlertPolicy policy, long nowMillis) {
    this.window = verdict.window();
    this.key = verdict.key();
    this.policy = policy;
    this.nowMillis = nowMillis;
    this.diagnosis = Diagnosis.of(verdict);
    known.forEach(alert -> {
      alerts.put(alert.id(), alert);
      if (isDone(alert)) {
        done.add(alert.id());
      }
    });
  }

  /**
   * Returns what changes.
   *
   * @param known the key's alerts that are open and those of {@link ClearedAlerts} within the
   *     cool-down, the first raised first
   */
  static List<AlertChange> step(
      List<Alert> known, WindowVerdict verdict, AlertPolicy policy, long nowMillis) {
    AlertRules rules = new AlertRules(known, verdict, policy, nowMillis);
    known.forEach(rules::goOn);
    List<Finding> left = rules.diagnosis.findings().stream().filter(rules::isUntold).toList();
    left = left.stream().filter(finding -> !rules.comesBack(finding)).toList();
    rules.tell(left.stream().filter(finding -> finding.part() != Part.OUTPUT).toList());
    List<Finding> outputs = left.stream().filter(finding -> finding.part() == Part.OUTPUT).toList();
    rules.tell(
        outputs.stream().flatMap(finding -> rules.unlessConsequence(finding).stream()).toList());
    return rules.changes.entrySet().stream()
        .map(change -> new AlertChange(change.getValue(), rules.at(change.getKey())))
        .toList();
  }

  private Alert at(String id) {
    Alert alert = alerts.get(id);
    if (alert == null) {
      throw new IllegalStateException("no alert " + id);
    }
    return alert;
  }

  private void put(Alert alert, Kind kind) {
    Alert before = alerts.put(alert.id(), alert);
    if (before != null && (kind == Kind.RAISED || !before.state().canBecome(alert.state()))) {
      throw new IllegalStateException(
          alert.id() + ": " + kind + " from " + before.state() + " to " + alert.state());
    }
    // What tells more stays: an alert that is new and then widened is new.
    changes.merge(alert.id(), kind, (old, next) -> old.compareTo(next) <= 0 ? old : next);
  }

  private boolean isDone(Alert alert) {
    return alert.lastWindow().endMillis() >= window.endMillis();
  }

  /** Holds one alert against the window. */
  private void goOn(Alert alert) {
    if (!alert.state().isOpen() || isDone(alert)) {
      return;
    }
    List<AlertSubject> subjects = alert.subjects().stream().map(each -> next(alert, each)).toList();
    boolean active = subjects.stream().anyMatch(AlertSubject::active);
    Alert next = alert.with(alert.state(), subjects, alert.returns()).heard(window, nowMillis);
    switch (alert.state()) {
      case AlertState.Raised _ -> {
        if (active) {
          put(next, Kind.SEEN);
        } else {
          put(next.withState(new AlertState.Latched(nowMillis)), Kind.LATCHED);
        }
      }
      case AlertState.Acknowledged known -> {
        if (active) {
          put(next, Kind.SEEN);
        } else {
          put(
              next.withState(
                  new AlertState.Cleared(
                      nowMillis, AlertState.Reason.RECOVERED, Optional.of(known))),
              Kind.CLEARED);
        }
      }
      case AlertState.Latched latched -> {
        if (active) {
          put(
              next.with(new AlertState.Raised(nowMillis), subjects, alert.returns() + 1),
              Kind.RETURNED);
        } else if (nowMillis - latched.sinceMillis() >= policy.latchFor().toMillis()) {
          put(
              next.withState(
                  new AlertState.Cleared(nowMillis, AlertState.Reason.EXPIRED, Optional.empty())),
              Kind.CLEARED);
        } else {
          put(next, Kind.SEEN);
        }
      }
      case AlertState.Cleared _ -> throw new IllegalStateException("cleared: " + alert.id());
    }
  }

  private AlertSubject next(Alert alert, AlertSubject subject) {
    for (Finding finding : diagnosis.findings()) {
      // A notice is of one cause; what pages goes on whatever its cause seems to be by now.
      boolean same =
          alert.severity() == Severity.PAGE
              ? finding.severity() == Severity.PAGE
              : finding.severity() == Severity.PAGE || finding.cause() == alert.cause();
      if (same && subject.is(finding)) {
        return subject.again(finding);
      }
    }
    Diagnosis.Subject who = new Diagnosis.Subject(subject.part(), subject.name());
    if (diagnosis.unjudged().contains(who)) {
      return subject.unjudged(UNJUDGED_WINDOWS);
    }
    boolean without =
        diagnosis.quiet().contains(who)
            // Judged, and odd in another way, or no longer in drift.
            || diagnosis.findings().stream().anyMatch(subject::is);
    if (!without) {
      return subject.unjudged(UNJUDGED_WINDOWS); // The model is not watched for it any more.
    }
    return subject.quiet(alert.severity() == Severity.PAGE ? 1 : policy.quietWindows());
  }

  /** Returns whether no alert tells of a finding already. */
  private boolean isUntold(Finding finding) {
    return alerts.values().stream()
        .noneMatch(alert ->
            alert.severity().compareTo(finding.severity()) <= 0
                // An output may have joined the alert of inputs of whatever cause.
                && (alert.cause().explains(finding.cause())
                    || (finding.part() == Part.OUTPUT && isOfInputs(alert)))
                && alert.subjects().stream()
                    .anyMatch(subject -> subject.is(finding) && tells(alert, subject)));
  }

  /** Whether an alert tells of a subject now, or did when this window was judged before. */
  private boolean tells(Alert alert, AlertSubject subject) {
    boolean goesOn = alert.state().isOpen() && subject.active();
    boolean did =
        done.contains(alert.id()) && subject.since().startMillis() <= window.startMillis();
    return goesOn || did;
  }

  private static boolean isOfInputs(Alert alert) {
    return alert.subjects().stream().anyMatch(subject -> subject.part() == Part.INPUT);
  }

  private static boolean hasActiveInput(Alert alert) {
    return alert.subjects().stream()
        .anyMatch(subject -> subject.active() && subject.part() == Part.INPUT);
  }

  /** Has an alert that was cleared a short while ago come back, if it told of the same. */
  private boolean comesBack(Finding finding) {
    for (Alert alert : List.copyOf(alerts.values())) {
      boolean same =
          alert.severity() == finding.severity()
              && alert.cause().isLike(finding.cause())
              && alert.subjects().stream().anyMatch(subject -> subject.is(finding));
      if (!same) {
        continue;
      }
      if (alert.state() instanceof AlertState.Cleared cleared
          && nowMillis - cleared.sinceMillis() <= policy.coolDown().toMillis()
          && changes.get(alert.id()) != Kind.CLEARED
          && !isDone(alert)) {
        Alert joined = alert.joinedBy(finding, window).heard(window, nowMillis);
        put(joined.with(before(cleared), joined.subjects(), alert.returns() + 1), Kind.RETURNED);
        return true;
      }
      if (changes.get(alert.id()) == Kind.RETURNED) {
        put(alert.joinedBy(finding, window), Kind.RETURNED);
        return true;
      }
    }
    return false;
  }

  private AlertState before(AlertState.Cleared cleared) {
    return cleared
        .acknowledged()
        .<AlertState>map(known -> known)
        .orElseGet(() -> new AlertState.Raised(nowMillis));
  }

  /** Joins an output to the inputs' alert, or returns it as a finding of its own. */
  private Optional<Finding> unlessConsequence(Finding output) {
    List<Alert> ofInputs =
        alerts.values().stream()
            .filter(alert -> alert.state().isOpen() && alert.severity() == output.severity())
            .filter(AlertRules::hasActiveInput)
            .toList();
    Optional<Alert> inputs =
        ofInputs.stream()
            .filter(alert -> isNew(alert) || changes.get(alert.id()) == Kind.RETURNED)
            .min(Comparator.comparing(Alert::cause).thenComparing(Alert::id));
    if (inputs.isEmpty()) {
      boolean plain =
          output.severity() == Severity.PAGE && output.cause() == Cause.SHIFT && ofInputs.isEmpty();
      return Optional.of(plain ? output.withCause(Cause.PREDICTION) : output);
    }
    put(inputs.get().joinedBy(output, window), Kind.WIDENED);
    return Optional.empty();
  }

  /** Makes alerts of findings, one of each severity and cause. */
  private void tell(List<Finding> findings) {
    record Group(Severity severity, Cause cause) {}
    Map<Group, List<Finding>> groups = new LinkedHashMap<>();
    for (Finding finding : findings) {
      groups
          .computeIfAbsent(new Group(finding.severity(), finding.cause()), _ -> new ArrayList<>())
          .add(finding);
    }
    groups.forEach((group, members) -> {
      Optional<Alert> gathering =
          alerts.values().stream()
              .filter(alert -> alert.severity() == group.severity())
              .filter(alert -> alert.cause() == group.cause())
              .filter(this::isGathering)
              .findFirst();
      if (gathering.isPresent()) {
        widen(gathering.get(), members);
      } else {
        raise(
            Alert.raised(key, group.severity(), group.cause(), window, members, nowMillis),
            members);
      }
    });
  }

  /**
   * Raises an alert, unless this window has raised it before: then an acknowledged one takes the
   * findings in as it is, and what is over stays over.
   */
  private void raise(Alert raised, List<Finding> findings) {
    Alert known = alerts.get(raised.id());
    if (known == null) {
      put(raised, Kind.RAISED);
    } else if (known.state() instanceof AlertState.Acknowledged) {
      widen(known, findings);
    }
  }

  private void widen(Alert alert, List<Finding> findings) {
    Alert joined = alert;
    for (Finding finding : findings) {
      joined = joined.joinedBy(finding, window);
    }
    put(joined, Kind.WIDENED);
  }

  private boolean isGathering(Alert alert) {
    return alert.state() instanceof AlertState.Raised && isNew(alert);
  }

  private boolean isNew(Alert alert) {
    long windows = (window.startMillis() - alert.raisedIn().startMillis()) / window.lengthMillis();
    return Math.abs(windows) <= policy.joinWindows();
  }
}
