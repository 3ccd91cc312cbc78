package dev.skeg.runtime.http;

import dev.skeg.runtime.socket.AnswerLoop;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.concurrent.FastThreadLocal;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The connections there are, and how each is set up: in HTTP/1.1 at first, in HTTP/2 once the
 * client's first bytes or its first request ask for that.
 *
 * <p><b>Threads.</b> Connections are added, changed and forgotten on their event loops; {@link
 * #stop} is for the thread that stops the server.
 */
@ChannelHandler.Sharable
final class HttpConnections extends ChannelInitializer<Channel> {
  private final HttpConfig config;
  private final RestApi api;
  private final Map<Channel, HttpConnection> open = new ConcurrentHashMap<>();
  private final CountDownLatch allClosed = new CountDownLatch(1);
  private final FastThreadLocal<AnswerLoop> answerLoops = new FastThreadLocal<>();
  private volatile boolean stopping;

  HttpConnections(HttpConfig config, RestApi api) {
    this.config = config;
    this.api = api;
  }

  @Override
  protected void initChannel(Channel channel) {
    Http1Connection connection = new Http1Connection(config, api, channel, this);
    HttpDecoderConfig decoder =
        new HttpDecoderConfig()
            .setMaxInitialLineLength(HttpServer.MAX_LINE_BYTES)
            .setMaxHeaderSize(HttpServer.MAX_HEADER_BYTES)
            .setMaxChunkSize(HttpServer.MAX_READ_BYTES);
    channel
        .pipeline()
        .addLast(connection.new ArrivalHandler())
        .addLast(new PrefaceDetector(() -> beginHttp2(channel)))
        .addLast(new HttpRequestDecoder(decoder))
        .addLast(new HttpResponseEncoder())
        .addLast(connection);
    register(channel, connection);
  }

  /** Returns the way out of answers on a channel's event loop, which calls. */
  AnswerLoop answerLoop(Channel channel) {
    AnswerLoop loop = answerLoops.get();
    if (loop == null || !loop.eventLoop().equals(channel.eventLoop())) {
      loop = new AnswerLoop(channel.eventLoop());
      answerLoops.set(loop);
    }
    return loop;
  }

  private void register(Channel channel, HttpConnection connection) {
    open.put(channel, connection);
    if (stopping) {
      connection.stop();
    }
  }

  private void beginHttp2(Channel channel) {
    var _ = addHttp2(channel);
    removeHttp1(channel.pipeline());
  }

  /**
   * Has a connection go on in HTTP/2, in which its first request is answered.
   *
   * @param settings of the client
   * @throws Http2Exception if they are not to be had
   */
  void upgrade(Channel channel, Exchange first, Http2Settings settings) throws Http2Exception {
    addHttp2(channel).upgrade(first, settings);
    removeHttp1(channel.pipeline());
  }

  private Http2Connection addHttp2(Channel channel) {
    // There, a client that sends no more is gone: without its acknowledgements nothing goes on.
    channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
    channel.config().setAutoRead(true);
    Http2FrameCodec codec = Http2Messages.newCodec();
    Http2Connection connection = new Http2Connection(config, api, channel, codec, this);
    channel.pipeline().remove(HttpResponseEncoder.class);
    channel.pipeline().addLast(codec).addLast(connection);
    register(channel, connection);
    return connection;
  }

  /** The decoder goes last: the bytes that it holds go to whoever is behind it. */
  private static void removeHttp1(ChannelPipeline pipeline) {
    pipeline.remove(Http1Connection.ArrivalHandler.class);
    pipeline.remove(Http1Connection.class);
    pipeline.remove(HttpRequestDecoder.class);
  }

  /** To be told when a connection is gone. */
  void forget(Channel channel) {
    open.remove(channel);
    if (stopping && open.isEmpty()) {
      allClosed.countDown();
    }
  }

  /**
   * Stops all, once there can be no new ones.
   *
   * @param deadline how long to wait at most; what takes longer is cut off
   * @return whether every request was answered
   */
  boolean stop(Duration deadline) {
    stopping = true;
    // Asked for on the event loop: it may be another one by then than it is now.
    open.keySet().forEach(channel -> channel.eventLoop().execute(() -> stop(channel)));
    if (open.isEmpty()) {
      allClosed.countDown();
    }
    boolean answered = false;
    try {
      answered = allClosed.await(deadline.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    for (Channel channel : open.keySet()) {
      var _ = channel.close();
    }
    return answered;
  }

  private void stop(Channel channel) {
    HttpConnection connection = open.get(channel);
    if (connection != null) {
      connection.stop();
    }
  }
}
