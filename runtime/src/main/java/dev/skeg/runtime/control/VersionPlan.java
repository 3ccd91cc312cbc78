package dev.skeg.runtime.control;

import dev.skeg.runtime.servable.LoadRequest;

/** What is to become of one version that the repository has. */
sealed interface VersionPlan {
  /** The version's number. */
  long number();

  /**
   * To be loaded.
   *
   * @param digest sha256 of its files in hexadecimal
   * @param lanes batches that run at once, 1 or more
   * @param maxQueued requests that wait at most, 1 or more
   */
  record Load(String digest, LoadRequest request, int lanes, int maxQueued) implements VersionPlan {
    @Override
    public long number() {
      return request.version().number();
    }
  }

  /**
   * Cannot be loaded as it stands.
   *
   * @param reason what is wrong and where, for people and clients
   */
  record Refuse(long number, String reason) implements VersionPlan {}
}
