package dev.skeg.runtime.endpoint;

import dev.skeg.runtime.batch.Batcher;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.servable.LoadRequest;
import dev.skeg.runtime.servable.RecentRequests;
import dev.skeg.runtime.servable.Servable;
import dev.skeg.runtime.servable.VersionState;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One version as an endpoint knows it.
 *
 * @param digest sha256 of its files in hexadecimal; empty if they could not be read
 * @param since when it entered {@code state}
 * @param reason why it is in that state; empty when ready
 * @param ready what runs it; null unless {@code state} is READY
 * @param isPassing whether what keeps it from being served may be over at another time
 */
public record VersionStatus(
    ModelVersion version,
    String digest,
    VersionState state,
    Instant since,
    String reason,
    @Nullable Ready ready,
    boolean isPassing) {
  /**
   * What runs a version that is ready.
   *
   * @param request what it was loaded from
   * @param recent which records some of its requests; the model's, one for all its versions
   */
  public record Ready(
      LoadRequest request, Servable servable, Batcher batcher, RecentRequests recent) {}

  /** A version that is served, or is not for a reason that stays. */
  public VersionStatus(
      ModelVersion version,
      String digest,
      VersionState state,
      Instant since,
      String reason,
      @Nullable Ready ready) {
    this(version, digest, state, since, reason, ready, false);
  }

  /** Returns the same, but that it may be otherwise at another time. */
  public VersionStatus passing() {
    return new VersionStatus(version, digest, state, since, reason, ready, true);
  }

  /** Returns whether it is ready, and was loaded as a request asks for. */
  public boolean runs(LoadRequest request) {
    return ready != null && ready.request().isSameAs(request);
  }

  public VersionStatus {
    if ((state == VersionState.READY) != (ready != null)) {
      throw new IllegalArgumentException(
          "ready: " + ready + " (expected: present exactly when the state is READY)");
    }
  }
}
