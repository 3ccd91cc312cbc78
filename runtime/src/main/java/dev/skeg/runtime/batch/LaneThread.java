package dev.skeg.runtime.batch;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A lane's own thread: exists from the first time that it is needed until it has been idle for a
 * minute.
 *
 * <p><b>Threads.</b> {@link #start} by whoever holds the lane's baton, which it hands over.
 */
final class LaneThread implements Runnable {
  private static final long IDLE_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final Runnable work;
  private final ThreadFactory threads;
  private volatile boolean hasWork;
  private volatile boolean closed;
  private volatile @Nullable Thread thread;

  /**
   * @param work done once for every {@link #start}; is not to throw: what it throws ends the
   *     thread, and the next start has another
   */
  LaneThread(String name, Runnable work) {
    this(work, Thread.ofPlatform().name(name).daemon().factory());
  }

  LaneThread(Runnable work, ThreadFactory threads) {
    this.work = work;
    this.threads = threads;
  }

  /**
   * Has the thread do its work.
   *
   * @throws OutOfMemoryError if there is no thread to be had; nothing has been started then
   */
  void start() {
    hasWork = true;
    Thread running = thread;
    if (running == null) {
      startThread();
    } else {
      LockSupport.unpark(running);
    }
  }

  private synchronized void startThread() {
    if (thread != null) {
      return; // It was about to end and has seen the work.
    }
    try {
      Thread started = threads.newThread(this);
      thread = started;
      started.start();
    } catch (RuntimeException | Error e) {
      thread = null;
      hasWork = false;
      throw e;
    }
  }

  @Override
  public void run() {
    boolean ended = false;
    try {
      serve();
      ended = true;
    } finally {
      if (!ended) {
        lost();
      }
    }
  }

  /** Lets a new thread come in the place of this one, which is about to die. */
  private synchronized void lost() {
    thread = null;
    if (hasWork) {
      startThread();
    }
  }

  private void serve() {
    do {
      while (hasWork) {
        hasWork = false;
        work.run();
      }
      long began = System.nanoTime();
      while (!hasWork && !closed && System.nanoTime() - began < IDLE_NANOS) {
        LockSupport.parkNanos(this, IDLE_NANOS);
      }
    } while (!ends());
  }

  /** Work may come at the very moment at which the thread gives up. */
  private synchronized boolean ends() {
    if (hasWork) {
      return false;
    }
    thread = null;
    if (hasWork) {
      thread = Thread.currentThread();
      return false;
    }
    return true;
  }

  /** Lets the thread end. */
  void close() {
    closed = true;
    LockSupport.unpark(thread);
  }
}
