package dev.skeg.runtime.batch;

import dev.skeg.runtime.model.Completion;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.InFlight;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.servable.BatchLimit;
import dev.skeg.runtime.servable.Servable;
import dev.skeg.runtime.servable.ServableHandle;
import dev.skeg.runtime.telemetry.FailureReason;
import dev.skeg.runtime.telemetry.ModelMetrics;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jctools.queues.MpscArrayQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides when the requests for one version run, with whom, and on which lane.
 *
 * <p><b>The way of a request.</b> What an event loop has read in one turn comes in together. If a
 * lane is idle, nothing waits and the requests are cheap by what was learnt, the loop takes that
 * lane's baton and runs them right there: no other thread is involved. Else they are admitted or
 * refused, go into a ring, and whoever finds an idle lane gives it a batch of what waits. The
 * holder of a baton who has finished does so too, before the baton rests: nothing waits while a
 * lane is idle, unless the configuration asks for a fuller batch.
 *
 * <p><b>Scheduling.</b> One thread at a time schedules: whoever comes while another does leaves its
 * request for a further round and goes. The order is {@link RequestQueue}'s. Between a request that
 * came into the ring and a lane that fell idle at the same moment nothing is lost: the request is
 * counted before idle lanes are looked for, and a lane is idle before the count is.
 *
 * <p><b>Claims.</b> Each request holds a claim on the servable until it has ended. {@link #free} is
 * called when the last one has.
 *
 * <p><b>Threads.</b> Any.
 */
public final class Batcher {
  private static final Logger LOG = LoggerFactory.getLogger(Batcher.class);

  /** What runs on an event loop, and so holds up its connections, at most. */
  static final long INLINE_NANOS = 200_000;

  /** This part of a client's patience, one in so many, is kept for the way back to it. */
  private static final int RESERVE = 8;

  /**
   * What may be promised to a request is this part of its patience, one in so many, less again: its
   * turn is reckoned from averages, and a queue that is shorter serves just as many.
   */
  private static final int DOUBT = 4;

  /** Batches that an event loop runs one after the other before it reads again. */
  private static final int MAX_INLINE_ROUNDS = 4;

  /** Runs that fail one after the other before the version is taken out of service. */
  private static final int MAX_FAILURES = 16;

  /** Cancelled requests left in the queue, before they are swept out. */
  private static final int SWEEP_AFTER = 256;

  static final InferenceResult.Rejected CANCELLED =
      new InferenceResult.Rejected(ErrorCode.CANCELLED, "the client gave the request up");

  private final Servable servable;
  private final BatchPolicy policy;
  private final ModelMetrics metrics;
  private final Consumer<String> quarantine;
  private final ShapeClasses shapes;
  private final Lane[] lanes;
  private final IdleLanes idle;
  private final int maxQueued;
  private final MpscArrayQueue<Entry> ring;
  private final RequestQueue queue;
  private final AtomicInteger waiting = new AtomicInteger(); // In the ring or the queue.
  private final AtomicIntegerArray waitingByLevel;
  private final AtomicLong reckonedNanos = new AtomicLong(); // What those will cost.
  private final AtomicLong runningNanos = new AtomicLong(); // Of what lanes' threads run now.
  private final AtomicInteger schedules = new AtomicInteger();
  private final AtomicInteger swept = new AtomicInteger();
  private final AtomicLong numbers = new AtomicLong();
  private final AtomicInteger failures = new AtomicInteger();
  private final long originNanos = System.nanoTime();
  private final @Nullable OrderedRelease order;
  private final @Nullable DueTimer timer;
  private volatile boolean isQuarantined;
  private volatile boolean closed;

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
    this.quarantine = quarantine;
    boolean isBatchable = !(servable.limit() instanceof BatchLimit.NotBatchable);
    this.shapes = new ShapeClasses(servable, isBatchable, policy.maxRows(), lanes);
    this.lanes = new Lane[lanes];
    for (int i = 0; i < lanes; i++) {
      this.lanes[i] = new Lane(this, i);
    }
    this.idle = new IdleLanes(lanes);
    this.maxQueued = maxQueued;
    this.ring = new MpscArrayQueue<>(Math.max(2, maxQueued));
    this.queue = new RequestQueue(policy, INLINE_NANOS);
    this.waitingByLevel = new AtomicIntegerArray(policy.levels().size());
    this.order = policy.preservesOrder() ? new OrderedRelease() : null;
    this.timer = policy.maxDelayNanos() > 0 ? new DueTimer(this) : null;
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

  boolean isClosed() {
    return closed;
  }

  /**
   * Returns nanoseconds since the batcher was made: times that can be compared, not only
   * subtracted.
   */
  long clock() {
    return System.nanoTime() - originNanos;
  }

  /**
   * Measures what batches cost; blocks for a quarter of a second at most, or as long as one run of
   * one row takes.
   */
  public void measure() {
    CostProbe.measure(servable, shapes);
  }

  // Coming in.

  /**
   * Takes a request that has passed its version's check.
   *
   * @param handle becomes the batcher's: closed before {@code completion} is called
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
    long received = request.receivedNanos() - originNanos;
    long wait = policy.levels().get(level).waitNanos(request.terms().queueTimeoutNanos());
    long timeout = request.terms().timeoutNanos();
    Entry entry =
        new Entry(
            this,
            handle,
            request,
            completion,
            shape,
            shape.isBatchable() ? (int) rows : 1,
            level,
            order == null ? 0 : numbers.getAndIncrement(),
            wait == 0 ? Long.MAX_VALUE : saturated(received, wait),
            timeout == 0 ? Long.MAX_VALUE : saturated(received, timeout - timeout / RESERVE));
    if (isQuarantined) {
      refuse(entry, notReady(), 0);
    } else if (eventLoop != null) {
      Turn.add(entry, eventLoop);
    } else if (enqueue(entry)) {
      schedule(null, false);
    }
    return entry;
  }

  private static long saturated(long time, long nanos) {
    long sum = time + nanos;
    return sum < time ? Long.MAX_VALUE : sum;
  }

  private String notReady() {
    return "Request for unknown model: '"
        + model()
        + "' version "
        + servable.version().number()
        + " is not at ready state: it failed "
        + MAX_FAILURES
        + " times in a row";
  }

  /** Takes what an event loop has read in one turn; runs on it what is cheap. */
  void take(@Nullable Entry[] entries, int count) {
    int cheap = 0;
    Lane lane = null;
    if (policy.maxDelayNanos() == 0 && waiting.get() == 0) {
      cheap = cheapPrefix(entries, count);
      int index = cheap == 0 ? IdleLanes.NONE : idle.pop();
      if (index == IdleLanes.NONE) {
        cheap = 0;
      } else {
        lane = lanes[index];
      }
    }
    if (cheap < count) {
      boolean any = false;
      for (int i = cheap; i < count; i++) {
        Entry entry = entries[i];
        any |= entry != null && enqueue(entry);
      }
      if (any) {
        schedule(null, false);
      }
    }
    if (lane != null) {
      runHere(lane, entries, cheap);
    }
  }

  /** Returns how many of the requests, from the first on, an event loop may run by itself. */
  private int cheapPrefix(@Nullable Entry[] entries, int count) {
    long spent = 0;
    ShapeClass last = null;
    long rowNanos = 0;
    for (int i = 0; i < count; i++) {
      Entry entry = entries[i];
      if (entry == null) {
        return i;
      }
      ShapeClass shape = entry.shape;
      if (shape != last) {
        int most = shape.capacity();
        long one = shape.cost().predict(1);
        if (one == 0) {
          return i;
        }
        rowNanos = shape.cost().predict(most) / most;
        spent += one;
        last = shape;
      }
      if (entry.rows > shape.capacity()) {
        return i;
      }
      spent += rowNanos * entry.rows;
      if (spent > INLINE_NANOS) {
        return i;
      }
    }
    return count;
  }

  private void runHere(Lane lane, @Nullable Entry[] entries, int count) {
    Batch batch = lane.batch();
    int first = 0;
    while (first < count) {
      ShapeClass shape = null;
      int next = count;
      for (int i = first; i < count; i++) {
        Entry entry = entries[i];
        if (entry == null) {
          continue;
        }
        boolean joins =
            shape == null
                || (entry.shape == shape
                    && shape.isBatchable()
                    && batch.rows() + entry.rows <= shape.capacity());
        if (!joins) {
          next = Math.min(next, i);
        } else {
          entries[i] = null;
          if (isWanted(entry)) {
            shape = entry.shape;
            batch.add(entry, 0, entry.rows);
          }
        }
      }
      if (batch.size() > 0) {
        lane.execute(false);
      }
      first = next;
    }
    int rounds = 0;
    while (release(lane) && schedule(rounds < MAX_INLINE_ROUNDS ? lane : null, true)) {
      lane.execute(false);
      rounds++;
    }
  }

  /** Takes a request out of the turn, unless it was cancelled or has expired. */
  private boolean isWanted(Entry entry) {
    boolean delaysLate = policy.levels().get(entry.level).delaysLate();
    long latest = delaysLate ? entry.finishBy : Math.min(entry.startBy, entry.finishBy);
    boolean hasExpired = latest != Long.MAX_VALUE && clock() > latest;
    if (!entry.take()) {
      return false;
    }
    if (hasExpired) {
      refuse(entry, "Request timeout expired for model '" + model() + "'", 0);
      return false;
    }
    return true;
  }

  // Admission.

  /** Admits a request to the queue, or refuses it; returns whether it was admitted. */
  private boolean enqueue(Entry entry) {
    if (entry.state() == Entry.DONE) {
      return false;
    }
    long rowNanos = 0;
    CostCurve cost = entry.shape.cost();
    int best = cost.bestRows(entry.shape.capacity());
    long bestNanos = cost.predict(best);
    if (bestNanos > 0) {
      rowNanos = Math.max(1, bestNanos / best);
    }
    int levelMost = policy.levels().get(entry.level).maxRequests();
    // Of what runs now half is over, on the average.
    long ahead = (reckonedNanos.get() + runningNanos.get() / 2) / lanes.length;
    boolean isFull = waiting.incrementAndGet() > maxQueued;
    isFull |= waitingByLevel.incrementAndGet(entry.level) > levelMost && levelMost > 0;
    entry.reckonedNanos = rowNanos * entry.rows;
    reckonedNanos.addAndGet(entry.reckonedNanos);
    entry.isCounted(true);
    if (isFull) {
      leaveQueue(entry);
      refuseUntaken(
          entry, "Exceeds maximum queue size of model '" + model() + "'", Math.max(1, ahead));
      return false;
    }
    long now = clock();
    long doubt = entry.request.terms().timeoutNanos() / DOUBT;
    if (entry.finishBy != Long.MAX_VALUE
        && now + ahead + cost.predict(Math.min(entry.rows, entry.shape.capacity()))
            > entry.finishBy - doubt) {
      leaveQueue(entry);
      refuseUntaken(
          entry,
          "Request timeout expired for model '"
              + model()
              + "': its turn would come in about "
              + (ahead + 999_999) / 1_000_000
              + " ms, too late for its deadline",
          Math.max(1, ahead));
      return false;
    }
    entry.queuedAt = now;
    if (!ring.offer(entry)) {
      leaveQueue(entry);
      refuseUntaken(
          entry, "Exceeds maximum queue size of model '" + model() + "'", Math.max(1, ahead));
      return false;
    }
    return true;
  }

  /** Counts a request no longer; the first call for it does. */
  private void leaveQueue(Entry entry) {
    if (!entry.isCounted(false)) {
      return;
    }
    waiting.decrementAndGet();
    waitingByLevel.decrementAndGet(entry.level);
    reckonedNanos.addAndGet(-entry.reckonedNanos);
  }

  private void refuseUntaken(Entry entry, String detail, long retryAfterNanos) {
    if (entry.take()) {
      refuse(entry, detail, retryAfterNanos);
    }
  }

  private void refuse(Entry entry, String detail, long retryAfterNanos) {
    ended(
        entry,
        0,
        entry.rows,
        new InferenceResult.Rejected(ErrorCode.UNAVAILABLE, detail, retryAfterNanos));
  }

  // Scheduling.

  /** Gives a lane's baton back; returns whether there is something to be scheduled. */
  boolean release(Lane lane) {
    idle.push(lane.index());
    return waiting.get() > 0;
  }

  /**
   * Gives batches of what waits to lanes that are idle.
   *
   * @param own the caller's lane, which it has just given back; null if it has none
   * @param cheapOnly whether the caller is an event loop, and takes only what is cheap
   * @return whether the caller is to run the batch of {@code own}
   */
  boolean schedule(@Nullable Lane own, boolean cheapOnly) {
    if (schedules.getAndIncrement() != 0) {
      return false;
    }
    boolean mine = false;
    int seen = 1;
    List<Entry> unwanted = List.of();
    do {
      for (Entry entry = ring.poll(); entry != null; entry = ring.poll()) {
        queue.add(entry);
      }
      if (swept.get() > SWEEP_AFTER) {
        swept.set(0);
        queue.removeCancelled();
      }
      mine |= giveOut(mine ? null : own, cheapOnly);
      List<Entry> found = queue.takeUnwanted();
      if (!found.isEmpty()) {
        unwanted = unwanted.isEmpty() ? found : joined(unwanted, found);
      }
      seen = schedules.addAndGet(-seen);
    } while (seen != 0);
    for (Entry entry : unwanted) {
      endUnwanted(entry);
    }
    return mine;
  }

  private static List<Entry> joined(List<Entry> first, List<Entry> second) {
    return java.util.stream.Stream.concat(first.stream(), second.stream()).toList();
  }

  private boolean giveOut(@Nullable Lane own, boolean cheapOnly) {
    boolean mine = false;
    while (!queue.isEmpty()) {
      int index = idle.pop();
      if (index == IdleLanes.NONE) {
        break;
      }
      int other = idle.pop();
      Lane lane = lanes[index];
      boolean filled;
      try {
        filled = queue.fill(lane.batch(), clock(), other == IdleLanes.NONE ? 0 : 1);
      } finally {
        if (other != IdleLanes.NONE) {
          idle.push(other);
        }
      }
      if (!filled) {
        idle.push(index);
        break;
      }
      Batch batch = lane.batch();
      for (int i = 0; i < batch.size(); i++) {
        Entry entry = batch.entry(i);
        if (entry.rowsTaken == entry.rows) {
          leaveQueue(entry);
        }
      }
      boolean fits = !cheapOnly || isCheap(batch.shape().cost().predict(batch.rows()));
      if (lane == own && fits) {
        mine = true;
        own = null;
      } else {
        lane.start();
      }
    }
    if (timer != null && queue.dueAt() > 0) {
      timer.wakeAt(queue.dueAt());
    }
    return mine;
  }

  /** Notes what a lane's thread has begun to run; negative when it is over. */
  void runs(long nanos) {
    runningNanos.addAndGet(nanos);
  }

  private static boolean isCheap(long nanos) {
    return nanos > 0 && nanos <= INLINE_NANOS;
  }

  private void endUnwanted(Entry entry) {
    leaveQueue(entry);
    if (entry.state() == Entry.DONE) {
      return; // Cancelled.
    }
    if (entry.rowsTaken > 0) {
      ended(entry, entry.rowsTaken, entry.rows - entry.rowsTaken, CANCELLED);
    } else {
      refuse(entry, "Request timeout expired for model '" + model() + "'", 0);
    }
  }

  // Ending.

  /** A client gave up a request that waited: called once, by the one who cancelled. */
  void cancelled(Entry entry) {
    leaveQueue(entry);
    swept.incrementAndGet();
    end(entry, CANCELLED);
  }

  /** Some rows of a request have their answer; with the last, the request ends. */
  void ended(Entry entry, int firstRow, int rows, InferenceResult part) {
    InferenceResult result = part;
    if (entry.assembly != null) {
      InferenceResult whole = entry.assembly.add(firstRow, rows, part);
      if (whole == null) {
        return;
      }
      result = whole;
    }
    int before = entry.end();
    if (before == Entry.DONE) {
      close(result); // A second end, after a mistake of ours: the client has its answer.
      return;
    }
    if (before == Entry.ABANDONED || before == Entry.GIVEN_UP) {
      close(result);
      result = CANCELLED;
    }
    end(entry, result);
  }

  private static void close(InferenceResult result) {
    if (result instanceof InferenceResult.Completed completed) {
      completed.outputs().close();
    }
  }

  private void end(Entry entry, InferenceResult result) {
    if (order != null) {
      order.ended(entry, result);
    } else {
      deliver(entry, result);
    }
  }

  /** Counts a result and hands it over. Never throws. */
  void deliver(Entry entry, InferenceResult result) {
    metrics.pendingEnded();
    switch (result) {
      case InferenceResult.Completed completed ->
          metrics.recordSuccess(
              entry.rows, System.nanoTime() - entry.request.receivedNanos(), completed.timings());
      case InferenceResult.Rejected rejected ->
          metrics.recordFailure(
              rejected.code() == ErrorCode.CANCELLED
                  ? FailureReason.CANCELED
                  : FailureReason.REJECTED);
      case InferenceResult.Failed _ -> metrics.recordFailure(FailureReason.BACKEND);
    }
    entry.handle.close();
    try {
      entry.completion.complete(result);
    } catch (RuntimeException | Error e) {
      LOG.error("An answer of model '{}' could not be handed over", model(), e);
    }
  }

  /** A run went well. */
  void succeeded() {
    if (failures.get() != 0) {
      failures.set(0);
    }
  }

  /** A run failed; too many of them one after the other take the version out of service. */
  void failed(Throwable cause) {
    boolean isRequestsFault =
        cause instanceof ServingException serving && serving.code() == ErrorCode.INVALID_ARGUMENT;
    if (!isRequestsFault && failures.incrementAndGet() == MAX_FAILURES) {
      isQuarantined = true;
      quarantine.accept(
          "quarantined after " + MAX_FAILURES + " failures in a row; the last: " + cause);
    }
  }

  /**
   * Stops the threads and frees the slots. Only after the last request has ended; answers that are
   * still being written keep their slot until they are.
   */
  public void free() {
    closed = true;
    if (timer != null) {
      timer.close();
    }
    for (Lane lane : lanes) {
      lane.wake();
      lane.close();
    }
    shapes.close();
  }
}
