package dev.skeg.runtime.http;

import dev.skeg.runtime.socket.AnswerLoop;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2GoAwayFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2ChannelDuplexHandler;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2FrameStreamException;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2SettingsFrame;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection in HTTP/2 (RFC 9113): requests come on streams of their own, are worked on side by
 * side, and each is answered when it is done.
 *
 * <p><b>Memory.</b> A stream's body may be {@value Http2Messages#STREAM_WINDOW_BYTES} bytes ahead
 * of what was allowed. More room is given while the bodies held by the connection are within the
 * limit of one body; beyond that only the oldest stream that is still being read gets more, which
 * lets it end and free what it holds. The connection's own window is as large as those of all
 * streams together, so it holds up none of them.
 *
 * <p><b>Endings.</b> A client's reset of a stream cancels the request. A request that is refused is
 * answered after its body, as in HTTP/1.1; if that goes far beyond the limit, before it, and is
 * reset without an error once the client has had time to see the answer. A stop says GOAWAY twice:
 * first only that there will be no more, then, when what was on its way has come, which stream was
 * the last.
 *
 * <p><b>Floods.</b> Resets, empty frames, continuations, pings and settings are bounded by the
 * codec, heads by the same size as in HTTP/1.1; a client that passes a bound loses the connection.
 *
 * <p><b>Threads.</b> The connection's event loop.
 */
final class Http2Connection extends Http2ChannelDuplexHandler implements HttpConnection {
  private static final Logger LOG = LoggerFactory.getLogger(Http2Connection.class);

  /** How long a client may go on sending what was refused: it may not have seen the answer yet. */
  private static final Duration LINGER = Duration.ofSeconds(5);

  private final HttpConfig config;
  private final RestApi api;
  private final Channel channel;
  private final Http2FrameCodec codec;
  private final HttpConnections connections;
  private final AnswerLoop loop;
  private final AnswerLoop.Outlet outlet;
  private final RecentRoute routes = new RecentRoute();
  private final WriteProgress progress;
  private final long openedNanos = System.nanoTime();

  /** Every stream from its head to the last byte of its answer, the oldest first. */
  private final Map<Http2FrameStream, StreamExchange> streams = new LinkedHashMap<>();

  private @Nullable ScheduledFuture<?> tick;
  private long heldBytes; // Of bodies that are not answered.
  private boolean owing; // Whether some stream waits for room.
  private boolean inRead; // The codec flushes at the read's end.
  private boolean settled; // The client's settings have come.
  private boolean isLastCall; // The last stream has been named.
  private long activeNanos = openedNanos;

  Http2Connection(
      HttpConfig config,
      RestApi api,
      Channel channel,
      Http2FrameCodec codec,
      HttpConnections connections) {
    this.config = config;
    this.api = api;
    this.channel = channel;
    this.codec = codec;
    this.connections = connections;
    this.loop = connections.answerLoop(channel);
    this.outlet = loop.outletOf(channel::flush);
    this.progress = new WriteProgress(channel);
  }

  @Override
  protected void handlerAdded0(ChannelHandlerContext ctx) {
    var _ =
        channel.write(
            new DefaultHttp2WindowUpdateFrame(
                Http2Messages.MAX_STREAMS * Http2Messages.STREAM_WINDOW_BYTES
                    - Http2CodecUtil.DEFAULT_WINDOW_SIZE));
    channel.flush();
    tick =
        channel
            .eventLoop()
            .scheduleAtFixedRate(
                this::checkTime, config.tickNanos(), config.tickNanos(), TimeUnit.NANOSECONDS);
  }

