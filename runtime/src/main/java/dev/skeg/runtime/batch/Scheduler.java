package dev.skeg.runtime.batch;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jctools.queues.MpscArrayQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the requests that wait and the lanes that are idle together.
 *
 * <p>One thread at a time schedules: whoever comes while another does leaves its request for a
 * further round and goes. The order is {@link RequestQueue}'s. Between a request that came into the
 * ring and a lane that fell idle at the same moment nothing is lost: the request is counted before
 * idle lanes are looked for, and a lane is idle before the count is.
 *
 * <p>A round that throws, which only a lack of memory or a mistake of ours can make it do, fails
 * all that waits: nothing may wait for a scheduler that has stopped.
 *
 * <p><b>Threads.</b> Any.
 */
final class Scheduler {
  private static final Logger LOG = LoggerFactory.getLogger(Scheduler.class);

  /** Requests that have ended left in the queue, before they are swept out. */
  private static final int SWEEP_AFTER = 256;

  private final Batcher batcher;
  private final Admission admission;
  private final Lane[] lanes;
  private final IdleLanes idle;
  private final MpscArrayQueue<Entry> ring;
  private final RequestQueue queue;
  private final AtomicInteger schedules = new AtomicInteger();
  private final AtomicInteger swept = new AtomicInteger();
  private final DueTimer timer;

  Scheduler(
      Batcher batcher, BatchPolicy policy, Admission admission, int laneCount, int maxQueued) {
    this.batcher = batcher;
    this.admission = admission;
    this.lanes = new Lane[laneCount];
    for (int i = 0; i < laneCount; i++) {
      lanes[i] = new Lane(batcher, this, i);
    }
    this.idle = new IdleLanes(laneCount);
    this.ring = new MpscArrayQueue<>(Math.max(2, maxQueued));
    this.queue = new RequestQueue(policy, Batcher.INLINE_NANOS, laneCount);
    this.timer = new DueTimer(this, batcher.model());
  }

  /** As {@link Batcher#clock()}. */
  long clock() {
    return batcher.clock();
  }

  /** Puts an admitted request into the ring; false if there is no place. */
  boolean offer(Entry entry) {
    return ring.offer(entry);
  }

  /** Takes an idle lane's baton; null if there is none. */
  @Nullable Lane takeIdle() {
    int index = idle.pop();
    return index == IdleLanes.NONE ? null : lanes[index];
  }

  /** Gives a lane's baton back; returns whether there is something to be scheduled. */
  boolean release(Lane lane) {
    idle.push(lane.index());
    return admission.waiting() > 0;
  }

  /** A request that was in the ring or the queue has been cancelled. */
  void cancelled() {
    swept.incrementAndGet();
  }

  /** Notes what lanes' threads run, as {@link Admission#runs}. */
  void runs(long nanos) {
    admission.runs(nanos);
  }

  /**
   * Gives batches of what waits to lanes that are idle. Never throws.
   *
   * @param own the caller's lane, which it has just given back; null if it has none
   * @param cheapOnly whether the caller is an event loop, and takes only what is cheap
   * @return whether the caller is to run the batch of {@code own}, whose baton it has again
   */
  boolean schedule(@Nullable Lane own, boolean cheapOnly) {
    if (schedules.getAndIncrement() != 0) {
      return false;
    }
    boolean mine = false;
    int seen = 1;
    do {
      try {
        mine |= round(mine ? null : own, cheapOnly);
      } catch (RuntimeException | Error e) {
        failAll(e);
      }
      seen = schedules.addAndGet(-seen);
    } while (seen != 0);
    return mine;
  }

  private boolean round(@Nullable Lane own, boolean cheapOnly) {
    boolean mine = false;
    try {
      for (Entry entry = ring.poll(); entry != null; entry = ring.poll()) {
        queue.add(entry);
      }
      if (swept.get() > SWEEP_AFTER) {
        swept.set(0);
        queue.removeCancelled();
      }
      mine = giveOut(own, cheapOnly);
      expire();
    } finally {
      for (Entry entry : queue.takeUnwanted()) {
        batcher.endUnwanted(entry);
      }
    }
    return mine;
  }

  /**
   * Refuses what cannot be started in time any more, and sees to it that what still can is not
   * forgotten while all lanes are busy.
   */
  private void expire() {
    if (queue.expiresNext() == Long.MAX_VALUE) {
      return;
    }
    swept.addAndGet(queue.expire(clock()));
    long next = queue.expiresNext();
    if (next != Long.MAX_VALUE) {
      try {
        timer.wakeAt(next);
      } catch (OutOfMemoryError noThread) {
        LOG.debug("Expired requests of '{}' wait for a lane", batcher.model(), noThread);
      }
    }
  }

  private boolean giveOut(@Nullable Lane own, boolean cheapOnly) {
    boolean mine = false;
    while (!queue.isEmpty()) {
      Lane lane = takeIdle();
      if (lane == null) {
        break;
      }
      if (!fill(lane)) {
        idle.push(lane.index());
        wakeWhenDue();
        break;
      }
      Batch batch = lane.batch();
      for (int i = 0; i < batch.size(); i++) {
        Entry entry = batch.entry(i);
        if (entry.waits().rowsTaken == entry.rows) {
          admission.leave(entry);
        }
      }
      long nanos = batch.shape().cost().predict(batch.rows());
      boolean isCheap = nanos > 0 && nanos <= Batcher.INLINE_NANOS;
      if (lane == own && (isCheap || !cheapOnly)) {
        mine = true;
        own = null;
        lane.reckon(cheapOnly ? 0 : nanos);
      } else {
        lane.reckon(nanos);
        lane.start();
      }
    }
    return mine;
  }

  /**
   * Has what is held back looked at again in time. While no lane is idle there is no need: the next
   * one that is looks for itself, and a timer could do nothing but go off again and again.
   */
  private void wakeWhenDue() {
    if (queue.dueAt() > 0) {
      timer.wakeAt(queue.dueAt());
    }
  }

  /** Returns whether the timer is to go off. */
  boolean isTimerSet() {
    return timer.isSet();
  }

  private boolean fill(Lane lane) {
    try {
      long now = clock();
      boolean any = queue.fill(lane.batch(), now, idle.size());
      if (any) {
        lane.batch().shape().runs(now);
      }
      return any;
    } catch (RuntimeException | Error e) {
      Batch batch = lane.batch();
      for (int i = 0; i < batch.size(); i++) {
        admission.leave(batch.entry(i));
      }
      lane.fail(e);
      idle.push(lane.index());
      throw e;
    }
  }

  /** Ends all that waits, so that a client hears of it. */
  private void failAll(Throwable cause) {
    try {
      LOG.error("Requests of model '{}' could not be scheduled and fail", batcher.model(), cause);
      List<Entry> all = new ArrayList<>(queue.removeAll());
      for (Entry entry = ring.poll(); entry != null; entry = ring.poll()) {
        all.add(entry);
      }
      for (Entry entry : all) {
        batcher.failUntaken(entry);
      }
    } catch (RuntimeException | Error e) {
      // No memory even for this; what is left is looked at again with the next request.
    }
  }

  /** Stops the threads and frees what the lanes run with; nothing runs any more. */
  void close() {
    timer.close();
    for (Lane lane : lanes) {
      lane.close();
    }
  }
}
