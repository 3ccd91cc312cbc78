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
 * moment; {@link #waiting} is the submitter's, then the scheduler's; the rest is immutable.
 */
final class Entry implements InFlight {
  /** May be taken into a batch, or cancelled at once. */
  static final int WAITING = 0;

  /** Belongs to a batch, or is being refused. */
  static final int TAKEN = 1;

  /** Taken, and nobody waits for the answer any more. */
  static final int ABANDONED = 2;

  /** Ended. */
  static final int DONE = 3;

  private static final VarHandle STATE;
  private static final VarHandle COUNTED;
  private static final VarHandle RUN;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      STATE = lookup.findVarHandle(Entry.class, "state", int.class);
      COUNTED = lookup.findVarHandle(Entry.class, "counted", boolean.class);
      RUN = lookup.findVarHandle(Entry.class, "run", RunToken.class);
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
  final short level;

  /** Null as long as the request has neither waited nor a place in an order. */
  @Nullable Waiting waiting;

  @SuppressWarnings("UnusedVariable") // By RUN.
  private volatile @Nullable RunToken run;

  @SuppressWarnings("UnusedVariable") // By STATE.
  private volatile int state;

  @SuppressWarnings("UnusedVariable") // By COUNTED.
  private volatile boolean counted;

  /**
   * @param handle a claim that lasts until the answer's outputs are closed, or there is none
   * @param rows 1 or more
   * @param level index of its priority in the policy
   */
  Entry(
      Batcher batcher,
      ServableHandle handle,
      InferenceRequest request,
      Completion completion,
      ShapeClass shape,
      int rows,
      int level) {
    this.batcher = batcher;
    this.handle = handle;
    this.request = request;
    this.completion = completion;
    this.shape = shape;
    this.rows = rows;
    this.level = (short) level;
  }

  /** Returns {@link #waiting}, made if there is none yet. */
  Waiting waits() {
    Waiting now = waiting;
    if (now == null) {
      now = new Waiting();
      waiting = now;
    }
    return now;
  }

  /** Returns the claim that outputs give up when they are closed; null if they are a part only. */
  @Nullable ServableHandle claimOfOutputs() {
    return assembly() == null ? handle : null;
  }

  /** Returns what puts the answers of its parts together; null if it runs in one piece. */
  @Nullable Assembly assembly() {
    Waiting now = waiting;
    return now == null ? null : now.assembly;
  }

  /**
   * Returns how many inferences it counts as: Triton counts rows, also of what runs in one piece.
   */
  int inferences() {
    return shape.isBatchable()
        ? rows
        // Rows without elements cost a client nothing, and counters end.
        : Math.clamp(batcher.servable().check().rows(request), 1, ShapeClasses.MAX_ROWS);
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
    return state() == ABANDONED;
  }

  /** Tells it which run serves it, or a part of it, so that the run can end with it. */
  void joins(RunToken token) {
    Assembly parts = assembly();
    if (parts == null) {
      RUN.setVolatile(this, token);
    } else {
      parts.addRun(token);
    }
    if (isAbandoned()) {
      leaveRuns();
    }
  }

  /** Leaves the runs that serve it, each of them once. */
  void leaveRuns() {
    Assembly parts = assembly();
    RunToken token =
        parts == null ? (RunToken) RUN.getAndSet(this, (RunToken) null) : parts.pollRun();
    while (token != null) {
      token.lose();
      token = parts == null ? null : parts.pollRun();
    }
  }

  @Override
  public void cancel() {
    if (STATE.compareAndSet(this, WAITING, DONE)) {
      batcher.cancelled(this);
    } else if (STATE.compareAndSet(this, TAKEN, ABANDONED)) {
      leaveRuns();
    }
  }
}