  @Override
  protected void handlerRemoved0(ChannelHandlerContext ctx) {
    if (tick != null) {
      tick.cancel(false);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    for (StreamExchange each : List.copyOf(streams.values())) {
      drop(each);
    }
    connections.forget(channel);
  }

  /**
   * Answers the request that asked for HTTP/2, which is stream 1.
   *
   * @param settings of the client
   */
  void upgrade(Exchange first, Http2Settings settings) throws Http2Exception {
    codec.onHttpServerUpgrade(settings);
    forEachActiveStream(stream -> {
      StreamExchange request = new StreamExchange(first, stream, activeNanos);
      streams.put(stream, request);
      heldBytes += first.receivedBytes();
      bodyComplete(request);
      return true;
    });
  }

  // Reading.

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    inRead = true;
    activeNanos = System.nanoTime();
    switch (message) {
      case Http2DataFrame data -> readBody(data);
      case Http2HeadersFrame head -> readHead(head);
      case Http2ResetFrame reset -> {
        StreamExchange request = streams.get(reset.stream());
        if (request != null) {
          drop(request);
        }
      }
      case Http2SettingsFrame _ -> settled = true;
      default -> ReferenceCountUtil.release(message); // The codec has done what it asks for.
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    inRead = false;
  }

  private void readHead(Http2HeadersFrame frame) {
    Http2FrameStream stream = frame.stream();
    StreamExchange known = streams.get(stream);
    if (known != null) { // Trailers, of which nothing is wanted.
      if (frame.isEndStream()) {
        bodyComplete(known);
      }
      return;
    }
    if (streams.size()
        >= Http2Messages.MAX_STREAMS) { // A client that has not read the settings yet.
      reset(stream, Http2Error.REFUSED_STREAM);
      return;
    }
    HttpHead head = Http2Messages.head(frame.headers(), routes);
    if (head == null) {
      reset(stream, Http2Error.PROTOCOL_ERROR);
      return;
    }
    StreamExchange request =
        new StreamExchange(new Exchange(head, config, channel), stream, activeNanos);
    streams.put(stream, request);
    boolean isRefused = request.exchange.refusal() != null;
    if (frame.isEndStream()) {
      bodyComplete(request);
    } else if (isRefused && (head.expectsContinue() || request.exchange.isHopeless())) {
      dispatch(request);
    } else if (head.expectsContinue()) {
      Http2Headers interim =
          new DefaultHttp2Headers(false).status(HttpResponseStatus.CONTINUE.codeAsText());
      var _ = channel.write(new DefaultHttp2HeadersFrame(interim, false).stream(stream));
      flushLater(0);
    }
  }

  private void readBody(Http2DataFrame frame) {
    StreamExchange request = streams.get(frame.stream());
    int bytes = frame.initialFlowControlledBytes();
    if (request == null || !request.reading) {
      frame.release();
      return;
    }
    if (request.writing && !frame.isEndStream()) { // Refused: no more room is given.
      frame.release();
      return;
    }
    request.activeNanos = activeNanos;
    request.owedBytes += bytes;
    long before = request.exchange.receivedBytes();
    request.exchange.receive(frame.content());
    if (!request.writing) {
      heldBytes += request.exchange.receivedBytes() - before;
    }
    if (frame.isEndStream()) {
      bodyComplete(request);
    } else {
      if (heldBytes <= config.maxBodyBytes()) {
        giveRoom(request);
        flushLater(0);
      } else {
        giveRoom();
      }
      if (request.exchange.isHopeless()) {
        dispatch(request);
      }
    }
  }

  /** Lets clients send as much again as has been taken from them, where that can be held. */
  private void giveRoom() {
    owing = false;
    boolean isOldest = true;
    for (StreamExchange each : streams.values()) {
      if (each.reading && !each.writing) {
        if (isOldest || heldBytes <= config.maxBodyBytes()) {
          giveRoom(each);
        }
        owing |= each.owedBytes > 0;
        isOldest = false;
      }
    }
    flushLater(0);
  }

  private void giveRoom(StreamExchange request) {
    if (request.owedBytes > 0) {
      var _ =
          channel.write(
              new DefaultHttp2WindowUpdateFrame(request.owedBytes).stream(request.stream));
      request.owedBytes = 0;
    }
  }

  private void bodyComplete(StreamExchange request) {
    request.reading = false;
    if (request.answered) {
      streams.remove(request.stream);
    }
    dispatch(request);
    if (owing) {
      giveRoom();
    }
  }

  private void dispatch(StreamExchange request) {
    if (!request.dispatched) {
      request.dispatched = true;
      request.exchange.answer(
          api, loop, channel.alloc(), activeNanos, reply -> write(request, reply));
    }
  }

  // Writing.

  private void write(StreamExchange request, Reply reply) {
    if (streams.get(request.stream) != request) {
      reply.discard();
      return;
    }
    letGo(request);
    ByteBuf body = request.exchange.seal(reply);
    Http2Headers headers = Http2Messages.head(reply);
    request.writing = true;
    request.activeNanos = System.nanoTime();
    progress.wrote(request.activeNanos);
    long bytes = Reply.HEAD_BYTES + body.readableBytes();
    boolean isEmpty = !body.isReadable();
    ChannelFuture written =
        channel.write(new DefaultHttp2HeadersFrame(headers, isEmpty).stream(request.stream));
    if (isEmpty) {
      body.release();
    } else {
      written = channel.write(new DefaultHttp2DataFrame(body, true).stream(request.stream));
    }
    written.addListener(future -> {
      reply.written().run();
      written(request, future.isSuccess());
    });
    flushLater(bytes);
  }

  private void written(StreamExchange request, boolean isComplete) {
    activeNanos = System.nanoTime();
    request.answered = true;
    request.activeNanos = activeNanos;
    if (!request.reading || !isComplete) {
      streams.remove(request.stream, request);
    }
    closeIfDone();
  }

  /** Counts a body as held no more. */
  private void letGo(StreamExchange request) {
    heldBytes -= request.exchange.receivedBytes();
    if (owing) {
      giveRoom();
    }
  }

  private void flushLater(long bytes) {
    if (!inRead) {
      outlet.flushLater(bytes);
    }
  }

  private void reset(Http2FrameStream stream, Http2Error error) {
    var _ = channel.write(new DefaultHttp2ResetFrame(error).stream(stream));
    flushLater(0);
  }

  // Endings.

  /** Forgets a stream that is no more. An answer that is being written fails by itself. */
  private void drop(StreamExchange request) {
    streams.remove(request.stream);
    if (!request.writing) {
      request.exchange.cancel();
      letGo(request);
    }
    closeIfDone();
  }

  @Override
  public void stop() {
    goAway(Integer.MAX_VALUE);
    var _ =
        channel
            .eventLoop()
            .schedule(
                () -> {
                  goAway(0);
                  isLastCall = true;
                  closeIfDone();
                },
                STOP_GRACE.toNanos(),
                TimeUnit.NANOSECONDS);
  }

  /**
   * @param more how many streams may come that have not come yet
   */
  private void goAway(int more) {
    var _ =
        channel.writeAndFlush(
            new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR).setExtraStreamIds(more));
  }

