package dev.skeg.runtime.http;

import dev.skeg.runtime.model.InFlight;
import dev.skeg.runtime.socket.AnswerLoop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request and its answer, alike in every version of HTTP: the head is checked when it comes,
 * the body is gathered up to the limit, the whole is given to {@link RestApi}, whose answer comes
 * back to the connection's event loop.
 *
 * <p>A request that is refused is still read to its end, and thrown away, since many a client does
 * not listen before it has sent everything; but not if that goes far beyond the limit.
 *
 * <p><b>Threads.</b> The connection's event loop; what is final may be read by any.
 */
final class Exchange {
  /** Thrown away of a body beyond the limit, before the client is cut off. */
  private static final long MAX_DRAINED_BYTES = 16 << 20;

  final HttpHead head;
  private final int maxBodyBytes;
  private final BodyBuffer body;
  private long receivedBytes;
  private @Nullable HttpError refusal;
  private InFlight inFlight = InFlight.DONE;
  private boolean cancelled;

  Exchange(HttpHead head, HttpConfig config, Channel channel) {
    this.head = head;
    this.maxBodyBytes = config.maxBodyBytes();
    this.body = new BodyBuffer(channel.alloc(), head.contentLength());
    this.refusal = head.refusal();
    if (refusal == null && head.contentLength() > maxBodyBytes) {
      refusal = tooLarge("a Content-Length of " + head.contentLength());
    }
  }

  private HttpError tooLarge(String what) {
    return new HttpError(
        HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE,
        "request body is too large: "
            + what
            + " (expected: at most "
            + maxBodyBytes
            + " bytes, the server's limit)");
  }

  /** Returns why the request is refused; null if it is not. */
  @Nullable HttpError refusal() {
    return refusal;
  }

  /** Returns whether the rest of the body is not worth waiting for. */
  boolean isHopeless() {
    return refusal != null
        && Math.max(head.contentLength(), receivedBytes) > maxBodyBytes + MAX_DRAINED_BYTES;
  }

  /** Returns how many bytes of the body have come, kept or not. */
  long receivedBytes() {
    return receivedBytes;
  }

  /** Appends to the body; {@code piece} is taken over. */
  void receive(ByteBuf piece) {
    receivedBytes += piece.readableBytes();
    if (refusal == null && receivedBytes > maxBodyBytes) {
      refuse(tooLarge("more than " + maxBodyBytes + " bytes"));
    }
    if (refusal == null) {
      body.add(piece);
    } else {
      piece.release();
    }
  }

  /** Throws away what has come of the body, and answers in the end with {@code why}. */
  void refuse(HttpError why) {
    refusal = why;
    body.release();
  }

  /** Refuses the request because its body does not go on. */
  void refuseIncomplete(Duration pause) {
    refuse(
        new HttpError(
            HttpResponseStatus.REQUEST_TIMEOUT,
            "request body is incomplete: "
                + receivedBytes
                + " bytes, and no more for "
                + pause.toMillis()
                + " ms"));
  }

  /**
   * Has the request answered, whose body is complete or does not matter any more.
   *
   * @param receivedNanos when its last byte had been read, as of {@link System#nanoTime()}
   * @param done given the answer, once, on the connection's event loop
   */
  void answer(
      RestApi api,
      AnswerLoop loop,
      ByteBufAllocator allocator,
      long receivedNanos,
      Consumer<Reply> done) {
    if (refusal != null) {
      done.accept(Reply.error(refusal));
      return;
    }
    Route route = head.route();
    if (route == null) {
      throw new IllegalStateException("a request without a route was not refused");
    }
    Incoming incoming =
        new Incoming(
            route,
            head.headers(),
            head.bodyCoding(),
            body.take(),
            loop,
            allocator,
            this::started,
            receivedNanos);
    api.answer(
        incoming,
        reply ->
            api.compress(
                reply,
                head.acceptedCoding(),
                allocator,
                encoded -> incoming.onEventLoop(() -> done.accept(encoded))));
  }

  /** From here on the request can be cancelled, which it is if the client has gone already. */
  private void started(InFlight working) {
    inFlight = working;
    if (cancelled) {
      working.cancel();
    }
  }

  /** Frees the body, and has the request worked on no more: nobody waits for the answer. */
  void cancel() {
    cancelled = true;
    body.release();
    inFlight.cancel();
  }

  /** Completes the answer's headers, and returns the body to send with them. */
  ByteBuf seal(Reply reply) {
    ByteBuf content = reply.body();
    reply.headers().set(HttpHeaderNames.CONTENT_LENGTH, Integer.toString(content.readableBytes()));
    if (head.requestId() != null) {
      reply.headers().set(HttpHead.REQUEST_ID, head.requestId());
    }
    if (!head.isHead()) {
      return content;
    }
    content.release();
    return Unpooled.EMPTY_BUFFER;
  }
}
