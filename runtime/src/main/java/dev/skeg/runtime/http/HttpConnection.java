package dev.skeg.runtime.http;

import dev.skeg.runtime.model.InFlight;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's connection: gathers requests, has them answered, and writes the answers in the order
 * of the requests.
 *
 * <p><b>Order.</b> Pipelined requests are worked on side by side, up to a bound; each has an {@link
 * Exchange} in a queue from its head on, and an answer is written when it is the queue's first.
 *
 * <p><b>Endings.</b> The last answer of a connection, whoever wants it to end, says {@code
 * Connection: close}. Then the output is shut, and input is thrown away until the client closes too
 * or some time has passed: closing with unread input would reset the connection, and the client
 * might never see its answer. A request that is refused is answered after its body has been read
 * and thrown away, so that the connection lives on; but a body far beyond the limit ends it, and so
 * does everything after which the next request's first byte is unknown.
 *
 * <p><b>Time.</b> A head may take {@code headTimeout}, a body may pause for {@code bodyTimeout}, a
 * client may read nothing of its answer for as long; all is checked by one slow tick.
 *
 * <p><b>Threads.</b> The connection's event loop.
 */
final class HttpConnection extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(HttpConnection.class);

  static final String REQUEST_ID = "x-request-id";

  private static final int MAX_REQUEST_ID = 128;
  private static final int MAX_PIPELINED = 32;

  /** Thrown away of a body beyond the limit, before the connection is given up. */
  private static final long MAX_DRAINED_BYTES = 16 << 20;

  private static final Duration LINGER = Duration.ofSeconds(5);

  /**
   * How long an answer is worked on for a client that sends no more: it may only have closed its
   * side of the connection, or it may be gone, and nothing tells the two apart.
   */
  private static final Duration HALF_CLOSED_GRACE = Duration.ofSeconds(1);

  /** While stopping: how long a client that has just been answered may still send a request. */
  static final Duration STOP_GRACE = Duration.ofMillis(250);

  private final HttpConfig config;
  private final RestApi api;
  private final Channel channel;
  private final Runnable closed;
  private final ArrayDeque<Exchange> exchanges = new ArrayDeque<>(); // Not yet being written.
  private @Nullable Exchange reading; // Its body is not complete; also in exchanges.
  private @Nullable ScheduledFuture<?> tick;
  private int writing;
  private long answeringBytes; // Of the bodies of requests that are complete and not answered.
  private String lastTarget = "";
  private @Nullable Route lastRoute;
  private boolean doneReading; // What comes is thrown away.
  private boolean inputShut;
  private boolean lingering;
  private boolean stopping;
  private boolean inRead; // Answers are flushed together at the read's end.
  private boolean wrote;
  private boolean headStarted;
  private long headStartedNanos;
  private long activeNanos = System.nanoTime();
  private long writeMark;
  private long writeMarkNanos;

  /**
   * @param closed run once the connection is gone
   */
  HttpConnection(HttpConfig config, RestApi api, Channel channel, Runnable closed) {
    this.config = config;
    this.api = api;
    this.channel = channel;
    this.closed = closed;
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
    long shortest =
        Math.min(
            config.headTimeout().toNanos(),
            Math.min(config.bodyTimeout().toNanos(), config.idleTimeout().toNanos()));
    long interval = Math.max(shortest / 4, TimeUnit.MILLISECONDS.toNanos(10));
    tick =
        ctx.executor()
            .scheduleAtFixedRate(this::checkTime, interval, interval, TimeUnit.NANOSECONDS);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    doneReading = true;
    if (tick != null) {
      tick.cancel(false);
    }
    if (reading != null) {
      reading.body.release();
      reading = null;
    }
    for (Exchange exchange : List.copyOf(exchanges)) {
      if (exchange.reply != null) {
        exchange.reply.discard();
      } else {
        exchange.inFlight.cancel();
      }
    }
    exchanges.clear();
    closed.run();
  }

  // Reading.

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    inRead = true;
    if (doneReading) {
      ReferenceCountUtil.release(message);
      return;
    }
    if (message instanceof HttpRequest head) {
      headStarted = false;
      if (head.decoderResult().isFailure()) {
        ReferenceCountUtil.release(message);
        giveUp(malformedHead(head.decoderResult().cause()));
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
    inRead = false;
    if (wrote) {
      wrote = false;
      channel.flush();
    }
  }

  private void beginRequest(HttpRequest head) {
    @Nullable HttpError refusal = null;
    @Nullable Route route = null;
    @Nullable String id = null;
    ContentCoding coding = ContentCoding.IDENTITY;
    try {
      checkVersion(head.protocolVersion());
      id = requestId(head.headers());
      route = route(head.uri());
      checkMethod(route, head.method());
      if (head.headers().contains(HttpHeaderNames.CONTENT_ENCODING)) {
        coding = ContentCoding.ofRequest(head.headers().getAll(HttpHeaderNames.CONTENT_ENCODING));
      }
      checkExpectation(head);
    } catch (HttpError error) {
      refusal = error;
    }
    long length = HttpUtil.getContentLength(head, -1L);
    if (refusal == null && length > config.maxBodyBytes()) {
      refusal = tooLarge("a Content-Length of " + length);
    }
    Exchange exchange = new Exchange(head, route, new BodyBuffer(channel.alloc(), length), id);
    exchange.refusal = refusal;
    exchange.bodyCoding = coding;
    exchange.wantsContinue = HttpUtil.is100ContinueExpected(head);
    reading = exchange;
    exchanges.add(exchange);
    boolean unbounded = head.protocolVersion().majorVersion() != 1;
    if (refusal != null
        && (exchange.wantsContinue
            || unbounded
            || length > config.maxBodyBytes() + MAX_DRAINED_BYTES)) {
      refuseUnread(exchange, refusal);
    } else {
      sendContinue();
    }
    updateReading();
  }

  /** A connection mostly asks for the same thing again and again. */
  private Route route(String target) {
    Route known = lastRoute;
    if (known != null && target.equals(lastTarget)) {
      return known;
    }
    Route route = Route.of(target);
    lastRoute = route;
    lastTarget = target;
    return route;
  }

  private static void checkVersion(HttpVersion version) {
    if (!version.protocolName().equals("HTTP") || version.majorVersion() != 1) {
      throw new HttpError(
          HttpResponseStatus.HTTP_VERSION_NOT_SUPPORTED,
          "protocol " + Text.excerpt(version.text()) + " (expected: HTTP/1.0 or HTTP/1.1)");
    }
  }

  private static @Nullable String requestId(HttpHeaders headers) {
    String id = headers.get(REQUEST_ID);
    if (id == null) {
      return null;
    }
    boolean valid = !id.isEmpty() && id.length() <= MAX_REQUEST_ID;
    for (int i = 0; i < id.length() && valid; i++) {
      valid = id.charAt(i) > ' ' && id.charAt(i) < 0x7f;
    }
    if (!valid) {
      throw HttpError.badRequest(
          "header X-Request-Id: '"
              + Text.excerpt(id)
              + "' (expected: 1 to "
              + MAX_REQUEST_ID
              + " visible ASCII characters)");
    }
    return id;
  }

  private static void checkMethod(Route route, HttpMethod method) {
    if (route instanceof Route.Unsupported) {
      return;
    }
    boolean get = method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD);
    boolean allowed = route.isPost() ? method.equals(HttpMethod.POST) : get;
    if (!allowed) {
      String expected = route.isPost() ? "POST" : "GET, HEAD";
      throw new HttpError(
          HttpResponseStatus.METHOD_NOT_ALLOWED,
          "Method Not Allowed: " + Text.excerpt(method.name()) + " (expected: " + expected + ")",
          HttpHeaderNames.ALLOW,
          expected);
    }
  }

  private static void checkExpectation(HttpRequest head) {
    String expectation = head.headers().get(HttpHeaderNames.EXPECT);
    if (expectation != null
        && !expectation.strip().equalsIgnoreCase(HttpHeaderValues.CONTINUE.toString())) {
      throw new HttpError(
          HttpResponseStatus.EXPECTATION_FAILED,
          "header Expect: '" + Text.excerpt(expectation) + "' (expected: 100-continue)");
    }
  }

  private HttpError tooLarge(String what) {
    return new HttpError(
        HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE,
        "request body is too large: "
            + what
            + " (expected: at most "
            + config.maxBodyBytes()
            + " bytes, the server's limit)");
  }

  private static HttpError malformedHead(Throwable cause) {
    if (cause instanceof TooLongHttpLineException) {
      return new HttpError(
          HttpResponseStatus.REQUEST_URI_TOO_LONG,
          "the request line is too long (expected: at most "
              + HttpServer.MAX_LINE_BYTES
              + " bytes)");
    }
    if (cause instanceof TooLongHttpHeaderException) {
      return new HttpError(
          HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
          "the request's headers are too large (expected: at most "
              + HttpServer.MAX_HEADER_BYTES
              + " bytes)");
    }
    String message = cause == null ? "" : String.valueOf(cause.getMessage());
    return HttpError.badRequest("malformed HTTP request: " + Text.excerpt(printable(message)));
  }

  private static String printable(String message) {
    StringBuilder text = new StringBuilder(message.length());
    for (int i = 0; i < message.length(); i++) {
      char c = message.charAt(i);
      text.append(Character.isISOControl(c) ? '?' : c);
    }
    return text.toString();
  }

  private void readBody(HttpContent content) {
    Exchange exchange = reading;
    if (exchange == null) {
      content.release();
      return;
    }
    if (content.decoderResult().isFailure()) {
      Throwable cause = content.decoderResult().cause();
      content.release();
      refuseUnread(
          exchange,
          HttpError.badRequest(
              "malformed chunked body: "
                  + Text.excerpt(printable(String.valueOf(cause.getMessage())))));
      return;
    }
    exchange.receivedBytes += content.content().readableBytes();
    if (exchange.refusal == null && exchange.receivedBytes > config.maxBodyBytes()) {
      exchange.refusal = tooLarge("more than " + config.maxBodyBytes() + " bytes");
      exchange.body.release();
    }
    HttpError refusal = exchange.refusal;
    boolean last = content instanceof LastHttpContent;
    if (refusal == null) {
      exchange.body.add(content.content());
    } else {
      content.release();
      if (!last && exchange.receivedBytes > config.maxBodyBytes() + MAX_DRAINED_BYTES) {
        refuseUnread(exchange, refusal);
        return;
      }
    }
    if (last) {
      reading = null;
      if (!exchange.keepAlive) {
        doneReading = true;
      }
      dispatch(exchange);
    }
  }

  private void dispatch(Exchange exchange) {
    answeringBytes += exchange.receivedBytes;
    HttpError refusal = exchange.refusal;
    if (refusal != null) {
      complete(exchange, Reply.error(refusal));
      return;
    }
    HttpRequest head = exchange.head;
    Route route = exchange.route;
    if (head == null || route == null) {
      throw new IllegalStateException("a request without a head was not refused");
    }
    Incoming incoming =
        new Incoming(
            route,
            head.headers(),
            exchange.bodyCoding,
            exchange.body.take(),
            channel.eventLoop(),
            channel.alloc(),
            inFlight -> started(exchange, inFlight),
            activeNanos);
    api.answer(
        incoming,
        reply ->
            api.compress(
                reply,
                exchange.acceptedCoding,
                channel.alloc(),
                encoded -> incoming.onEventLoop(() -> complete(exchange, encoded))));
    updateReading();
  }

  /** From here on the request can be cancelled, which it is if the client has gone already. */
  private void started(Exchange exchange, InFlight inFlight) {
    exchange.inFlight = inFlight;
    if (!channel.isActive()) {
      inFlight.cancel();
    }
  }

  /** Answers a request whose body will not be read, and ends the connection with it. */
  private void refuseUnread(Exchange exchange, HttpError refusal) {
    exchange.body.release();
    exchange.keepAlive = false;
    exchange.wantsContinue = false;
    reading = null;
    doneReading = true;
    complete(exchange, Reply.error(refusal));
  }

  /** Ends the connection with an answer to what was no request, or to one that never ended. */
  private void giveUp(HttpError error) {
    Exchange exchange = reading;
    if (exchange == null) {
      exchange = new Exchange(null, null, new BodyBuffer(channel.alloc(), -1), null);
      exchanges.add(exchange);
    }
    refuseUnread(exchange, error);
  }

  /** Reads no more while enough is being worked on; what was read already is answered. */
  private void updateReading() {
    boolean enough =
        !doneReading
            && (exchanges.size() + writing >= MAX_PIPELINED
                || answeringBytes > config.maxBodyBytes());
    if (channel.config().isAutoRead() == enough) {
      channel.config().setAutoRead(!enough);
    }
  }

  // Writing.

  private void complete(Exchange exchange, Reply reply) {
    if (exchange.reply != null || !channel.isActive()) {
      reply.discard();
      return;
    }
    exchange.reply = reply;
    answeringBytes -= exchange.receivedBytes;
    boolean any = false;
    for (Exchange first = exchanges.peek();
        first != null && first.reply != null && first != reading;
        first = exchanges.peek()) {
      exchanges.remove();
      write(first, first.reply);
      any = true;
    }
    sendContinue();
    updateReading();
    if (any) {
      flush();
    }
  }

  private void flush() {
    if (inRead) {
      wrote = true;
    } else {
      channel.flush();
    }
  }

  /** Asks for the body of the first request, if the client waits to be asked. */
  private void sendContinue() {
    Exchange first = exchanges.peek();
    if (first != null && first == reading && first.wantsContinue && first.refusal == null) {
      first.wantsContinue = false;
      FullHttpResponse response =
          new DefaultFullHttpResponse(
              HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER);
      channel.write(response).addListener(this::closeIfFailed);
      flush();
    }
  }

  private void closeIfFailed(Future<? super Void> written) {
    if (!written.isSuccess()) {
      close();
    }
  }

  private void write(Exchange exchange, Reply reply) {
    boolean nothingFollows = exchanges.isEmpty() && (stopping || inputShut);
    boolean keepAlive = exchange.keepAlive && !nothingFollows;
    if (!keepAlive) {
      doneReading = true;
    }
    int length = reply.body().readableBytes();
    ByteBuf body = reply.body();
    if (exchange.isHead) {
      body.release();
      body = Unpooled.EMPTY_BUFFER;
    }
    HttpHeaders headers = reply.headers();
    headers.set(HttpHeaderNames.CONTENT_LENGTH, Integer.toString(length));
    if (exchange.requestId != null) {
      headers.set(REQUEST_ID, exchange.requestId);
    }
    FullHttpResponse response =
        new DefaultFullHttpResponse(
            exchange.version(), reply.status(), body, headers, EmptyHttpHeaders.INSTANCE);
    HttpUtil.setKeepAlive(response, keepAlive);
    writing++;
    writeMarkNanos = System.nanoTime();
    ChannelFuture written = channel.write(response);
    written.addListener(future -> {
      writing--;
      activeNanos = System.nanoTime();
      reply.written().run();
      if (!future.isSuccess()) {
        close();
      } else if (!keepAlive) {
        linger();
      } else {
        updateReading();
        closeIfDone();
      }
    });
  }

  private void closeIfDone() {
    if (inputShut && exchanges.isEmpty() && writing == 0) {
      close();
    }
  }

  // Endings.

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
      Exchange exchange = reading;
      if (exchange != null) {
        giveUp(
            HttpError.badRequest(
                "request body is truncated: the client stopped sending after "
                    + exchange.receivedBytes
                    + " bytes"));
      }
      doneReading = true;
      closeIfDone();
      if (!exchanges.isEmpty()) {
        var _ =
            channel
                .eventLoop()
                .schedule(this::cancelAll, HALF_CLOSED_GRACE.toNanos(), TimeUnit.NANOSECONDS);
      }
    }
  }

  private void cancelAll() {
    for (Exchange exchange : List.copyOf(exchanges)) {
      exchange.inFlight.cancel();
    }
  }

  /** Takes no new requests, but for those on their way, and closes once all are answered. */
  void stop() {
    stopping = true;
    var _ =
        channel.eventLoop().schedule(this::closeIfIdle, STOP_GRACE.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void closeIfIdle() {
    if (exchanges.isEmpty() && writing == 0 && !headStarted && !lingering) {
      close();
    }
  }

  private void checkTime() {
    long now = System.nanoTime();
    if (writing > 0) {
      checkProgress(now);
    } else if (lingering) {
      return;
    } else if (reading != null) {
      if (channel.config().isAutoRead()
          && now - activeNanos > config.bodyTimeout().toNanos()
          && reading == exchanges.peek()) {
        giveUp(
            new HttpError(
                HttpResponseStatus.REQUEST_TIMEOUT,
                "request body is incomplete: "
                    + reading.receivedBytes
                    + " bytes, and no more for "
                    + config.bodyTimeout().toMillis()
                    + " ms"));
      }
    } else if (exchanges.isEmpty()) {
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

  /** Closes if the client has not taken a byte of its answer for too long. */
  private void checkProgress(long now) {
    ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
    long mark =
        buffer == null ? 0 : buffer.totalPendingWriteBytes() * 31 + buffer.currentProgress();
    if (mark != writeMark) {
      writeMark = mark;
      writeMarkNanos = now;
    } else if (now - writeMarkNanos > config.bodyTimeout().toNanos()) {
      close();
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
