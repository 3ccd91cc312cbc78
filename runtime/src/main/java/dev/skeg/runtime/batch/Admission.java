package dev.skeg.runtime.batch;

import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.InferenceResult;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * What waits and what runs, and so whether one more request may wait.
 *
 * <p>A request is refused at once if there is no place for it, or if what will run before it leaves
 * no time for it. What will run before it is all of a higher priority and, within its own, what is
 * more urgent: the cost of what waits is kept by priority and, in steps of 33 ms, by urgency.
 *
 * <p><b>Threads.</b> Any. Sums are read while others change them: an estimate is not exact anyway.
 */
final class Admission {
  /**
   * What may be promised to a request leaves room for an error of one in so many in what is
   * reckoned to run before it: it is reckoned from averages, and a queue that is shorter serves
   * just as many.
   */
  private static final int DOUBT = 3;

  /** Steps of urgency that are told apart; an urgency lies within a second of the present. */
  private static final int STEPS = 64;

  private static final int STEP_SHIFT = 25;

  private final String model;
  private final BatchPolicy policy;
  private final int lanes;
  private final int maxQueued;
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicIntegerArray waitingByLevel;
  private final AtomicLongArray reckonedByLevel;
  private final AtomicLongArray reckonedByStep; // Level by level.
  private final AtomicLong runningNanos = new AtomicLong();

  /**
   * @param maxQueued requests that wait at most, 1 or more
   */
  Admission(String model, BatchPolicy policy, int lanes, int maxQueued) {
    this.model = model;
    this.policy = policy;
    this.lanes = lanes;
    this.maxQueued = maxQueued;
    int levels = policy.levels().size();
    this.waitingByLevel = new AtomicIntegerArray(levels);
    this.reckonedByLevel = new AtomicLongArray(levels);
    this.reckonedByStep = new AtomicLongArray(levels * STEPS);
  }

  /** Returns how many requests wait, those included that are just coming or going. */
  int waiting() {
    return waiting.get();
  }

  /** Notes what a lane's thread has begun to run; negative when it is over. */
  void runs(long nanos) {
    runningNanos.addAndGet(nanos);
  }

  /**
   * Counts a request as waiting and says whether it may.
   *
   * @param entry not taken, its limits filled in
   * @param now by the batcher's clock
   * @return why it may not, and then it must be taken off again by {@link #leave}; else null
   */
  InferenceResult.@Nullable Rejected enter(Entry entry, long now) {
    Waiting wait = entry.waits();
    wait.queuedAt = now;
    wait.urgency =
        Math.min(Math.min(wait.startBy, wait.finishBy), now + RequestQueue.ASSUMED_PATIENCE_NANOS);
    wait.reckonedNanos = entry.rows * rowNanos(entry.shape);
    wait.reckonedAt = entry.level * STEPS + step(wait.urgency);
    // Before it is counted itself; nobody but a deadline asks.
    long ahead = wait.finishBy == Long.MAX_VALUE ? 0 : ahead(entry.level, now, wait.urgency);
    int levelMost = policy.levels().get(entry.level).maxRequests();
    int waitsNow = waiting.incrementAndGet();
    boolean isFull = waitsNow > maxQueued;
    isFull |= waitingByLevel.incrementAndGet(entry.level) > levelMost && levelMost > 0;
    reckonedByLevel.addAndGet(entry.level, wait.reckonedNanos);
    reckonedByStep.addAndGet(wait.reckonedAt, wait.reckonedNanos);
    entry.isCounted(true);
    if (isFull) {
      return full(entry, now);
    }
    return wait.finishBy == Long.MAX_VALUE ? null : tooLate(entry, now, ahead, waitsNow > 1);
  }

  /**
   * Returns the refusal of a request that would be answered too late, by what runs have cost.
   *
   * @param ahead nanoseconds until its turn
   * @param othersWait whether a run that might be late would take the lane from one that is not
   */
  private InferenceResult.@Nullable Rejected tooLate(
      Entry entry, long now, long ahead, boolean othersWait) {
    Waiting wait = entry.waits();
    long ends = endsIn(entry, ahead, othersWait);
    if (now + ahead / DOUBT + ends <= wait.finishBy) {
      return null;
    }
    boolean hasItsTurn = now + 2 * ahead < wait.finishBy; // Its turn comes early enough for sure.
    if (hasItsTurn && entry.shape.isToBeTried(now)) {
      wait.finishBy = Long.MAX_VALUE;
      return null;
    }
    return rejected(
        "Request timeout expired for model '"
            + model
            + "': its turn would come in about "
            + millis(ahead)
            + " ms and its answer in about "
            + millis(ends)
            + " ms, too late for its deadline",
        Math.max(ahead, now + ends - wait.finishBy));
  }

