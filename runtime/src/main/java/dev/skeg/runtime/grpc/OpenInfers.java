package dev.skeg.runtime.grpc;

import io.grpc.ServerCall;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The calls of {@code ModelInfer} there are, so that a stop can end those that will not end by
 * themselves with a status that tells the client to go elsewhere.
 *
 * <p><b>Threads.</b> Each event loop has a list of its own calls, which it alone touches: a call is
 * part of the list, and being in it costs neither a lock nor memory.
 */
final class OpenInfers {
  private final Supplier<@Nullable Executor> eventLoop;
  private final List<Loop> loops = new CopyOnWriteArrayList<>();
  private final FastThreadLocal<Loop> own =
      new FastThreadLocal<>() {
        @Override
        protected Loop initialValue() {
          Loop loop = new Loop(eventLoop.get());
          loops.add(loop);
          return loop;
        }
      };
  private volatile boolean stopped;

  /**
   * @param eventLoop the calling thread's, null if it is none
   */
  OpenInfers(Supplier<@Nullable Executor> eventLoop) {
    this.eventLoop = eventLoop;
  }

  /** Returns the list of the calling event loop. */
  Loop here() {
    return own.get();
  }

  /** Returns whether calls are no longer taken. */
  boolean isStopped() {
    return stopped;
  }

  /** Ends all of them, each on its event loop. */
  void endAll() {
    stopped = true;
    for (Loop loop : loops) {
      try {
        if (loop.executor == null) {
          loop.endAll();
        } else {
          loop.executor.execute(loop::endAll);
        }
      } catch (RejectedExecutionException over) {
        // The loop is gone, and its connections with it.
      }
    }
  }

  /** A call, which is in the list of its event loop. */
  abstract static class Link extends ServerCall.Listener<InferCall> {
    private @Nullable Link before;
    private @Nullable Link after;

    /** Ends the call if it has not ended; on its event loop. */
    abstract void endEarly();
  }

  /** One event loop's calls. <b>Threads.</b> The event loop's own. */
  static final class Loop {
    private final @Nullable Executor executor;
    private @Nullable Link first;

    private Loop(@Nullable Executor executor) {
      this.executor = executor;
    }

    /** Returns the event loop; null if the thread is none. */
    @Nullable Executor executor() {
      return executor;
    }

    void add(Link call) {
      call.after = first;
      if (first != null) {
        first.before = call;
      }
      first = call;
    }

    /** Takes a call out; nothing, if it is not in. */
    @SuppressWarnings("ReferenceEquality") // The very call, not one like it.
    void remove(Link call) {
      Link before = call.before;
      Link after = call.after;
      if (before != null) {
        before.after = after;
      } else if (first == call) {
        first = after;
      }
      if (after != null) {
        after.before = before;
      }
      call.before = null;
      call.after = null;
    }

    private void endAll() {
      for (Link call = first; call != null; ) {
        Link next = call.after; // Ending a call may take it out.
        call.endEarly();
        call = next;
      }
    }
  }
}
