package dev.skeg.runtime.http;

import dev.skeg.runtime.socket.AnswerLoop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The answers of one HTTP/1.1 connection: each is written when it is the first of those that are
 * due, so in the order of the requests. What is written while the connection reads is flushed
 * together at the read's end, anything else as {@link AnswerLoop} says.
 *
 * <p><b>Threads.</b> The connection's event loop.
 */
final class AnswerQueue {
  private final Channel channel;
  private final AnswerLoop.Outlet outlet;
  private final Owner owner;
  private final WriteProgress progress;
  private final ArrayDeque<PipelinedExchange> due = new ArrayDeque<>(); // Not yet being written.
  private int writing;
  private long answeringBytes; // Of the bodies of requests that are complete and not answered.
  private boolean inRead;
  private boolean wrote;

  /** Whose answers these are. */
  interface Owner {
    /**
     * Returns whether the connection lives on after an answer, which is about to be written.
     *
     * @param isLast whether no other answer is due
     */
    boolean livesOnAfter(PipelinedExchange answered, boolean isLast);

    /** Told that an answer is out. */
    void written(boolean livesOn);

    /** Told that the client cannot be written to any more. */
    void broken();
  }

  AnswerQueue(Channel channel, AnswerLoop loop, Owner owner) {
    this.channel = channel;
    this.outlet = loop.outletOf(channel::flush);
    this.owner = owner;
    this.progress = new WriteProgress(channel);
  }

  /** Appends a request, whose answer may come at any time from now on. */
  void add(PipelinedExchange exchange) {
    due.add(exchange);
  }

  /** Counts a body as held, now that it is complete. */
  void bodyComplete(PipelinedExchange exchange) {
    answeringBytes += exchange.exchange.receivedBytes();
  }

  /** Returns whose turn it is; null if nothing is due. */
  @Nullable PipelinedExchange first() {
    return due.peek();
  }

  /** Returns how many answers are due. */
  int size() {
    return due.size();
  }

  /** Returns whether any answer is due or being written. */
  boolean isBusy() {
    return !due.isEmpty() || writing > 0;
  }

  boolean isWriting() {
    return writing > 0;
  }

  /** Returns whether so much is being worked on that no more requests should be read. */
  boolean isFull(int maxRequests, long maxBytes) {
    return due.size() + writing >= maxRequests || answeringBytes > maxBytes;
  }

  /** Returns whether an answer is being written that the client does not take. */
  boolean isStuck(long nowNanos, Duration limit) {
    return writing > 0 && progress.isStuck(nowNanos, limit);
  }

  /** Has all requests worked on no more that are still worked on. */
  void cancelAll() {
    for (PipelinedExchange each : List.copyOf(due)) {
      if (each.reply == null) {
        each.exchange.cancel();
      }
    }
  }

  /** Frees everything: the client is gone. */
  void abandon() {
    for (PipelinedExchange each : List.copyOf(due)) {
      if (each.reply != null) {
        each.reply.discard();
      } else {
        each.exchange.cancel();
      }
    }
    due.clear();
  }

  /** Takes the only request out of the queue, to be answered elsewhere. */
  void handOver(PipelinedExchange exchange) {
    due.remove(exchange);
    answeringBytes -= exchange.exchange.receivedBytes();
  }

  /**
   * Takes an answer, and writes what can be written now.
   *
   * @param reading the request whose body is not complete, which is not answered before that
   */
  void complete(PipelinedExchange exchange, Reply reply, @Nullable PipelinedExchange reading) {
    exchange.reply = reply;
    answeringBytes -= exchange.exchange.receivedBytes();
    for (PipelinedExchange first = due.peek();
        first != null && first.reply != null && first != reading;
        first = due.peek()) {
      due.remove();
      flushLater(write(first, first.reply));
    }
  }

  /** Writes an answer and returns about how many bytes that were. */
  private long write(PipelinedExchange answered, Reply reply) {
    boolean livesOn = owner.livesOnAfter(answered, due.isEmpty());
    ByteBuf body = answered.exchange.seal(reply);
    long bytes = Reply.HEAD_BYTES + body.readableBytes();
    FullHttpResponse response =
        new DefaultFullHttpResponse(
            answered.version, reply.status(), body, reply.headers(), EmptyHttpHeaders.INSTANCE);
    HttpUtil.setKeepAlive(response, livesOn);
    writing++;
    progress.wrote(System.nanoTime());
    channel
        .write(response)
        .addListener(future -> {
          writing--;
          reply.written().run();
          if (future.isSuccess()) {
            owner.written(livesOn);
          } else {
            owner.broken();
          }
        });
    return bytes;
  }

  /** Writes an answer that is none yet: {@code 100 Continue} or {@code 101 Switching Protocols}. */
  void writeInterim(FullHttpResponse response) {
    channel
        .write(response)
        .addListener(future -> {
          if (!future.isSuccess()) {
            owner.broken();
          }
        });
    flushLater(0);
  }

  /** Asks for the body of the first request, if the client waits to be asked. */
  void sendContinue(@Nullable PipelinedExchange reading) {
    PipelinedExchange first = due.peek();
    if (first != null
        && first == reading
        && first.wantsContinue
        && first.exchange.refusal() == null) {
      first.wantsContinue = false;
      writeInterim(
          new DefaultFullHttpResponse(
              HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER));
    }
  }

  private void flushLater(long bytes) {
    if (inRead) {
      wrote = true;
    } else {
      outlet.flushLater(bytes);
    }
  }

  /** To be told when a read begins. */
  void readBegins() {
    inRead = true;
  }

  /** To be told when a read is over. */
  void readEnds() {
    inRead = false;
    if (wrote) {
      wrote = false;
      channel.flush();
    }
  }
}
