package dev.skeg.runtime.http;

import dev.skeg.runtime.endpoint.Endpoints;
import dev.skeg.runtime.endpoint.ServerIdentity;
import dev.skeg.runtime.endpoint.ServerState;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.socket.SocketFile;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The REST port.
 *
 * <p><b>Threads.</b> {@link #start} and {@link #stop} by one thread, once each.
 */
public final class HttpServer {
  static final int MAX_LINE_BYTES = 16 << 10;
  static final int MAX_HEADER_BYTES = 64 << 10;

  private static final int MAX_READ_BYTES = 1 << 20;
  private static final int MAX_EVENT_LOOPS = 8;
  private static final int BACKLOG = 4096;

  private final HttpConfig config;
  private final RestApi api;
  private final EventLoopGroup eventLoops;
  private final boolean epoll = Epoll.isAvailable();
  private final Map<Channel, HttpConnection> connections = new ConcurrentHashMap<>();
  private final CountDownLatch allClosed = new CountDownLatch(1);
  private volatile boolean stopping;
  private @Nullable Channel listener;
  private @Nullable Channel socketListener;

  public HttpServer(
      HttpConfig config, ServerIdentity identity, Endpoints endpoints, ServerState state) {
    this.config = config;
    ThreadFactory large = Thread.ofVirtual().name("http-large-", 0).factory();
    this.api =
        new RestApi(config, identity, endpoints, state, task -> large.newThread(task).start());
    int threads =
        config.eventLoops() > 0
            ? config.eventLoops()
            : Math.min(Runtime.getRuntime().availableProcessors(), MAX_EVENT_LOOPS);
    this.eventLoops =
        new MultiThreadIoEventLoopGroup(
            threads,
            new DefaultThreadFactory("http", true),
            epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
  }

  /**
   * Starts to listen.
   *
   * @return the port bound
   * @throws ServingException if the address cannot be bound
   */
  public int start() {
    ChannelFuture bound =
        new ServerBootstrap()
            .group(eventLoops)
            .channel(epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .childOption(
                ChannelOption.RECVBUF_ALLOCATOR,
                new AdaptiveRecvByteBufAllocator(1024, 8192, MAX_READ_BYTES))
            .childHandler(new Connections())
            .bind(new InetSocketAddress(config.host(), config.port()))
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      closeEventLoops();
      throw new ServingException(
          ErrorCode.UNAVAILABLE,
          "HTTP cannot listen on "
              + config.host()
              + ":"
              + config.port()
              + ": "
              + bound.cause().getMessage()
              + " (expected: an address of this machine and a free port, or port 0)",
          bound.cause());
    }
    listener = bound.channel();
    config.socket().ifPresent(this::listenOn);
    return ((InetSocketAddress) bound.channel().localAddress()).getPort();
  }

  private void listenOn(Path socket) {
    if (!epoll) {
      closeEventLoops();
      throw new ServingException(
          ErrorCode.UNAVAILABLE, "HTTP cannot listen on socket " + socket + ": not on this system");
    }
    try {
      SocketFile.prepare(socket);
    } catch (ServingException e) {
      closeEventLoops();
      throw e;
    }
    ChannelFuture bound =
        new ServerBootstrap()
            .group(eventLoops)
            .channel(EpollServerDomainSocketChannel.class)
            .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .childOption(
                ChannelOption.RECVBUF_ALLOCATOR,
                new AdaptiveRecvByteBufAllocator(1024, 8192, MAX_READ_BYTES))
            .childHandler(new Connections())
            .bind(new DomainSocketAddress(socket.toFile()))
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      closeEventLoops();
      throw new ServingException(
          ErrorCode.UNAVAILABLE,
          "HTTP cannot listen on socket " + socket + ": " + bound.cause().getMessage(),
          bound.cause());
    }
    socketListener = bound.channel();
  }

  /** Sets up what a client connects to. */
  private final class Connections extends ChannelInitializer<Channel> {
    @Override
    protected void initChannel(Channel channel) {
      HttpConnection connection = new HttpConnection(config, api, channel, () -> forget(channel));
      HttpDecoderConfig decoder =
          new HttpDecoderConfig()
              .setMaxInitialLineLength(MAX_LINE_BYTES)
              .setMaxHeaderSize(MAX_HEADER_BYTES)
              .setMaxChunkSize(MAX_READ_BYTES);
      channel
          .pipeline()
          .addLast(connection.new ArrivalHandler())
          .addLast(new HttpRequestDecoder(decoder))
          .addLast(new HttpResponseEncoder())
          .addLast(connection);
      connections.put(channel, connection);
      if (stopping) {
        connection.stop();
      }
    }
  }

  private void forget(Channel channel) {
    connections.remove(channel);
    if (stopping && connections.isEmpty()) {
      allClosed.countDown();
    }
  }

  /**
   * Stops: accepts no more connections, answers the requests that have come or are on their way,
   * the last of each connection with {@code Connection: close}, then closes all.
   *
   * @param deadline how long to wait at most; what takes longer is cut off
   * @return whether every request was answered
   */
  public boolean stop(Duration deadline) {
    if (listener != null) {
      listener.close().awaitUninterruptibly();
    }
    if (socketListener != null) {
      socketListener.close().awaitUninterruptibly();
      config.socket().ifPresent(SocketFile::remove);
    }
    stopping = true;
    connections.forEach((channel, connection) -> channel.eventLoop().execute(connection::stop));
    if (connections.isEmpty()) {
      allClosed.countDown();
    }
    boolean answered = false;
    try {
      answered = allClosed.await(deadline.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    for (Channel channel : connections.keySet()) {
      var _ = channel.close();
    }
    closeEventLoops();
    return answered;
  }

  private void closeEventLoops() {
    eventLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }
}
