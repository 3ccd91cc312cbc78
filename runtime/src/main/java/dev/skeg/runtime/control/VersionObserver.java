package dev.skeg.runtime.control;

import dev.skeg.runtime.endpoint.VersionStatus;

/**
 * Is told of versions that come and go.
 *
 * <p><b>Threads.</b> Any; one version's calls follow one another.
 */
public interface VersionObserver {
  /** Of nobody's interest. */
  VersionObserver NONE =
      new VersionObserver() {
        @Override
        public void loaded(VersionPlan.Load load, VersionStatus.Ready ready) {}

        @Override
        public void gone(VersionStatus.Ready ready) {}
      };

  /** A version is loaded and will be served; may read files, but is waited for. Never throws. */
  void loaded(VersionPlan.Load load, VersionStatus.Ready ready);

  /** A version has answered its last request and is about to be freed. Never throws. */
  void gone(VersionStatus.Ready ready);
}
