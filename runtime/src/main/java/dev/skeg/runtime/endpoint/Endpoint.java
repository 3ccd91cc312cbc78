package dev.skeg.runtime.endpoint;

import dev.skeg.runtime.servable.VersionState;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A model's live routing, immutable.
 *
 * @param versions lowest number first
 * @param reason why there is no version at all; empty if there is one
 */
public record Endpoint(String model, List<VersionStatus> versions, String reason) {
  public Endpoint {
    versions =
        versions.stream()
            .sorted(Comparator.comparingLong(status -> status.version().number()))
            .toList();
  }

  /** Returns the ready version with the highest number; null if none is ready. */
  @Nullable VersionStatus newestReady() {
    for (int i = versions.size() - 1; i >= 0; i--) {
      if (versions.get(i).state() == VersionState.READY) {
        return versions.get(i);
      }
    }
    return null;
  }

  /** Returns that version; null if it is not known. */
  @Nullable VersionStatus version(long number) {
    for (VersionStatus status : versions) {
      if (status.version().number() == number) {
        return status;
      }
    }
    return null;
  }

  /** Returns this endpoint with that version put in, or in the place of the one of its number. */
  public Endpoint with(VersionStatus changed) {
    List<VersionStatus> others =
        versions.stream()
            .filter(status -> status.version().number() != changed.version().number())
            .toList();
    return new Endpoint(model, Stream.concat(others.stream(), Stream.of(changed)).toList(), "");
  }
}
