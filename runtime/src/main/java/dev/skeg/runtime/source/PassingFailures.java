package dev.skeg.runtime.source;

import dev.skeg.runtime.endpoint.Endpoint;
import dev.skeg.runtime.endpoint.VersionStatus;
import dev.skeg.runtime.servable.VersionState;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * When models are tried again of which a version failed in a way that may pass, as for lack of
 * memory: with the next look, then after twice as long each time.
 *
 * <p><b>Threads.</b> Owned by the watch's thread.
 */
final class PassingFailures {
  private static final Duration LONGEST = Duration.ofMinutes(5);

  private final long firstNanos;
  private final long longestNanos;
  private final Map<String, Retry> retries = new HashMap<>();

  private record Retry(long atNanos, long waitNanos) {}

  /**
   * @param first wait between two tries
   */
  PassingFailures(Duration first) {
    this.firstNanos = first.toNanos();
    this.longestNanos = Math.max(firstNanos, LONGEST.toNanos());
  }

  /** Returns whether a model is to be tried again now, as it will be then. */
  boolean isDue(String model, Optional<Endpoint> endpoint, long nowNanos) {
    boolean isFailing = false;
    boolean isLoading = false;
    for (VersionStatus version : endpoint.map(Endpoint::versions).orElse(List.of())) {
      isFailing |= version.isPassing();
      isLoading |= version.state() == VersionState.LOADING;
    }
    if (!isFailing) {
      if (!isLoading) {
        retries.remove(model);
      }
      return false;
    }
    Retry retry = retries.getOrDefault(model, new Retry(nowNanos, firstNanos));
    if (isLoading || nowNanos - retry.atNanos() < 0) {
      return false;
    }
    long wait = retry.waitNanos();
    retries.put(model, new Retry(nowNanos + wait, Math.min(2 * wait, longestNanos)));
    return true;
  }
}
