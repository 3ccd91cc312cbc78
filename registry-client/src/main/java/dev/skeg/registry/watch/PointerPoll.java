package dev.skeg.registry.watch;

import dev.skeg.registry.Pointer;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.Revision;
import dev.skeg.registry.Source;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What to make of one look after the other.
 *
 * <p><b>Damping.</b> A revision other than the reported one counts when two looks in a row, {@code
 * settle} apart, saw it: a pointer that flaps from A to B and back is never reported as B. The very
 * first revision counts at once, since nothing is served yet; so does one seen on a hint, since a
 * hint is sent by whoever moved the pointer, but only if nothing was reported within the last
 * interval: hints must not carry a flapping pointer through.
 *
 * <p><b>Failures.</b> The first of a row is reported, and then only one of another kind; the first
 * success after it reports what is seen, changed or not.
 *
 * <p><b>Threads.</b> Owned by the watcher's thread.
 */
final class PointerPoll {
  private static final int MAX_DOUBLINGS = 30;

  private final Source source;
  private final Pointer pointer;
  private final WatchConfig config;
  private final Consumer<Finding> listener;
  private final InstantSource clock;
  private final RandomGenerator random;
  private @Nullable Revision reported;
  private @Nullable Revision latest; // The last look's; its validator makes the next one cheap.
  private Finding.@Nullable Failed failed;
  private Instant reportedAt = Instant.EPOCH;
  private int failures;

  PointerPoll(
      Source source,
      Pointer pointer,
      WatchConfig config,
      Consumer<Finding> listener,
      InstantSource clock,
      RandomGenerator random) {
    this.source = source;
    this.pointer = pointer;
    this.config = config;
    this.listener = listener;
    this.clock = clock;
    this.random = random;
  }

  /** Begins with what is known already, as from the store; it is not reported again. */
  void startFrom(Revision known) {
    reported = known;
    latest = known;
  }

  /**
   * Looks once, and reports what is new.
   *
   * @param hinted whether somebody said that the pointer moved
   * @return how long to wait before the next look
   */
  Duration look(boolean hinted) {
    Revision seen;
    try {
      seen = source.resolve(pointer, latest);
    } catch (RegistryException e) {
      return failed(e.kind(), String.valueOf(e.getMessage()), e.retryAfter().orElse(Duration.ZERO));
    } catch (RuntimeException e) {
      return failed(RegistryException.Kind.TRANSIENT, e.toString(), Duration.ZERO);
    }
    failures = 0;
    boolean again = latest != null && seen.sameAs(latest);
    latest = seen;
    boolean changed = reported == null || !seen.sameAs(reported);
    if (!changed) {
      if (failed != null) {
        report(seen);
      }
      return jittered(config.interval());
    }
    Instant now = clock.instant();
    boolean calm = reported == null || !now.isBefore(reportedAt.plus(config.interval()));
    if (again || reported == null || (hinted && calm)) {
      reportedAt = now;
      report(seen);
      return jittered(config.interval());
    }
    return config.settle();
  }

  private void report(Revision seen) {
    reported = seen;
    failed = null;
    listener.accept(new Finding.Seen(seen));
  }

  private Duration failed(RegistryException.Kind kind, String message, Duration retryAfter) {
    failures++;
    Finding.Failed last = failed;
    if (last == null || last.kind() != kind) {
      Finding.Failed now =
          new Finding.Failed(kind, message, last == null ? clock.instant() : last.since());
      failed = now;
      listener.accept(now);
    }
    long doubled = config.interval().toNanos();
    for (int i = 1; i < Math.min(failures, MAX_DOUBLINGS); i++) {
      doubled = Math.min(doubled * 2, config.longestBackOff().toNanos());
    }
    Duration wait = jittered(Duration.ofNanos(doubled));
    return wait.compareTo(retryAfter) < 0 ? retryAfter : wait;
  }

  private Duration jittered(Duration wait) {
    long tenth = Math.max(1, wait.toNanos() / 10);
    return wait.plusNanos(random.nextLong(-tenth, tenth + 1));
  }
}
