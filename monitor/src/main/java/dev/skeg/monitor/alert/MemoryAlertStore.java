package dev.skeg.monitor.alert;

import dev.skeg.monitor.profile.ProfileKey;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Keeps alerts as long as the process lives.
 *
 * <p>Bounded: of more than a given number the cleared ones go first, and then the oldest.
 *
 * <p><b>Threads.</b> Any; each call holds the lock for as long as its change takes.
 */
public final class MemoryAlertStore implements AlertStore {
  private static final Comparator<Alert> OLDEST_FIRST =
      Comparator.comparingLong(Alert::raisedAtMillis).thenComparing(Alert::id);

  private final Map<String, Alert> alerts = new LinkedHashMap<>();
  private final int capacity;

  /**
   * @param capacity alerts at most, 1 or more
   */
  public MemoryAlertStore(int capacity) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity: " + capacity + " (expected: 1 or more)");
    }
    this.capacity = capacity;
  }

  @Override
  public synchronized void update(
      ProfileKey key, ClearedAlerts cleared, Function<List<Alert>, List<Alert>> change) {
    List<Alert> known =
        alerts.values().stream()
            .filter(alert -> alert.key().equals(key))
            .filter(alert -> alert.state().isOpen() || cleared.includes(alert))
            .sorted(OLDEST_FIRST)
            .toList();
    for (Alert alert : change.apply(known)) {
      alerts.put(alert.id(), alert);
    }
    forget();
  }

  private void forget() {
    if (alerts.size() <= capacity) {
      return;
    }
    List<Alert> leastWanted = new ArrayList<>(alerts.values());
    leastWanted.sort(
        Comparator.comparing((Alert alert) -> alert.state().isOpen()).thenComparing(OLDEST_FIRST));
    for (Alert alert : leastWanted.subList(0, alerts.size() - capacity)) {
      alerts.remove(alert.id());
    }
  }

  @Override
  public synchronized Optional<Alert> update(String id, UnaryOperator<Alert> change) {
    return Optional.ofNullable(alerts.computeIfPresent(id, (_, alert) -> change.apply(alert)));
  }

  @Override
  public synchronized Optional<Alert> find(String id) {
    return Optional.ofNullable(alerts.get(id));
  }

  @Override
  public synchronized List<Alert> find(AlertFilter filter) {
    return alerts.values().stream()
        .filter(filter::passes)
        .sorted(OLDEST_FIRST.reversed())
        .limit(filter.limit())
        .toList();
  }
}
