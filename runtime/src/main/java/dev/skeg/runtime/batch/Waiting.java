package dev.skeg.runtime.batch;

import org.jspecify.annotations.Nullable;

/**
 * What a request needs beyond {@link Entry} once it cannot run at once.
 *
 * <p><b>Threads.</b> Filled by whoever submits it, then the scheduler's.
 */
final class Waiting {
  /** Which of all requests it is: answers may have to leave in this order. */
  long number;

  /** When it must have started, by {@link Batcher#clock()}; {@link Long#MAX_VALUE} for never. */
  long startBy = Long.MAX_VALUE;

  /** When its answer is worth nothing any more, likewise. */
  long finishBy = Long.MAX_VALUE;

  /** What orders it among those that wait: its deadline, or one assumed. */
  long urgency;

  /** When it is refused if it still waits; kept for those that stand in {@link Deadlines}. */
  long expiresAt;

  /** Where it stands there. */
  int deadlinePlace = Deadlines.NOWHERE;

  /** When it began to wait. */
  long queuedAt;

  /** What its rows will cost, as reckoned when it was admitted, and where that was noted. */
  long reckonedNanos;

  int reckonedAt;

  /** Rows that are in batches already. */
  int rowsTaken;

  /** Puts the answers of its parts together; null for a request that runs in one piece. */
  @Nullable Assembly assembly;
}
