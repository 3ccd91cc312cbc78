package dev.skeg.runtime.endpoint;

/**
 * Where the process is in its life. <b>Threads.</b> Written by the server's start and stop, read by
 * all.
 */
public final class ServerState {
  /** In this order, never back. */
  public enum Phase {
    /** Models are being loaded; requests to those that are ready are answered. */
    STARTING,
    /** Every version was tried. */
    READY,
    /** A stop was asked for: readiness is off, requests are still answered. */
    DRAINING,
    /** Connections are being closed; new requests are refused. */
    STOPPING
  }

  private volatile Phase phase = Phase.STARTING;

  public Phase phase() {
    return phase;
  }

  /** Moves on; going back is ignored. */
  public synchronized void advance(Phase next) {
    if (next.compareTo(phase) > 0) {
      phase = next;
    }
  }

  /** Returns whether the process works at all. */
  public boolean isLive() {
    return phase != Phase.STOPPING;
  }

  /** Returns whether traffic should be sent here. */
  public boolean isReady() {
    return phase == Phase.READY;
  }
}
