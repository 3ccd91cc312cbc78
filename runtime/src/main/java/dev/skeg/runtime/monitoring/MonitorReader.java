package dev.skeg.runtime.monitoring;

import dev.skeg.monitor.alert.AlertFilter;
import dev.skeg.monitor.drift.VerdictJson;
import dev.skeg.monitor.drift.WindowVerdict;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileJson;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.Window;
import dev.skeg.runtime.admin.page.MonitorView;
import dev.skeg.runtime.state.WindowArchive;
import dev.skeg.runtime.state.WindowArchive.Kept;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Finds closed windows for those who ask. <b>Threads.</b> Any that may block. */
public final class MonitorReader {
  /** Windows without rows that are looked past. */
  private static final int MOST_EMPTY = 2 * WindowHistory.WINDOWS;

  private final Monitors monitors;
  private final WindowArchive archive;

  /**
   * Which window is asked for; each may be empty.
   *
   * @param version a number
   * @param segment as declared, or {@code other}; empty for all rows, or where a model has segments
   *     for any
   * @param window {@code latest}, or a time within it: ISO 8601 or milliseconds since the epoch
   */
  public record Query(String model, String version, String arm, String segment, String window) {
    boolean isLatest() {
      return window.isEmpty() || window.equals("latest");
    }
  }

  /** What came of a query. */
  public sealed interface Found {
    /** The window. */
    record At(ProfileKey key, Window window) implements Found {}

    /**
     * There is none.
     *
     * @param isBad whether the query is at fault, in itself
     */
    record Nothing(boolean isBad, String reason) implements Found {}
  }

  public MonitorReader(Monitors monitors) {
    this.monitors = monitors;
    this.archive = monitors.archive();
  }

  /**
   * Returns the window that people are shown for a query: of the latest ones the last that has
   * rows, since what was found in it says more than that nothing has come since. If none of the
   * last {@value #MOST_EMPTY} has any, it is the latest.
   */
  public Found findToShow(Query query) {
    Found found = find(query);
    return found instanceof Found.At latest && query.isLatest() ? lastWithRows(latest) : found;
  }

  private Found.At lastWithRows(Found.At latest) {
    return archive.lastClosed(latest.key()).stream()
        .limit(MOST_EMPTY)
        .map(Kept::window)
        .filter(window -> monitors.history().rows(latest.key(), window) > 0)
        .findFirst()
        .map(window -> new Found.At(latest.key(), window))
        .orElse(latest);
  }

  /** Returns the window that a query asks for, whether it has rows or not. */
  public Found find(Query query) {
    if (!query.version().isEmpty() && !query.version().matches("[0-9]{1,18}")) {
      return new Found.Nothing(
          true, "version: " + query.version() + " (expected: a version's number)");
    }
    Optional<Long> time = query.isLatest() ? Optional.empty() : millis(query.window());
    if (!query.isLatest() && time.isEmpty()) {
      return new Found.Nothing(
          true,
          "window: "
              + query.window()
              + " (expected: latest, or a time within it as 2026-11-26T10:00:00Z or in milliseconds"
              + " since the epoch)");
    }
    List<ProfileKey> keys = archive.keys(query.model());
    if (keys.isEmpty()) {
      return new Found.Nothing(
          false,
          monitors.isWatched(query.model())
              ? "no window of '"
                  + query.model()
                  + "' has closed yet (expected: the first, at its end; monitor.window says how long"
                  + " they are)"
              : "'"
                  + query.model()
                  + "' is not monitored (expected: a loaded model, and no monitor.enabled: false in"
                  + " its model.yaml)");
    }
    List<ProfileKey> fitting = keys.stream().filter(key -> fits(key, query)).toList();
    if (fitting.isEmpty()) {
      return new Found.Nothing(
          false,
          "no such window of '"
              + query.model()
              + "'; there are "
              + String.join("; ", keys.stream().map(MonitorReader::describe).toList()));
    }
    return time.isPresent() ? at(fitting, time.get()) : latest(fitting);
  }

  private static boolean fits(ProfileKey key, Query query) {
    return (query.version().isEmpty() || key.version() == Long.parseLong(query.version()))
        && (query.arm().isEmpty() || query.arm().equals(key.arm()))
        && (query.segment().isEmpty() || query.segment().equals(key.segment()));
  }

