package dev.skeg.runtime.monitoring;

import dev.skeg.monitor.alert.Alert;
import dev.skeg.monitor.alert.AlertFilter;
import dev.skeg.monitor.alert.AlertStore;
import dev.skeg.monitor.alert.ClearedAlerts;
import dev.skeg.monitor.alert.MemoryAlertStore;
import dev.skeg.monitor.profile.ProfileKey;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** A store in memory, of which a test changes what it wants to go otherwise. */
class PassingAlertStore implements AlertStore {
  private final AlertStore store = new MemoryAlertStore(10);

  @Override
  public void update(
      ProfileKey key, ClearedAlerts cleared, Function<List<Alert>, List<Alert>> change) {
    store.update(key, cleared, change);
  }

  @Override
  public Optional<Alert> update(String id, UnaryOperator<Alert> change) {
    return store.update(id, change);
  }

  @Override
  public Optional<Alert> find(String id) {
    return store.find(id);
  }

  @Override
  public List<Alert> find(AlertFilter filter) {
    return store.find(filter);
  }
}