  private static long millis(long nanos) {
    return (nanos + 999_999) / 1_000_000;
  }

  /** Returns the refusal of a request that finds no place. */
  InferenceResult.Rejected full(Entry entry, long now) {
    return rejected(
        "Exceeds maximum queue size of model '" + model + "'",
        ahead(entry.level, now, now + RequestQueue.ASSUMED_PATIENCE_NANOS));
  }

  /** Returns the refusal of a request whose time is over. */
  InferenceResult.Rejected expired(Entry entry, long now) {
    return rejected(
        "Request timeout expired for model '" + model + "'",
        ahead(entry.level, now, now + RequestQueue.ASSUMED_PATIENCE_NANOS));
  }

  private static InferenceResult.Rejected rejected(String detail, long ahead) {
    return new InferenceResult.Rejected(ErrorCode.UNAVAILABLE, detail, Math.max(1, ahead));
  }

  /** Counts a request no longer; the first call for it does. */
  void leave(Entry entry) {
    if (!entry.isCounted(false)) {
      return;
    }
    Waiting wait = entry.waits();
    waiting.decrementAndGet();
    waitingByLevel.decrementAndGet(entry.level);
    reckonedByLevel.addAndGet(entry.level, -wait.reckonedNanos);
    reckonedByStep.addAndGet(wait.reckonedAt, -wait.reckonedNanos);
  }

  /** Returns what a row of that class costs in a batch of the best size; 0 if that is not known. */
  private static long rowNanos(ShapeClass shape) {
    int best = shape.cost().bestRows(shape.capacity());
    long nanos = shape.cost().predict(best);
    return nanos == 0 ? 0 : Math.max(1, nanos / best);
  }

  /**
   * Returns the nanoseconds until a request will have its answer: after what runs now, the full
   * batches of what waits before it, and the batch that it is in itself, with those before it for
   * which the full ones have no room.
   *
   * @param ahead until it is its turn
   * @param atMost whether what nearly every run takes counts for its own, not the mean
   */
  private long endsIn(Entry entry, long ahead, boolean atMost) {
    ShapeClass shape = entry.shape;
    long row = rowNanos(shape);
    if (entry.rows > shape.capacity() || row == 0) {
      return ahead + entry.waits().reckonedNanos / lanes;
    }
    long running = Math.min(ahead, running());
    int best = shape.cost().bestRows(shape.capacity());
    long rowsAhead = (ahead - running) * lanes / row;
    long full = rowsAhead / best;
    int own = (int) Math.max(entry.rows, Math.min(best, rowsAhead % best + entry.rows));
    CostCurve cost = shape.cost();
    long last = atMost ? cost.predictAtMost(own) : cost.predict(own);
    return running + full * best * row / lanes + last;
  }

  /**
   * Returns the nanoseconds until a lane is free; of what runs now half is over, on the average.
   */
  private long running() {
    return Math.max(0, runningNanos.get()) / 2 / lanes;
  }

  /** Returns the nanoseconds until it is the turn of such a request. */
  private long ahead(int level, long now, long urgency) {
    long nanos = 0;
    for (int higher = 0; higher < level; higher++) {
      nanos += reckonedByLevel.get(higher);
    }
    // From the latest that can be late to the request's own step.
    long own = urgency >> STEP_SHIFT;
    long first = Math.max((now >> STEP_SHIFT) - STEPS / 2 + 1, own - STEPS + 1);
    for (long step = first; step <= own; step++) {
      nanos += reckonedByStep.get(level * STEPS + (int) (step & STEPS - 1));
    }
    return running() + Math.max(0, nanos) / lanes;
  }

  private static int step(long urgency) {
    return (int) (urgency >> STEP_SHIFT & STEPS - 1);
  }
}
