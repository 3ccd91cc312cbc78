package dev.skeg.runtime.batch;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Has the scheduler look at what waits when it must though nothing comes and no lane falls idle: a
 * batch that was held back for more rows has waited long enough, or a request's time is over.
 *
 * <p><b>Threads.</b> One of its own, from the first time it is needed; anyone may set the time,
 * without a lock.
 */
final class DueTimer implements Runnable {
  private final Scheduler scheduler;
  private final AtomicLong due = new AtomicLong(); // By the batcher's clock; 0: nothing to do.
  private final Thread thread;
  private final AtomicBoolean started = new AtomicBoolean();
  private volatile boolean closed;

  DueTimer(Scheduler scheduler, String model) {
    this.scheduler = scheduler;
    this.thread = Thread.ofPlatform().daemon().name("due-" + model).unstarted(this);
  }

  /**
   * Schedules at that time, if nothing is due before.
   *
   * @throws OutOfMemoryError if there is no thread to be had; nothing has changed then
   */
  void wakeAt(long time) {
    start();
    long before = due.get();
    while (before == 0 || time < before) {
      if (due.compareAndSet(before, time)) {
        LockSupport.unpark(thread);
        return;
      }
      before = due.get();
    }
  }

  /** Returns whether there is a time at which it goes off. */
  boolean isSet() {
    return due.get() != 0;
  }

  private void start() {
    if (started.get() || !started.compareAndSet(false, true)) {
      return;
    }
    try {
      thread.start();
    } catch (RuntimeException | Error e) {
      started.set(false);
      throw e;
    }
  }

  @Override
  public void run() {
    while (!closed) {
      long time = due.get();
      long rest = time == 0 ? Long.MAX_VALUE : time - scheduler.clock();
      if (rest > 0) {
        LockSupport.parkNanos(this, rest);
      } else if (due.compareAndSet(time, 0)) {
        scheduler.schedule(null, false);
      }
    }
  }

  void close() {
    closed = true;
    LockSupport.unpark(thread);
  }
}