  private void closeIfDone() {
    if (!isLastCall) {
      return;
    }
    for (StreamExchange each : streams.values()) {
      if (!each.answered) {
        return;
      }
    }
    close();
  }

  private void checkTime() {
    long now = System.nanoTime();
    boolean isLate = !settled && now - openedNanos > config.headTimeout().toNanos();
    boolean isIdle = streams.isEmpty() && now - activeNanos > config.idleTimeout().toNanos();
    if (isLate || isIdle || progress.isStuck(now, config.bodyTimeout())) {
      close();
      return;
    }
    for (StreamExchange each : List.copyOf(streams.values())) {
      if (each.answered) {
        if (now - each.activeNanos > LINGER.toNanos()) {
          streams.remove(each.stream);
          reset(each.stream, Http2Error.NO_ERROR); // The rest of the request is not wanted.
        }
      } else if (each.writing) {
        checkWriting(each, now);
      } else if (each.reading
          && !each.dispatched
          && each.owedBytes == 0
          && now - each.activeNanos > config.bodyTimeout().toNanos()) {
        each.exchange.refuseIncomplete(config.bodyTimeout());
        dispatch(each);
      }
    }
  }

  /** Gives an answer up that the client makes no room for. */
  private void checkWriting(StreamExchange request, long nowNanos) {
    Http2Stream stream = codec.connection().stream(request.stream.id());
    int window = stream == null ? 0 : codec.encoder().flowController().windowSize(stream);
    if (window != request.window) {
      request.window = window;
      request.activeNanos = nowNanos;
    } else if (nowNanos - request.activeNanos > config.bodyTimeout().toNanos()) {
      reset(request.stream, Http2Error.CANCEL);
    }
  }

  private void close() {
    var _ = channel.close();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof Http2FrameStreamException failure) {
      StreamExchange request = streams.get(failure.stream());
      if (request != null) {
        drop(request);
      }
      reset(failure.stream(), failure.error());
      return;
    }
    if (cause instanceof Http2Exception) {
      LOG.debug("connection {}: the client does not speak HTTP/2 as it should", channel, cause);
      return; // The codec tells the client, and closes.
    }
    if (cause instanceof IOException) {
      LOG.debug("connection {} broke", channel, cause);
    } else {
      LOG.error("connection {} is closed after a fault of the server", channel, cause);
    }
    close();
  }
}
