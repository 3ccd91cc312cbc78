package dev.skeg.runtime.control;

import dev.skeg.runtime.endpoint.VersionStatus;
import dev.skeg.runtime.servable.Servable;

/**
 * A version that is loaded.
 *
 * @param load what it was loaded from
 */
record LiveVersion(VersionPlan.Load load, VersionStatus.Ready ready) {
  long number() {
    return load.number();
  }

  /** Returns whether that is what runs it. */
  boolean isOf(Servable servable) {
    return ready.servable() == servable;
  }
}