  private static String describe(ProfileKey key) {
    return "version "
        + key.version()
        + ", arm "
        + key.arm()
        + (key.segment().isEmpty() ? "" : ", segment " + key.segment());
  }

  /**
   * Of several keys the one that most rows go to comes first: stable, whole, the newest version.
   */
  private static Comparator<ProfileKey> likeliest() {
    return Comparator.comparing((ProfileKey key) -> !key.arm().equals(ProfileKey.STABLE))
        .thenComparing(key -> !key.segment().equals(ProfileKey.ALL))
        .thenComparing(Comparator.comparingLong(ProfileKey::version).reversed())
        .thenComparing(ProfileKey::segment);
  }

  private Found latest(List<ProfileKey> keys) {
    List<Kept> last =
        keys.stream().flatMap(key -> archive.lastClosed(key).stream().limit(1)).toList();
    return last.stream()
        .max(Comparator.comparingLong(Kept::closedAtMillis))
        .map(Kept::window)
        // Arms and segments of one window close together, one after the other.
        .flatMap(window ->
            last.stream()
                .filter(kept -> kept.window().equals(window))
                .map(Kept::key)
                .min(likeliest())
                .<Found>map(key -> new Found.At(key, window)))
        .orElseGet(() -> new Found.Nothing(false, "no window is kept any more"));
  }

  private Found at(List<ProfileKey> keys, long timeMillis) {
    return keys.stream()
        .sorted(likeliest())
        .flatMap(
            key -> archive.at(key, timeMillis).map(window -> new Found.At(key, window)).stream())
        .findFirst()
        .<Found>map(at -> at)
        .orElseGet(() -> {
          List<Window> all = keys.stream().flatMap(key -> archive.windowsOf(key).stream()).toList();
          long first = all.stream().mapToLong(Window::startMillis).min().orElse(0);
          long last = all.stream().mapToLong(Window::endMillis).max().orElse(0);
          return new Found.Nothing(
              false,
              "no window at "
                  + Instant.ofEpochMilli(timeMillis)
                  + " is kept; there are windows from "
                  + Instant.ofEpochMilli(first)
                  + " to "
                  + Instant.ofEpochMilli(last));
        });
  }

  private static Optional<Long> millis(String text) {
    if (text.matches("-?[0-9]{1,17}")) {
      return Optional.of(Long.parseLong(text));
    }
    try {
      return Optional.of(OffsetDateTime.parse(text).toInstant().toEpochMilli());
    } catch (DateTimeException | ArithmeticException e) {
      return Optional.empty();
    }
  }

  /** Returns a window's verdict as JSON in UTF-8; empty if it has been deleted meanwhile. */
  public Optional<byte[]> verdict(Found.At at) {
    return archive.verdict(at.key(), at.window());
  }

  /** Returns a window's profile as JSON in UTF-8; empty if it has been deleted meanwhile. */
  public Optional<byte[]> profile(Found.At at) {
    return archive.profile(at.key(), at.window());
  }

  /** Returns what the page shows of a window; empty if it has been deleted meanwhile. */
  public Optional<MonitorView> view(Found.At at) {
    return verdict(at).map(VerdictJson::read).map(verdict -> view(at, verdict));
  }

  private MonitorView view(Found.At at, WindowVerdict verdict) {
    Optional<Profile> profile = profile(at).map(ProfileJson::read);
    List<Window> windows = archive.windowsOf(at.key());
    int index = windows.indexOf(at.window());
    return new MonitorView(
        verdict,
        profile,
        monitors.baseline(at.key()),
        monitors.history().upTo(at.key(), at.window()),
        monitors.alerts(AlertFilter.open().withModel(at.key().model())),
        archive.keys(at.key().model()),
        index > 0 ? Optional.of(windows.get(index - 1)) : Optional.empty(),
        index >= 0 && index + 1 < windows.size()
            ? Optional.of(windows.get(index + 1))
            : Optional.empty(),
        index < 0 ? 0 : empty(at.key(), windows.subList(index + 1, windows.size())));
  }

  /** Returns how many windows there are, if none has rows; else 0. */
  private int empty(ProfileKey key, List<Window> windows) {
    boolean areEmpty =
        windows.size() <= MOST_EMPTY
            && windows.stream().allMatch(window -> monitors.history().rows(key, window) == 0);
    return areEmpty ? windows.size() : 0;
  }
}
