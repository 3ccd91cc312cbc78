package dev.skeg.runtime.http;

import dev.skeg.runtime.endpoint.Endpoints;
import dev.skeg.runtime.endpoint.ModelRepository;
import dev.skeg.runtime.endpoint.ServerIdentity;
import dev.skeg.runtime.endpoint.ServerState;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.socket.SocketFile;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannel;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/**
 * The REST port.
 *
 * <p><b>Threads.</b> {@link #start} and {@link #stop} by one thread, once each.
 */
public final class HttpServer {
  static final int MAX_LINE_BYTES = 16 << 10;
  static final int MAX_HEADER_BYTES = 64 << 10;

  static final int MAX_READ_BYTES = 1 << 20;

  private static final int BACKLOG = 4096;

  private final HttpConfig config;
  private final EventLoopGroup eventLoops;
  private final HttpConnections connections;
  private final List<Channel> listeners = new ArrayList<>();

  public HttpServer(
      HttpConfig config,
      ServerIdentity identity,
      Endpoints endpoints,
      ModelRepository repository,
      ServerState state) {
    this.config = config;
    ThreadFactory large = Thread.ofVirtual().name("http-large-", 0).factory();
    RestApi api =
        new RestApi(
            config, identity, endpoints, repository, state, task -> large.newThread(task).start());
    this.connections = new HttpConnections(config, api);
    this.eventLoops = config.transport().eventLoops("http", config.eventLoops());
  }

  /**
   * Starts to listen.
   *
   * @return the port bound
   * @throws ServingException if the address cannot be bound
   */
  public int start() {
    ServerBootstrap bootstrap =
        bootstrap(config.transport().tcpChannel())
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
    Channel bound =
        bind(
            bootstrap,
            new InetSocketAddress(config.host(), config.port()),
            config.host() + ":" + config.port(),
            " (expected: an address of this machine and a free port, or port 0)");
    listeners.add(bound);
    config.socket().ifPresent(this::listenOn);
    return ((InetSocketAddress) bound.localAddress()).getPort();
  }

  private void listenOn(Path socket) {
    try {
      SocketFile.prepare(socket);
    } catch (ServingException e) {
      closeEventLoops();
      throw e;
    }
    ServerBootstrap bootstrap = bootstrap(config.transport().unixChannel());
    if (config.transport().halfClosesUnixSockets()) {
      bootstrap.childOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
    }
    SocketAddress address = config.transport().unixAddress(socket);
    listeners.add(bind(bootstrap, address, "socket " + socket, ""));
  }

  private ServerBootstrap bootstrap(Class<? extends ServerChannel> channel) {
    return new ServerBootstrap()
        .group(eventLoops)
        .channel(channel)
        .childOption(
            ChannelOption.RECVBUF_ALLOCATOR,
            new AdaptiveRecvByteBufAllocator(1024, 8192, MAX_READ_BYTES))
        .childHandler(connections);
  }

  private Channel bind(
      ServerBootstrap bootstrap, SocketAddress address, String shown, String expected) {
    ChannelFuture bound = bootstrap.bind(address).awaitUninterruptibly();
    if (!bound.isSuccess()) {
      closeEventLoops();
      throw new ServingException(
          ErrorCode.UNAVAILABLE,
          "HTTP cannot listen on " + shown + ": " + bound.cause().getMessage() + expected,
          bound.cause());
    }
    return bound.channel();
  }

  /**
   * Stops: accepts no more connections, answers the requests that have come or are on their way,
   * tells the clients (GOAWAY, {@code Connection: close} with the last answer), then closes all.
   *
   * @param deadline how long to wait at most; what takes longer is cut off
   * @return whether every request was answered
   */
  public boolean stop(Duration deadline) {
    for (Channel listener : listeners) {
      listener.close().awaitUninterruptibly();
    }
    config.socket().ifPresent(SocketFile::remove);
    boolean answered = connections.stop(deadline);
    closeEventLoops();
    return answered;
  }

  private void closeEventLoops() {
    eventLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }
}
