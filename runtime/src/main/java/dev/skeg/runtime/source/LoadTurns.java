package dev.skeg.runtime.source;

import java.util.concurrent.locks.StampedLock;

/**
 * Which loads of a server may run side by side: a version that a process died with is loaded alone,
 * so that it is known what the next one died of, and nobody else is blamed for it.
 *
 * <p><b>Threads.</b> Any. A turn may be given back by another thread than took it.
 */
final class LoadTurns {
  private final StampedLock lock = new StampedLock();

  /**
   * Waits until such a load may run.
   *
   * @param alone whether no other may run meanwhile
   * @return the turn, to be given back by {@link #end}
   */
  long begin(boolean alone) {
    return alone ? lock.writeLock() : lock.readLock();
  }

  /** Gives a turn back; once. */
  void end(long turn) {
    lock.unlock(turn);
  }
}
