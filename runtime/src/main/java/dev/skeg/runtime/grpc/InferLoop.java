package dev.skeg.runtime.grpc;

import dev.skeg.runtime.socket.AnswerLoop;
import io.netty.channel.EventLoop;
import org.jspecify.annotations.Nullable;

/**
 * What the calls of {@code ModelInfer} on one event loop share: the decoder, the answer that is
 * being written, the way out of answers, and the list of those that are open.
 *
 * <p><b>Threads.</b> The event loop's own.
 */
final class InferLoop {
  private final EventLoop eventLoop;
  private final InferRequestDecoder decoder;
  private final InferReply reply = new InferReply();
  private final AnswerLoop answers;
  private @Nullable InferStream open; // The latest; the others hang on it.

  InferLoop(EventLoop eventLoop, InferLoops all) {
    this.eventLoop = eventLoop;
    this.answers = new AnswerLoop(eventLoop);
    this.decoder = new InferRequestDecoder(all.maxMessageBytes());
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

  /** Ends all open calls with a status that tells their clients to go elsewhere. */
  void endAll() {
    for (InferStream call = open; call != null; ) {
      InferStream next = call.after; // Ending a call may take it out.
      call.endEarly();
      call = next;
    }
  }
}
