package dev.skeg.runtime.monitoring;

import dev.skeg.monitor.drift.VerdictJson;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.Window;
import dev.skeg.runtime.admin.page.PastVerdict;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.state.WindowArchive;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What the lines of the page need of the last windows of each key; what there was before the start
 * is read from the archive when it is first asked for.
 *
 * <p><b>Threads.</b> Any that may block.
 */
final class WindowHistory {
  /** Windows on a line at most: four days of hours. */
  static final int WINDOWS = 96;

  private final WindowArchive archive;
  private final Map<ProfileKey, NavigableMap<Long, PastVerdict>> past = new ConcurrentHashMap<>();

  WindowHistory(WindowArchive archive) {
    this.archive = archive;
  }

  void add(ProfileKey key, PastVerdict verdict) {
    NavigableMap<Long, PastVerdict> own = past.computeIfAbsent(key, _ -> new TreeMap<>());
    synchronized (own) {
      own.put(verdict.window().startMillis(), verdict);
      while (own.size() > 2 * WINDOWS) {
        own.pollFirstEntry();
      }
    }
  }

  /** Lets go of a version's windows; they are read again when they are asked for. */
  void release(String model, long version) {
    past.keySet().removeIf(key -> key.model().equals(model) && key.version() == version);
  }

  /** Returns the windows up to one, the oldest first, {@value #WINDOWS} at most. */
  List<PastVerdict> upTo(ProfileKey key, Window last) {
    List<Window> kept =
        archive.windowsOf(key).stream()
            .filter(window -> window.startMillis() <= last.startMillis())
            .toList();
    List<PastVerdict> verdicts = new ArrayList<>();
    for (Window window : kept.subList(Math.max(0, kept.size() - WINDOWS), kept.size())) {
      PastVerdict known = known(key, window);
      if (known != null) {
        verdicts.add(known);
      }
    }
    return verdicts;
  }

  /** Returns how many rows a window has; 0 if it is not kept any more, too. */
  long rows(ProfileKey key, Window window) {
    PastVerdict known = known(key, window);
    return known == null ? 0 : known.rows();
  }

  private @Nullable PastVerdict known(ProfileKey key, Window window) {
    NavigableMap<Long, PastVerdict> own = past.computeIfAbsent(key, _ -> new TreeMap<>());
    synchronized (own) {
      PastVerdict verdict = own.get(window.startMillis());
      if (verdict != null) {
        return verdict;
      }
    }
    try {
      PastVerdict read =
          archive
              .verdict(key, window)
              .map(bytes -> PastVerdict.of(VerdictJson.read(bytes)))
              .orElse(null);
      if (read != null) {
        add(key, read);
      }
      return read;
    } catch (ServingException | IllegalArgumentException e) {
      return null; // A file that cannot be read is a gap in a line.
    }
  }
}
