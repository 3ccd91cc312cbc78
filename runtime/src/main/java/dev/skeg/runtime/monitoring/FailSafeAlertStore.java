package dev.skeg.runtime.monitoring;

import dev.skeg.monitor.alert.Alert;
import dev.skeg.monitor.alert.AlertFilter;
import dev.skeg.monitor.alert.AlertStore;
import dev.skeg.monitor.alert.ClearedAlerts;
import dev.skeg.monitor.alert.MemoryAlertStore;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.runtime.model.ServingException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Alerts that do not depend on the disk: while the store fails they are kept in memory, and once it
 * works again it is given what it has missed.
 *
 * <p>The memory has what the store was seen to have, so nothing is raised twice when the disk
 * fails; but what nobody has read since the start it does not know.
 *
 * <p><b>Threads.</b> Any that may block; one call at a time, for a call may be in two stores.
 */
final class FailSafeAlertStore implements AlertStore {
  private static final Logger LOG = LoggerFactory.getLogger(FailSafeAlertStore.class);
  private static final int REMEMBERED = 10_000;

  private final AlertStore store;
  private final MemoryAlertStore memory = new MemoryAlertStore(REMEMBERED);
  private boolean isFailing;

  FailSafeAlertStore(AlertStore store) {
    this.store = store;
  }

  @Override
  public synchronized void update(
      ProfileKey key, ClearedAlerts cleared, Function<List<Alert>, List<Alert>> change) {
    try {
      catchUp();
      List<Alert> changed = new ArrayList<>();
      store.update(
          key,
          cleared,
          known -> {
            remember(key, known);
            changed.clear(); // A store may try a step again.
            changed.addAll(change.apply(known));
            return List.copyOf(changed);
          });
      // Not before it is written: if that fails, the step goes on from what the store has.
      remember(key, changed);
    } catch (ServingException e) {
      failed(e);
      memory.update(key, cleared, change);
    }
  }

  private void remember(ProfileKey key, List<Alert> alerts) {
    memory.update(key, ClearedAlerts.NONE, _ -> alerts);
  }

  private static Map<ProfileKey, List<Alert>> byKey(List<Alert> alerts) {
    return alerts.stream().collect(Collectors.groupingBy(Alert::key));
  }

  @Override
  public synchronized Optional<Alert> update(String id, UnaryOperator<Alert> change) {
    try {
      catchUp();
      Optional<Alert> changed = store.update(id, change);
      changed.ifPresent(alert -> remember(alert.key(), List.of(alert)));
      return changed;
    } catch (ServingException e) {
      failed(e);
      return memory.update(id, change);
    }
  }

  @Override
  public synchronized Optional<Alert> find(String id) {
    try {
      catchUp();
      Optional<Alert> found = store.find(id);
      found.ifPresent(alert -> remember(alert.key(), List.of(alert)));
      return found;
    } catch (ServingException e) {
      failed(e);
      return memory.find(id);
    }
  }

  @Override
  public synchronized List<Alert> find(AlertFilter filter) {
    try {
      catchUp();
      List<Alert> found = store.find(filter);
      byKey(found).forEach(this::remember);
      return found;
    } catch (ServingException e) {
      failed(e);
      return memory.find(filter);
    }
  }

  /** Gives the store what it has missed, before anything else. */
  private void catchUp() {
    if (!isFailing) {
      return;
    }
    // A key's in one step: there may be thousands, and each step waits for the disk.
    byKey(memory.find(AlertFilter.all()))
        .forEach((key, alerts) -> store.update(key, ClearedAlerts.NONE, _ -> alerts));
    isFailing = false;
    LOG.atInfo().log("Alerts are kept on disk again");
  }

  private void failed(ServingException e) {
    if (!isFailing) {
      LOG.atWarn()
          .addKeyValue("reason", e.getMessage())
          .log("Alerts are kept in memory only, and not across a restart");
    }
    isFailing = true;
  }
}
