package dev.skeg.runtime.admin.page;

import dev.skeg.monitor.alert.Alert;
import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.drift.WindowVerdict;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.Window;
import java.util.List;
import java.util.Optional;

/**
 * What the page shows.
 *
 * @param profile the window's; empty where it is not kept any more
 * @param baseline the version's; empty where it has none, or is not loaded
 * @param history the verdicts up to this one, the oldest first
 * @param alerts the model's that are open
 * @param keys what else of the model there are windows of
 * @param before the window before this one
 * @param after the window after this one; empty where this is the latest
 * @param emptyAfter how many windows there are after this one, if none of them has a row; else 0
 */
public record MonitorView(
    WindowVerdict verdict,
    Optional<Profile> profile,
    Optional<Baseline> baseline,
    List<PastVerdict> history,
    List<Alert> alerts,
    List<ProfileKey> keys,
    Optional<Window> before,
    Optional<Window> after,
    int emptyAfter) {
  public MonitorView {
    history = List.copyOf(history);
    alerts = List.copyOf(alerts);
    keys = List.copyOf(keys);
  }
}
