package dev.skeg.runtime.source;

import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.Revision;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The revision that is to be served next, and when that is tried, the first time or again: later
 * each time, and later still for what will hardly be otherwise.
 *
 * <p><b>Threads.</b> Owned by the watch's thread.
 */
final class PendingRevision {
  private static final Duration FIRST_RETRY = Duration.ofSeconds(1);
  static final Duration LONGEST_RETRY = Duration.ofMinutes(5);
  private static final Duration IDLE = Duration.ofDays(1);

  private @Nullable Revision revision;
  private long dueAtNanos;
  private int failures;

  /** Has a revision tried now. */
  void set(Revision next) {
    revision = next;
    failures = 0;
    dueAtNanos = System.nanoTime();
  }

  /** There is nothing to be tried any more. */
  void clear() {
    revision = null;
  }

  /** Returns how long there is nothing to be tried, unless it is hinted at. */
  Duration untilDue() {
    return revision == null ? IDLE : Duration.ofNanos(Math.max(0, dueAtNanos - System.nanoTime()));
  }

  /** Returns what is to be tried now. */
  Optional<Revision> due(boolean isHinted) {
    boolean isDue = isHinted || dueAtNanos - System.nanoTime() <= 0;
    return Optional.ofNullable(isDue ? revision : null);
  }

  /** It could not be brought or served, and is tried again later. */
  void failed(RegistryException e) {
    failures++;
    Duration wait =
        e.kind() == Kind.INVALID
            ? LONGEST_RETRY
            : FIRST_RETRY.multipliedBy(1L << Math.min(failures - 1, 16));
    Duration capped = wait.compareTo(LONGEST_RETRY) < 0 ? wait : LONGEST_RETRY;
    long nanos = Math.max(capped.toNanos(), e.retryAfter().orElse(Duration.ZERO).toNanos());
    dueAtNanos = System.nanoTime() + nanos + ThreadLocalRandom.current().nextLong(nanos / 10 + 1);
  }
}
