package dev.skeg.runtime.grpc;

import dev.skeg.runtime.socket.AnswerLoop;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the calls of {@code ModelInfer} on one event loop share: the decoder, the answer that is
 * being written, the way out of answers, and the list of those that are open.
 *
 * <p><b>Time.</b> A message that has begun may pause for so long only. Time is told in sweeps over
 * the open calls: a call remembers at which one it was last heard of, which costs a call no clock
 * and no timer. Sweeps lie apart by a part of the timeout, however late one is, so that a loop that
 * was held up for long blames no client for it.
 *
 * <p><b>Threads.</b> The event loop's own.
 */
final class InferLoop {
  private static final Logger LOG = LoggerFactory.getLogger(InferLoop.class);

  /** Of a timeout, in sweeps. */
  private static final int SWEEPS = 4;

  private static final long MIN_SWEEP_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private final EventLoop eventLoop;
  private final InferRequestDecoder decoder;
  private final InferReply reply = new InferReply();
  private final AnswerLoop answers;
  private final Duration messageTimeout;
  private @Nullable InferStream open; // The latest; the others hang on it.
  private int sweeps; // Until now.

  InferLoop(EventLoop eventLoop, InferLoops all) {
    this.eventLoop = eventLoop;
    this.answers = new AnswerLoop(eventLoop);
    this.decoder = new InferRequestDecoder(all.maxMessageBytes());
    this.messageTimeout = all.messageTimeout();
    long apartNanos = Math.max(messageTimeout.toNanos() / SWEEPS, MIN_SWEEP_NANOS);
    var _ =
        eventLoop.scheduleWithFixedDelay(this::sweep, apartNanos, apartNanos, TimeUnit.NANOSECONDS);
  }

  EventLoop eventLoop() {
    return eventLoop;
  }

  /** Returns the way out of answers. */
  AnswerLoop answers() {
    return answers;
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

  /** Returns how many sweeps there have been: the time, as far as calls tell it. */
  int sweeps() {
    return sweeps;
  }

  /** Ends the calls whose message has paused for too long. */
  private void sweep() {
    sweeps++;
    for (InferStream call = open; call != null; ) {
      InferStream next = call.after; // Ending a call may take it out.
      if (call.waitsForClient() && sweeps - call.activeSweep() > SWEEPS) {
        endIncomplete(call);
      }
      call = next;
    }
  }

  private void endIncomplete(InferStream call) {
    try {
      call.endIncomplete(messageTimeout);
    } catch (RuntimeException | Error e) {
      // What is thrown here would end all further sweeps; this call's turn comes again.
      LOG.error("An incomplete call could not be ended", e);
    }
  }

  /** Ends all open calls with a status that tells their clients to go elsewhere. */
  void endAll() {
    for (InferStream call = open; call != null; ) {
      InferStream next = call.after; // Ending a call may take it out.
      call.endEarly();
      call = next;
    }
  }
}
