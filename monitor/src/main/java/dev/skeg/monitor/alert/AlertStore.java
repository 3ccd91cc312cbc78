package dev.skeg.monitor.alert;

import dev.skeg.monitor.profile.ProfileKey;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Keeps alerts. Each call is one step: nobody else's change falls into its middle, and it is kept
 * whole or not at all.
 *
 * <p><b>Threads.</b> Any that may block. A change that is handed in must be quick and must not call
 * the store.
 */
public interface AlertStore {
  /**
   * Lets the alerts of a key be changed.
   *
   * @param cleared which of those that are cleared are given beside the open ones
   * @param change is given the alerts, the first raised first, and returns those to keep as they
   *     are now; the others stay what they are
   */
  void update(ProfileKey key, ClearedAlerts cleared, Function<List<Alert>, List<Alert>> change);

  /**
   * Lets one alert be changed.
   *
   * @return it after the change; empty if there is none of that id
   */
  Optional<Alert> update(String id, UnaryOperator<Alert> change);

  /** Returns the alert of that id, if there is one. */
  Optional<Alert> find(String id);

  /** Returns the alerts that pass, the last raised first. */
  List<Alert> find(AlertFilter filter);
}
