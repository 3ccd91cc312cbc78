package dev.skeg.runtime.control;

import dev.skeg.runtime.endpoint.VersionStatus;
import dev.skeg.runtime.servable.Servable;
import java.util.List;

/**
 * A version that is loaded.
 *
 * @param load what it was loaded from
 * @param notes what was noticed as it was loaded, for people
 */
record LiveVersion(VersionPlan.Load load, VersionStatus.Ready ready, List<String> notes) {
  LiveVersion {
    notes = List.copyOf(notes);
  }

  long number() {
    return load.number();
  }

  /** Returns whether that is what runs it. */
  boolean isOf(Servable servable) {
    return ready.servable() == servable;
  }
}
