package dev.skeg.monitor.alert;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Which alerts are asked for; what is empty does not narrow.
 *
 * @param states words of {@link AlertState#word}
 * @param sinceMillis raised then or later, since the epoch
 * @param limit at most so many, the last raised first; 1 or more
 */
public record AlertFilter(
    Optional<String> model,
    OptionalLong version,
    Set<String> states,
    Optional<Severity> severity,
    Optional<Cause> cause,
    long sinceMillis,
    int limit) {
  public AlertFilter {
    states = Set.copyOf(states);
    if (limit < 1) {
      throw new IllegalArgumentException("limit: " + limit + " (expected: 1 or more)");
    }
  }

  /** Returns a filter that lets all pass. */
  public static AlertFilter all() {
    return new AlertFilter(
        Optional.empty(),
        OptionalLong.empty(),
        Set.of(),
        Optional.empty(),
        Optional.empty(),
        Long.MIN_VALUE,
        Integer.MAX_VALUE);
  }

  /** Returns a filter that lets the alerts pass that are not cleared. */
  public static AlertFilter open() {
    return all().withStates(Set.of("raised", "acknowledged", "latched"));
  }

  /** Returns this filter for one model. */
  public AlertFilter withModel(String name) {
    return new AlertFilter(Optional.of(name), version, states, severity, cause, sinceMillis, limit);
  }

  /** Returns this filter for other states. */
  public AlertFilter withStates(Set<String> others) {
    return new AlertFilter(model, version, others, severity, cause, sinceMillis, limit);
  }

  /** Returns whether an alert passes; the limit is the asker's. */
  public boolean passes(Alert alert) {
    return (model.isEmpty() || model.get().equals(alert.key().model()))
        && (version.isEmpty() || version.getAsLong() == alert.key().version())
        && (states.isEmpty() || states.contains(alert.state().word()))
        && (severity.isEmpty() || severity.get() == alert.severity())
        && (cause.isEmpty() || cause.get() == alert.cause())
        && alert.raisedAtMillis() >= sinceMillis;
  }
}
