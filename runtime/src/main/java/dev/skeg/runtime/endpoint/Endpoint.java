package dev.skeg.runtime.endpoint;

import dev.skeg.runtime.servable.VersionState;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A model's live routing, immutable.
 *
 * @param versions lowest number first
 * @param previous numbers of those that are kept for going back: ready, but only requests that name
 *     one reach it
 * @param labels the numbers of versions by names that requests may have in their place
 * @param reason why there is no version at all; empty if there is one
 */
public record Endpoint(
    String model,
    List<VersionStatus> versions,
    Set<Long> previous,
    Map<String, Long> labels,
    String reason) {
  public Endpoint {
    labels = Map.copyOf(labels);
    previous = Set.copyOf(previous);
    versions =
        versions.stream()
            .sorted(Comparator.comparingLong(status -> status.version().number()))
            .toList();
  }

  /** An endpoint that keeps no previous versions and has no labels. */
  public Endpoint(String model, List<VersionStatus> versions, String reason) {
    this(model, versions, Set.of(), Map.of(), reason);
  }

  /**
   * Returns the ready version with the highest number of those that are not only kept for going
   * back; null if there is none.
   */
  @Nullable VersionStatus newestReady() {
    for (int i = versions.size() - 1; i >= 0; i--) {
      VersionStatus status = versions.get(i);
      if (status.state() == VersionState.READY && !previous.contains(status.version().number())) {
        return status;
      }
    }
    return null;
  }

  /** Returns that version; null if it is not known. */
  public @Nullable VersionStatus version(long number) {
    for (VersionStatus status : versions) {
      if (status.version().number() == number) {
        return status;
      }
    }
    return null;
  }
}
