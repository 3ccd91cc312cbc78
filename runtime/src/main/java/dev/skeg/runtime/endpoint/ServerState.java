package dev.skeg.runtime.endpoint;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

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

  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private volatile Phase phase = Phase.STARTING;

  public Phase phase() {
    return phase;
  }

  /** Moves on; going back is ignored. Listeners have been told when this returns. */
  public void advance(Phase next) {
    synchronized (this) {
      if (next.compareTo(phase) <= 0) {
        return;
      }
      phase = next;
    }
    listeners.forEach(Runnable::run);
  }

  /**
   * Has {@code listener} run after every change, on the thread that made it; it reads the state, so
   * that two changes at once do no harm.
   */
  public void onChange(Runnable listener) {
    listeners.add(listener);
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
