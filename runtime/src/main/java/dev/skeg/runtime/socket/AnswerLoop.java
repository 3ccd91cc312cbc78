package dev.skeg.runtime.socket;

import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way out of answers on one event loop: what other threads complete is gathered and written in
 * one task. Where that is much, it is flushed whenever some has been written, so that the first
 * goes out while the last is still encoded, and those that are out hold no memory.
 *
 * <p>What the loop writes within another task is flushed after that, be it much or not: the task
 * may be a run of a model, which holds a lane that others wait for, and to write to sockets takes
 * longer than many a model. How much that can be is bounded by what such a run may cost.
 *
 * <p><b>Threads.</b> The event loop's own, but for {@link #comeBack}.
 */
public final class AnswerLoop {
  private static final Logger LOG = LoggerFactory.getLogger(AnswerLoop.class);

  /**
   * Of what came back, flushed at once when more than this has been written, on all connections
   * together: so much that a flush costs little beside the writing, so little that the first answer
   * hardly waits.
   */
  static final int MAX_UNFLUSHED_BYTES = 128 << 10;

  private final EventExecutor eventLoop;
  private final AtomicReference<@Nullable Answer> back = new AtomicReference<>();
  private final Runnable writeAll = this::writeAll;
  private final Runnable flushAll = this::flushAll;
  private final List<Outlet> written = new ArrayList<>();
  private volatile boolean isStranded; // Whether answers are back and no task is to write them.
  private boolean willFlush; // Once what the loop is at is done.
  private boolean isFlushing;
  private boolean isWritingAll; // What came back; so no lane is held.
  private long unflushedBytes;

  /** An answer that may come from any thread, and is written by the event loop. */
  public abstract static class Answer {
    private @Nullable Answer behind; // Of those that come back together.

    /** Writes the answer; if its event loop is gone, and the connection with it, frees it. */
    protected abstract void write();
  }

  /** One connection's way out. <b>Threads.</b> The event loop's own. */
  public final class Outlet {
    private final Runnable flush;
    private boolean isWritten; // Since the last flush.

    private Outlet(Runnable flush) {
      this.flush = flush;
    }

    /**
     * Flushes what has been written here: once the event loop has done all that it is at, or, of
     * what came back, right now if that is much already. So call it last.
     *
     * @param bytes were written, roughly; 0 for what holds no memory worth counting
     */
    public void flushLater(long bytes) {
      if (!isWritten) {
        written.add(this);
        isWritten = true;
      }
      unflushedBytes += bytes;
      if (isWritingAll && unflushedBytes > MAX_UNFLUSHED_BYTES && !isFlushing) {
        flushWritten();
      } else {
        scheduleFlush();
      }
    }

    private void flush() {
      isWritten = false;
      try {
        flush.run();
      } catch (RuntimeException | Error e) {
        log("a connection could not be flushed", e);
      }
    }
  }

  public AnswerLoop(EventExecutor eventLoop) {
    this.eventLoop = eventLoop;
  }

  public EventExecutor eventLoop() {
    return eventLoop;
  }

  /**
   * Returns the way out of one connection.
   *
   * @param flush sends what has been written to it
   */
  public Outlet outletOf(Runnable flush) {
    return new Outlet(flush);
  }

  /**
   * Has an answer written on the event loop, after those that came before it and what the loop is
   * at, or right here if the loop is gone. <b>Threads.</b> Any.
   *
   * @param answer is not on its way already
   */
  public void comeBack(Answer answer) {
    Answer before = back.get();
    answer.behind = before;
    while (!back.compareAndSet(before, answer)) {
      before = back.get();
      answer.behind = before;
    }
    if (before == null || isStranded) {
      try {
        isStranded = false;
        eventLoop.execute(writeAll);
      } catch (RejectedExecutionException over) {
        writeAll();
      } catch (Error e) { // No memory for the task: the next answer tries again.
        isStranded = true;
        throw e;
      }
    }
  }

  private void writeAll() {
    willFlush = true; // By this very task.
    isWritingAll = true;
    Answer latest = back.getAndSet(null);
    Answer first = null;
    while (latest != null) { // The latest lies on top; answers go out in the order they came.
      Answer next = latest.behind;
      latest.behind = first;
      first = latest;
      latest = next;
    }
    while (first != null) {
      Answer next = first.behind;
      first.behind = null;
      try {
        first.write();
      } catch (RuntimeException | Error e) {
        log("an answer could not be written", e);
      }
      first = next;
    }
    isWritingAll = false;
    flushAll();
  }

  /** Logs if it can: where memory is short, what comes next must still be done. */
  private static void log(String message, Throwable cause) {
    try {
      LOG.error(message, cause);
    } catch (RuntimeException | Error unlogged) {
      cause.addSuppressed(unlogged);
    }
  }

  private void scheduleFlush() {
    if (!willFlush) {
      willFlush = true;
      try {
        eventLoop.execute(flushAll);
      } catch (RejectedExecutionException stopping) {
        flushAll();
      } catch (Error e) { // No memory for the task: what is written next tries again.
        willFlush = false;
        throw e;
      }
    }
  }

  private void flushAll() {
    willFlush = false;
    flushWritten();
  }

  private void flushWritten() {
    isFlushing = true;
    for (int i = 0; i < written.size(); i++) { // What is written meanwhile comes behind.
      written.get(i).flush();
    }
    written.clear();
    unflushedBytes = 0;
    isFlushing = false;
  }
}
