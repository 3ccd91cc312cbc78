package dev.skeg.runtime.control;

import dev.skeg.runtime.config.MonitorConfig;
import dev.skeg.runtime.servable.LoadRequest;

/** What is to become of one version that the repository has. */
public sealed interface VersionPlan {
  /** The version's number. */
  long number();

  /**
   * To be loaded.
   *
   * @param digest sha256 of its files in hexadecimal
   * @param lanes batches that run at once, 1 or more
   * @param maxQueued requests that wait at most, 1 or more
   * @param monitor how it is watched
   */
  record Load(String digest, LoadRequest request, int lanes, int maxQueued, MonitorConfig monitor)
      implements VersionPlan {
    /** A load of a version that is watched in the usual way. */
    public Load(String digest, LoadRequest request, int lanes, int maxQueued) {
      this(digest, request, lanes, maxQueued, MonitorConfig.DEFAULT);
    }

    @Override
    public long number() {
      return request.version().number();
    }

    /** Returns whether loading the other would give the same, wherever its files lie. */
    boolean isSameAs(Load other) {
      return digest.equals(other.digest)
          && lanes == other.lanes
          && maxQueued == other.maxQueued
          && monitor.equals(other.monitor)
          && request.isSameAs(other.request);
    }
  }

  /**
   * Cannot be loaded as it stands. What is loaded of that number already serves on.
   *
   * @param reason what is wrong and where, for people and clients
   */
  record Refuse(long number, String reason) implements VersionPlan {}

  /**
   * Is to be out, and not kept for going back either.
   *
   * @param reason who wants that, for people and clients
   */
  record Unload(long number, String reason) implements VersionPlan {}
}
