package dev.skeg.runtime.http;

import dev.skeg.runtime.socket.AnswerLoop;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection in HTTP/1.1 or 1.0: gathers requests, has them answered, and writes the answers in
 * the order of the requests.
 *
 * <p><b>Order.</b> Pipelined requests are worked on side by side, up to a bound; each has its place
 * in the {@link AnswerQueue} from its head on.
 *
 * <p><b>Endings.</b> The last answer of a connection, whoever wants it to end, says {@code
 * Connection: close}. Then the output is shut, and input is thrown away until the client closes too
 * or some time has passed: closing with unread input would reset the connection, and the client
 * might never see its answer. A request that is refused is answered after its body has been read
 * and thrown away, so that the connection lives on; but a body far beyond the limit ends it, and so
 * does everything after which the next request's first byte is unknown. A client whose first
 * request asks for HTTP/2 gets the answer in that, and the connection is {@link Http2Connection}'s.
 *
 * <p><b>Time.</b> A head may take {@code headTimeout}, a body may pause for {@code bodyTimeout}, a
 * client may read nothing of its answer for as long; all is checked by one slow tick.
 *
 * <p><b>Threads.</b> The connection's event loop.
 */
final class Http1Connection extends ChannelInboundHandlerAdapter
    implements HttpConnection, AnswerQueue.Owner {
  private static final Logger LOG = LoggerFactory.getLogger(Http1Connection.class);

  private static final int MAX_PIPELINED = 32;
  private static final Duration LINGER = Duration.ofSeconds(5);

  /**
   * How long an answer is worked on for a client that sends no more: it may only have closed its
   * side of the connection, or it may be gone, and nothing tells the two apart.
   */
  private static final Duration HALF_CLOSED_GRACE = Duration.ofSeconds(1);

  private final HttpConfig config;
  private final RestApi api;
  private final Channel channel;
  private final HttpConnections connections;
  private final AnswerLoop loop;
  private final AnswerQueue answers;
  private final RecentRoute routes = new RecentRoute();
  private @Nullable PipelinedExchange reading; // Its body is not complete; also in answers.
  private @Nullable ScheduledFuture<?> tick;
  private boolean mayUpgrade = true; // Until the first request has come.
  private boolean doneReading; // What comes is thrown away.
  private boolean inputShut;
  private boolean lingering;
  private boolean stopping;
  private boolean headStarted;
  private long headStartedNanos;
  private long activeNanos = System.nanoTime();

  Http1Connection(HttpConfig config, RestApi api, Channel channel, HttpConnections connections) {
    this.config = config;
    this.api = api;
    this.channel = channel;
    this.connections = connections;
    this.loop = connections.answerLoop(channel);
    this.answers = new AnswerQueue(channel, loop, this);
  }

  /** Notes the arrival of bytes, before they are decoded: goes in front of the decoder. */
  final class ArrivalHandler extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      activeNanos = System.nanoTime();
      if (reading == null && !headStarted) {
        headStarted = true;
        headStartedNanos = activeNanos;
      }
      ctx.fireChannelRead(message);
    }
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    tick =
        ctx.executor()
            .scheduleAtFixedRate(
                this::checkTime, config.tickNanos(), config.tickNanos(), TimeUnit.NANOSECONDS);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    doneReading = true;
    reading = null;
    answers.abandon();
    connections.forget(channel);
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    if (tick != null) {
      tick.cancel(false);
    }
  }

  // Reading.

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
    answers.readBegins();
    if (doneReading) {
      ReferenceCountUtil.release(message);
      return;
    }
    if (message instanceof HttpRequest head) {
      headStarted = false;
      if (head.decoderResult().isFailure()) {
        ReferenceCountUtil.release(message);
        giveUp(MalformedHttp.head(head.decoderResult().cause()));
        return;
      }
      beginRequest(head);
    }
    if (message instanceof HttpContent content) {
      readBody(content);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    answers.readEnds();
  }

  private void beginRequest(HttpRequest message) {
    HttpVersion version = message.protocolVersion();
    boolean known = version.protocolName().equals("HTTP") && version.majorVersion() == 1;
    boolean isOld = version.equals(HttpVersion.HTTP_1_0);
    HttpHead head =
        known
            ? HttpHead.read(
                message.method(),
                message.uri(),
                message.headers(),
                HttpUtil.getContentLength(message, -1L),
                routes)
            : HttpHead.malformed(MalformedHttp.version(version));
    PipelinedExchange request =
        new PipelinedExchange(
            new Exchange(head, config, channel),
            isOld ? HttpVersion.HTTP_1_0 : HttpVersion.HTTP_1_1);
    request.keepAlive = HttpUtil.isKeepAlive(message);
    request.wantsContinue = head.expectsContinue() && !isOld;
    if (mayUpgrade && request.keepAlive && !isOld) {
      request.upgrade = Http2Upgrade.wanted(message.headers());
    }
    mayUpgrade = false;
    reading = request;
    answers.add(request);
    boolean unread = request.wantsContinue || !known || request.exchange.isHopeless();
    if (unread && request.exchange.refusal() != null) {
      answerUnread(request);
    } else {
      answers.sendContinue(reading);
    }
    updateReading();
  }

  private void readBody(HttpContent content) throws Exception {
    PipelinedExchange request = reading;
    if (request == null) {
      content.release();
      return;
    }
    if (content.decoderResult().isFailure()) {
      Throwable cause = content.decoderResult().cause();
      content.release();
      request.exchange.refuse(MalformedHttp.body(cause));
      answerUnread(request);
      return;
    }
    request.exchange.receive(content.content());
    if (content instanceof LastHttpContent) {
      reading = null;
      if (!request.keepAlive) {
        doneReading = true;
      }
      dispatch(request);
    } else if (request.exchange.isHopeless()) {
      answerUnread(request);
    }
  }

  private void dispatch(PipelinedExchange request) throws Exception {
    answers.bodyComplete(request);
    Http2Settings upgrade = request.upgrade;
    if (upgrade != null && answers.size() == 1 && !stopping) {
      answers.handOver(request);
      doneReading = true;
      answers.writeInterim(Http2Upgrade.accepted());
      channel.flush();
      connections.upgrade(channel, request.exchange, upgrade);
      return;
    }
    answer(request);
    updateReading();
  }

  /**
   * Answers a request that is refused, whose body will not be read; the connection ends with it.
   */
  private void answerUnread(PipelinedExchange request) {
    request.keepAlive = false;
    request.wantsContinue = false;
    reading = null;
    doneReading = true;
    answers.bodyComplete(request);
    answer(request);
  }

  private void answer(PipelinedExchange request) {
    request.exchange.answer(
        api, loop, channel.alloc(), activeNanos, reply -> complete(request, reply));
  }

  /** Ends the connection with an answer to what was no request, or to one that never ended. */
  private void giveUp(HttpError error) {
    PipelinedExchange request = reading;
    if (request == null) {
      request =
          new PipelinedExchange(
              new Exchange(HttpHead.malformed(error), config, channel), HttpVersion.HTTP_1_1);
      answers.add(request);
    } else {
      request.exchange.refuse(error);
    }
    answerUnread(request);
  }

  /** Reads no more while enough is being worked on; what was read already is answered. */
  private void updateReading() {
    if (inputShut) {
      return; // Nothing comes any more, and epoll, which knows that, refuses to wait for it.
    }
    boolean enough = !doneReading && answers.isFull(MAX_PIPELINED, config.maxBodyBytes());
    if (channel.config().isAutoRead() == enough) {
      channel.config().setAutoRead(!enough);
    }
  }

  // Writing.

  private void complete(PipelinedExchange request, Reply reply) {
    if (request.reply != null || !channel.isActive()) {
      reply.discard();
      return;
    }
    answers.complete(request, reply, reading);
    answers.sendContinue(reading);
    updateReading();
  }

  @Override
  public boolean livesOnAfter(PipelinedExchange answered, boolean isLast) {
    boolean livesOn = answered.keepAlive && !(isLast && (stopping || inputShut));
    if (!livesOn) {
      doneReading = true;
    }
    return livesOn;
  }

  @Override
  public void written(boolean livesOn) {
    activeNanos = System.nanoTime();
    if (livesOn) {
      updateReading();
      closeIfDone();
    } else {
      linger();
    }
  }

  @Override
  public void broken() {
    close();
  }

  // Endings.

  private void closeIfDone() {
    if (inputShut && !answers.isBusy()) {
      close();
    }
  }

  /** Shuts the output and throws input away until the client closes too. */
  private void linger() {
    if (inputShut) {
      close();
      return;
    }
    lingering = true;
    var _ = ((DuplexChannel) channel).shutdownOutput();
    channel.config().setAutoRead(true);
    Duration time = stopping ? STOP_GRACE : LINGER;
    var _ = channel.eventLoop().schedule(this::close, time.toNanos(), TimeUnit.NANOSECONDS);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      inputShut = true;
      if (lingering) {
        close();
        return;
      }
      if (reading != null) {
        giveUp(
            HttpError.badRequest(
                "request body is truncated: the client stopped sending after "
                    + reading.exchange.receivedBytes()
                    + " bytes"));
      }
      doneReading = true;
      closeIfDone();
      if (answers.size() > 0) {
        var _ =
            channel
                .eventLoop()
                .schedule(answers::cancelAll, HALF_CLOSED_GRACE.toNanos(), TimeUnit.NANOSECONDS);
      }
    }
  }

  @Override
  public void stop() {
    stopping = true;
    var _ =
        channel.eventLoop().schedule(this::closeIfIdle, STOP_GRACE.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void closeIfIdle() {
    if (!answers.isBusy() && !headStarted && !lingering) {
      close();
    }
  }

  private void checkTime() {
    long now = System.nanoTime();
    if (answers.isWriting()) {
      if (answers.isStuck(now, config.bodyTimeout())) {
        close();
      }
    } else if (lingering) {
      return;
    } else if (reading != null) {
      if (channel.config().isAutoRead()
          && now - activeNanos > config.bodyTimeout().toNanos()
          && reading == answers.first()) {
        reading.exchange.refuseIncomplete(config.bodyTimeout());
        answerUnread(reading);
      }
    } else if (answers.size() == 0) {
      if (headStarted && now - headStartedNanos > config.headTimeout().toNanos()) {
        giveUp(
            new HttpError(
                HttpResponseStatus.REQUEST_TIMEOUT,
                "the request's head is incomplete after "
                    + config.headTimeout().toMillis()
                    + " ms"));
      } else if (!headStarted && now - activeNanos > config.idleTimeout().toNanos()) {
        close();
      }
    }
  }

  private void close() {
    var _ = channel.close();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof IOException) {
      LOG.debug("connection {} broke", channel, cause);
    } else {
      LOG.error("connection {} is closed after a fault of the server", channel, cause);
    }
    close();
  }
}
