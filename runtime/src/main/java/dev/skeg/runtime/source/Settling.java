package dev.skeg.runtime.source;

import dev.skeg.registry.FileLook;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Tells files that stand still from files that are being written: they stand still when two looks
 * {@link #STILL} apart saw the same, or when they last changed longer ago than {@link #LONG_AGO} by
 * their file system's clock, which amounts to the same and needs no second look. The margin between
 * the two is for clocks that differ.
 *
 * <p><b>Threads.</b> Owned by the watch's thread.
 */
final class Settling {
  static final Duration STILL = Duration.ofMillis(250);
  static final Duration LONG_AGO = Duration.ofSeconds(2);

  private final Map<Path, Seen> seen = new HashMap<>();

  private record Seen(String fingerprint, boolean isSettled, long sinceNanos) {}

  /**
   * Notes a look.
   *
   * @param now by the wall clock
   * @param nowNanos monotonic time
   * @return whether the files stand still
   */
  boolean isSettled(Path path, FileLook look, Instant now, long nowNanos) {
    Seen before = seen.get(path);
    boolean isSame = before != null && before.fingerprint().equals(look.fingerprint());
    boolean settled;
    long sinceNanos = nowNanos;
    if (before != null && isSame) {
      sinceNanos = before.sinceNanos();
      settled = before.isSettled() || nowNanos - sinceNanos >= STILL.toNanos();
    } else {
      settled = look.changedAt().isBefore(now.minus(LONG_AGO));
    }
    seen.put(path, new Seen(look.fingerprint(), settled, sinceNanos));
    return settled;
  }

  /** Forgets all others. */
  void retain(Set<Path> paths) {
    seen.keySet().retainAll(paths);
  }
}
