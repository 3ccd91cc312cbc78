package dev.skeg.runtime.grpc;

import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What the calls of {@code ModelInfer} on one event loop share: the decoder, the answer that is
 * being written, the list of those that are open, and the ways back of answers.
 *
 * <p>Answers go out together: what the loop answers by itself is flushed once it has no more to
 * write, and what other threads complete is gathered and written in one task.
 *
 * <p><b>Threads.</b> The event loop's own, but for {@link #comeBack}.
 */
final class InferLoop {
  private final EventLoop eventLoop;
  private final InferRequestDecoder decoder;
  private final InferReply reply = new InferReply();
  private final AtomicReference<@Nullable InferStream> back = new AtomicReference<>();
  private final Runnable answerAll = this::answerAll;
  private final Runnable flushAll = this::flushAll;
  private final List<InferConnection> written = new ArrayList<>();
  private boolean willFlush;
  private @Nullable InferStream open; // The latest; the others hang on it.

  InferLoop(EventLoop eventLoop, InferLoops all) {
    this.eventLoop = eventLoop;
    this.decoder = new InferRequestDecoder(all.maxMessageBytes());
  }

  EventLoop eventLoop() {
    return eventLoop;
  }

  InferRequestDecoder decoder() {
    return decoder;
  }

  InferReply reply() {
    return reply;
  }

  /** Takes a call into the list of those that are open. */
  void add(InferStream call) {
    call.after = open;
    if (open != null) {
      open.before = call;
    }
    open = call;
  }

  /** Takes a call out; nothing, if it is not in. */
  @SuppressWarnings("ReferenceEquality") // The very call, not one like it.
  void remove(InferStream call) {
    InferStream before = call.before;
    InferStream after = call.after;
    if (before != null) {
      before.after = after;
    } else if (open == call) {
      open = after;
    }
    if (after != null) {
      after.before = before;
    }
    call.before = null;
    call.after = null;
  }

  /** Ends all open calls with a status that tells their clients to go elsewhere. */
  void endAll() {
    for (InferStream call = open; call != null; ) {
      InferStream next = call.after; // Ending a call may take it out.
      call.endEarly();
      call = next;
    }
  }

  /**
   * Hands a call with a result back to its event loop, or answers it right here if that is gone,
   * and the call's connection with it. <b>Threads.</b> Any but the loop's.
   */
  void comeBack(InferStream call) {
    InferStream before = back.get();
    call.behind = before;
    while (!back.compareAndSet(before, call)) {
      before = back.get();
      call.behind = before;
    }
    if (before == null) {
      try {
        eventLoop.execute(answerAll);
      } catch (RejectedExecutionException over) {
        answerAll();
      }
    }
  }

  private void answerAll() {
    InferStream latest = back.getAndSet(null);
    InferStream first = null;
    while (latest != null) { // The latest lies on top; answers go out in the order they came.
      InferStream next = latest.behind;
      latest.behind = first;
      first = latest;
      latest = next;
    }
    while (first != null) {
      InferStream next = first.behind;
      first.behind = null;
      first.answer();
      first = next;
    }
    flushAll();
  }

  /** Flushes that connection once what the loop is at has been written. */
  void flushLater(InferConnection connection) {
    written.add(connection);
    if (!willFlush) {
      willFlush = true;
      try {
        eventLoop.execute(flushAll);
      } catch (RejectedExecutionException stopping) {
        flushAll();
      }
    }
  }

  private void flushAll() {
    willFlush = false;
    for (int i = 0; i < written.size(); i++) {
      written.get(i).flush();
    }
    written.clear();
  }
}
