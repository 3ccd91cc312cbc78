package dev.skeg.runtime.batch;

import dev.skeg.runtime.model.Completion;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.InFlight;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.RequestTerms;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.os.Pace;
import dev.skeg.runtime.servable.Servable;
import dev.skeg.runtime.servable.ServableHandle;
import dev.skeg.runtime.tap.VersionTap;
import dev.skeg.runtime.telemetry.ModelMetrics;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Decides when the requests for one version run, with whom, and on which lane.
 *
 * <p><b>The way of a request.</b> What an event loop has read in one turn comes in together. If a
 * lane is idle, nothing waits and the requests are cheap by what was learnt, the loop takes that
 * lane's baton and runs them right there: no other thread is involved. Else {@link Admission}
 * admits or refuses them, they go into {@link Scheduler}'s ring, and whoever finds an idle lane
 * gives it a batch of what waits. The holder of a baton who has finished does so too, before the
 * baton rests: nothing waits while a lane is idle, unless the configuration asks for a fuller
 * batch.
 *
 * <p><b>Claims.</b> Each request holds a claim on the servable until it has ended and its outputs
 * are closed. {@link #free} is called when the last one is gone.
 *
 * <p><b>Threads.</b> Any.
 */
public final class Batcher {
  /** What runs on an event loop, and so holds up its connections, at most. */
  static final long INLINE_NANOS = 200_000;

  /** This part of a client's patience, one in so many, is kept for the way back to it. */
  private static final int RESERVE = 8;

  private final Servable servable;
  private final BatchPolicy policy;
  private final ModelMetrics metrics;
  private final ShapeClasses shapes;
  private final Admission admission;
  private final Scheduler scheduler;
  private final InlineRun inline;
  private final Endings endings;
  private final FailureStreak failures;
  private volatile @Nullable ProvenRequest unproven; // Until a request has gone well.

  /** Made beforehand: there may be no memory when it is wanted. */
  private final InferenceResult failed;

  private final String failure;

  private final VersionTap tap = new VersionTap();
  private final AtomicLong numbers = new AtomicLong();
  private final long originNanos = System.nanoTime();

  /**
   * @param lanes batches that run at once, 1 or more
   * @param maxQueued requests that wait at most, 1 or more; one more is refused
   * @param quarantine told once, why, when the version fails again and again; must not block
   */
  public Batcher(
      Servable servable,
      BatchPolicy policy,
      int lanes,
      int maxQueued,
      ModelMetrics metrics,
      Consumer<String> quarantine) {
    this.servable = servable;
    this.policy = policy;
    this.metrics = metrics;
    this.shapes =
        new ShapeClasses(servable, servable.limit().isBatchable(), policy.maxRows(), lanes);
    this.admission = new Admission(model(), policy, lanes, maxQueued);
    this.failure =
        "model '"
            + model()
            + "' version "
            + servable.version().number()
            + " failed on this request";
    this.failed =
        new InferenceResult.Failed(
            servable.version(), failure + "; the cause is in the server's log");
    this.endings = new Endings(metrics, policy.preservesOrder());
    this.failures = new FailureStreak(servable.version(), quarantine);
    this.scheduler = new Scheduler(this, policy, admission, lanes, maxQueued);
    this.inline = new InlineRun(this, scheduler);
  }

  String model() {
    return servable.version().model();
  }

  Servable servable() {
    return servable;
  }

  ModelMetrics metrics() {
    return metrics;
  }

  /** Returns where the answered rows can be had. */
  public VersionTap tap() {
    return tap;
  }

  Endings endings() {
    return endings;
  }

  FailureStreak failures() {
    return failures;
  }

  Scheduler scheduler() {
    return scheduler;
  }

  /**
   * Returns nanoseconds since the batcher was made: times that can be compared, not only
   * subtracted.
   */
  long clock() {
    return System.nanoTime() - originNanos;
  }

  /**
   * Measures what batches cost; blocks for a quarter of a second, or as long as one run of each
   * size that is to be warm takes.
   */
  public void measure(Pace pace) {
    CostProbe probe = new CostProbe(servable, shapes);
    if (pace.call(probe::measure)) {
      failures.tryBy(probe::runs);
    } else {
      unproven = new ProvenRequest(servable);
    }
  }

  /** Of a batch, a request's run went well. Never throws. */
  void succeeded(Batch batch, int index) {
    failures.succeeded();
    ProvenRequest first = unproven;
    if (first != null) {
      prove(first, batch, index);
    }
  }

  private void prove(ProvenRequest first, Batch batch, int index) {
    try {
      if (first.keep(batch, index)) {
        failures.tryBy(first::runs);
        unproven = null;
      }
    } catch (RuntimeException | Error noMemory) {
      // The next one, then.
    }
  }

  // Coming in.

  /**
   * Takes a request that has passed its version's check.
   *
   * @param handle becomes the batcher's: closed when the request has ended and its outputs are
   *     closed
   * @param rows of the request, as the version's check counts them
   * @param eventLoop the caller's, as {@code Endpoints.infer} says; null if it has none
   * @param completion called exactly once, possibly before this returns
   */
  public InFlight submit(
      ServableHandle handle,
      InferenceRequest request,
      long rows,
      @Nullable Executor eventLoop,
      Completion completion) {
    metrics.pendingStarted();
    ShapeClass shape = shapes.of(request, rows);
    int level = policy.level(request.terms().priority());
    int count = shape.isBatchable() ? (int) rows : 1;
    Entry entry = new Entry(this, handle, request, completion, shape, count, level);
    if (policy.preservesOrder()) {
      entry.waits().number = numbers.getAndIncrement();
    }
    if (failures.isQuarantined()) {
      refuseUntaken(entry, new InferenceResult.Rejected(ErrorCode.UNAVAILABLE, notReady()));
    } else if (eventLoop != null) {
      Turn.add(entry, eventLoop);
    } else if (enqueue(entry)) {
      scheduler.schedule(null, false);
    }
    return entry;
  }

  private String notReady() {
    return "Request for unknown model: '"
        + model()
        + "' version "
        + servable.version().number()
        + " is not at ready state: it failed "
        + FailureStreak.MOST
        + " times in a row";
  }

  /**
   * Takes what an event loop has read in one turn; runs on it what is cheap.
   *
   * @param entries the first {@code count}; those that are taken are set to null
   */
  void take(@Nullable Entry[] entries, int count) {
    int cheap = 0;
    Lane lane = null;
    if (policy.maxDelayNanos() == 0 && admission.waiting() == 0) {
      cheap = InlineRun.cheapPrefix(entries, count);
      lane = cheap == 0 ? null : scheduler.takeIdle();
    }
    if (lane == null) {
      cheap = 0;
    }
    if (cheap < count) {
      boolean any = false;
      for (int i = cheap; i < count; i++) {
        Entry entry = entries[i];
        entries[i] = null;
        any |= entry != null && enqueue(entry);
      }
      if (any) {
        scheduler.schedule(null, false);
      }
    }
    if (lane != null) {
      inline.run(lane, entries, cheap);
    }
  }

  /** Takes a request to run it at once; false if it was cancelled or has expired, and is ended. */
  boolean takes(Entry entry) {
    if (!entry.take()) {
      return false;
    }
    if (!isBoundless(entry)) {
      boolean delaysLate = policy.levels().get(entry.level).delaysLate();
      long latest = delaysLate ? finishBy(entry) : Math.min(startBy(entry), finishBy(entry));
      long now = clock();
      if (now > latest) {
        endings.ended(entry, 0, entry.rows, expired(entry, now));
        return false;
      }
    }
    return true;
  }

  /** A request that has been taken gets an answer, even if there is no memory for the right one. */
  private InferenceResult expired(Entry entry, long now) {
    try {
      return admission.expired(entry, now);
    } catch (RuntimeException | Error e) {
      failures.failed(e);
      return failed;
    }
  }

  /** Returns whether it may wait for ever, which can be told without a look at the clock. */
  private boolean isBoundless(Entry entry) {
    return entry.request.terms().equals(RequestTerms.NONE) && !policy.limitsWaiting();
  }

  // When a request must have started and ended, by the clock.

  private long startBy(Entry entry) {
    long wait =
        policy.levels().get(entry.level).waitNanos(entry.request.terms().queueTimeoutNanos());
    return wait == 0 ? Long.MAX_VALUE : saturated(received(entry), wait);
  }

  private long finishBy(Entry entry) {
    long timeout = entry.request.terms().timeoutNanos();
    return timeout == 0 ? Long.MAX_VALUE : saturated(received(entry), timeout - timeout / RESERVE);
  }

  private long received(Entry entry) {
    return entry.request.receivedNanos() - originNanos;
  }

  private static long saturated(long time, long nanos) {
    long sum = time + nanos;
    return sum < time ? Long.MAX_VALUE : sum;
  }

  // Waiting.

  /**
   * Admits a request to the queue, or refuses it; returns whether it was admitted. Never throws.
   */
  private boolean enqueue(Entry entry) {
    if (entry.state() == Entry.DONE) {
      return false;
    }
    try {
      ShapeClass shape = entry.shape;
      if (shape.hasFixedRows() && entry.rows > shape.capacity()) {
        String error = Assembly.error(shape, entry.rows);
        if (error != null) {
          refuseUntaken(entry, new InferenceResult.Rejected(ErrorCode.INVALID_ARGUMENT, error));
          return false;
        }
      }
      Waiting wait = entry.waits();
      wait.startBy = startBy(entry);
      wait.finishBy = finishBy(entry);
      long now = clock();
      InferenceResult.Rejected refusal = admission.enter(entry, now);
      if (refusal == null && !scheduler.offer(entry)) {
        refusal = admission.full(entry, now);
      }
      if (refusal == null) {
        return true;
      }
      admission.leave(entry);
      refuseUntaken(entry, refusal);
    } catch (RuntimeException | Error e) {
      failures.failed(e);
      failUntaken(entry);
    }
    return false;
  }

  private void refuseUntaken(Entry entry, InferenceResult.Rejected refusal) {
    if (entry.take()) {
      refuse(entry, refusal);
    }
  }

  private void refuse(Entry entry, InferenceResult.Rejected refusal) {
    endings.ended(entry, 0, entry.rows, refusal);
  }

  /** A request that was taken out of the queue and goes into no batch, or no further one. */
  void endUnwanted(Entry entry) {
    admission.leave(entry);
    if (entry.state() == Entry.DONE) {
      return; // Cancelled.
    }
    int taken = entry.waits().rowsTaken;
    if (taken > 0) {
      endings.ended(entry, taken, entry.rows - taken, Endings.CANCELLED);
    } else {
      refuse(entry, admission.expired(entry, clock()));
    }
  }

  /** A client gave up a request that nobody had taken: called once, by the one who cancelled. */
  void cancelled(Entry entry) {
    if (entry.waiting != null) {
      admission.leave(entry);
      scheduler.cancelled();
    }
    endings.endedUntaken(entry, Endings.CANCELLED);
  }

  // Failing.

  /** Fails a request that is in no batch, or the rest of one that is not in one yet. */
  void failUntaken(Entry entry) {
    admission.leave(entry);
    int taken = entry.waiting == null ? 0 : entry.waits().rowsTaken;
    if (taken > 0 || entry.take()) {
      endings.ended(entry, taken, entry.rows - taken, failed());
    }
  }

  /** Returns the result of a request that failed by no fault of its own, as far as is known. */
  InferenceResult failed() {
    return failed;
  }

  /** Returns the same with its cause, if that is for clients. */
  InferenceResult failed(Throwable cause) {
    return cause instanceof ServingException told && told.isForClients()
        ? new InferenceResult.Failed(servable.version(), failure + ": " + told.getMessage())
        : failed;
  }

  /**
   * Stops the threads and frees the slots. Only after the last claim is gone: nothing runs, and no
   * answer points into a slot.
   */
  public void free() {
    scheduler.close();
    shapes.close();
  }
}
