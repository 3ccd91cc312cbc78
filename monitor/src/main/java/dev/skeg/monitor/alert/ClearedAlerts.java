package dev.skeg.monitor.alert;

import dev.skeg.monitor.profile.Window;

/**
 * Which of a key's cleared alerts matter to a window's verdict: of those that began before the
 * window's end, the ones that were held against it or a later one before, which must not be raised
 * again, and the ones that were cleared so lately that they may come back.
 *
 * <p>So judging an old window reads few alerts, however many have come and gone since.
 *
 * @param window that is judged
 * @param sinceMillis what was cleared then or later may come back
 */
public record ClearedAlerts(Window window, long sinceMillis) {
  /** For a step that looks at none. */
  public static final ClearedAlerts NONE =
      new ClearedAlerts(new Window(Long.MIN_VALUE, Long.MIN_VALUE + 1), Long.MAX_VALUE);

  /**
   * Returns whether an alert is one of them.
   *
   * @param cleared that is cleared
   */
  public boolean includes(Alert cleared) {
    return cleared.firstMillis() < window.endMillis()
        && (cleared.lastWindow().endMillis() >= window.endMillis()
            || cleared.state().sinceMillis() >= sinceMillis);
  }
}
