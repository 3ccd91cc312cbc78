package dev.skeg.runtime.batch;

import dev.skeg.runtime.model.Completion;
import dev.skeg.runtime.model.InFlight;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.servable.ServableHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A request on its way through the batcher.
 *
 * <p><b>Threads.</b> Its state changes by compare-and-set, because a client may go away at any
 * moment; the order it waits in is the scheduler's; the rest is immutable.
 */
final class Entry implements InFlight {
  /** May be taken into a batch, or cancelled at once. */
  static final int WAITING = 0;

  /** Belongs to a batch, or is being refused. */
  static final int TAKEN = 1;

  /** Taken, and nobody waits for the answer any more. */
  static final int ABANDONED = 2;

  /** As {@link #ABANDONED}, and its batch knows. */
  static final int GIVEN_UP = 3;

  /** Ended. */
  static final int DONE = 4;

  private static final VarHandle STATE;
  private static final VarHandle COUNTED;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(Entry.class, "state", int.class);
      COUNTED = MethodHandles.lookup().findVarHandle(Entry.class, "counted", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  final Batcher batcher;
  final ServableHandle handle;
  final InferenceRequest request;
  final Completion completion;
  final ShapeClass shape;
  final int rows;
  final int level;

  /** Which of all requests it is: answers may have to leave in this order. */
  final long number;

  /** When it must have started, by {@link Batcher#clock()}; {@link Long#MAX_VALUE} for never. */
  final long startBy;

  /** When its answer is worth nothing any more, likewise. */
  final long finishBy;

  /** What orders it among those that wait: its deadline, or one assumed. The scheduler's. */
  long urgency;

  /** When it began to wait, by {@link Batcher#clock()}. */
  long queuedAt;

  /** What its rows will cost, as reckoned when it was admitted. */
  long reckonedNanos;

  /** Rows that are in batches already. The scheduler's. */
  int rowsTaken;

  /** Puts the answers of its parts together; null for a request that ran in one piece. */
  @Nullable Assembly assembly;

  private volatile @Nullable RunToken run;

  @SuppressWarnings("UnusedVariable") // By STATE.
  private volatile int state;

  @SuppressWarnings("UnusedVariable") // By COUNTED.
  private volatile boolean counted;

  Entry(
      Batcher batcher,
      ServableHandle handle,
      InferenceRequest request,
      Completion completion,
      ShapeClass shape,
      int rows,
      int level,
      long number,
      long startBy,
      long finishBy) {
    this.batcher = batcher;
    this.handle = handle;
    this.request = request;
    this.completion = completion;
    this.shape = shape;
    this.rows = rows;
    this.level = level;
    this.number = number;
    this.startBy = startBy;
    this.finishBy = finishBy;
  }

  /** Notes whether it counts as waiting; returns whether it did before. */
  boolean isCounted(boolean now) {
    return (boolean) COUNTED.getAndSet(this, now);
  }

  int state() {
    return (int) STATE.getVolatile(this);
  }

  /** Takes it out of the queue; false if it was cancelled before. */
  boolean take() {
    return STATE.compareAndSet(this, WAITING, TAKEN);
  }

  /** Ends it and returns the state it was in. */
  int end() {
    return (int) STATE.getAndSet(this, DONE);
  }

  boolean isAbandoned() {
    int now = state();
    return now == ABANDONED || now == GIVEN_UP;
  }

  /** Tells it which run serves it, so that the run can end with it. */
  void joins(RunToken token) {
    run = token;
    giveUp(token);
  }

  private void giveUp(RunToken token) {
    if (STATE.compareAndSet(this, ABANDONED, GIVEN_UP)) {
      token.lose();
    }
  }

  @Override
  public void cancel() {
    if (STATE.compareAndSet(this, WAITING, DONE)) {
      batcher.cancelled(this);
    } else if (STATE.compareAndSet(this, TAKEN, ABANDONED)) {
      RunToken token = run;
      if (token != null) {
        giveUp(token);
      }
    }
  }
}
