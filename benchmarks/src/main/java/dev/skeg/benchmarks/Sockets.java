package dev.skeg.benchmarks;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.DefaultSelectStrategyFactory;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SelectStrategyFactory;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.spi.SelectorProvider;
import java.time.Duration;

/** Client sockets: epoll on Linux, what the JDK has elsewhere. */
final class Sockets {
  private static final int CONNECT_MILLIS = 5_000;
  private static final String UNIX = "unix:";

  private Sockets() {}

  /** Returns one event loop, which reads and sends at once. */
  static EventLoopGroup eventLoop() {
    return eventLoop(Duration.ZERO);
  }

  /**
   * Returns one event loop.
   *
   * @param tick it reads and sends once in so long; zero for at once
   */
  static EventLoopGroup eventLoop(Duration tick) {
    SelectStrategyFactory strategies =
        tick.isZero() ? DefaultSelectStrategyFactory.INSTANCE : () -> new TickingSelect(tick);
    return new MultiThreadIoEventLoopGroup(
        1,
        new DefaultThreadFactory("bench", true),
        Epoll.isAvailable()
            ? EpollIoHandler.newFactory(0, strategies)
            : NioIoHandler.newFactory(SelectorProvider.provider(), strategies));
  }

  /**
   * Returns where {@code host:port} or {@code unix:PATH} is.
   *
   * @throws IllegalArgumentException if it is neither
   */
  static SocketAddress address(String text) {
    if (text.startsWith(UNIX) && text.length() > UNIX.length()) {
      return new DomainSocketAddress(text.substring(UNIX.length()));
    }
    int colon = text.lastIndexOf(':');
    try {
      int port = Integer.parseInt(text.substring(colon + 1));
      if (colon > 0 && !text.contains("/") && port > 0) {
        return new InetSocketAddress(text.substring(0, colon).replaceAll("[\\[\\]]", ""), port);
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(expected(text), e);
    }
    throw new IllegalArgumentException(expected(text));
  }

  /** Connects. */
  static ChannelFuture connect(EventLoopGroup loop, String url, ChannelHandler handler) {
    SocketAddress address = address(url);
    return new Bootstrap()
        .group(loop)
        .channel(channelType(address))
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
        .handler(handler)
        .connect(address);
  }

  /**
   * Sees whether a server listens.
   *
   * @throws IOException if none does
   */
  static void check(EventLoopGroup loop, String url) throws IOException {
    ChannelFuture connected =
        connect(loop, url, new ChannelInboundHandlerAdapter()).awaitUninterruptibly();
    if (!connected.isSuccess()) {
      throw refused(url, connected.cause());
    }
    connected.channel().close().syncUninterruptibly();
  }

  static IOException refused(String url, Throwable cause) {
    return new IOException(refusal(url, cause), cause);
  }

  static String refusal(String url, Throwable cause) {
    String text =
        switch (cause) {
          case UnknownHostException _ -> "unknown host";
          case FileNotFoundException _ -> "no such socket";
          case ConnectTimeoutException _ -> "no answer within " + CONNECT_MILLIS + " ms";
          case ConnectException refused when BenchErrors.text(refused).contains("refused") ->
              "connection refused";
          default -> BenchErrors.text(cause);
        };
    return "cannot connect to " + url + ": " + text;
  }

  private static String expected(String text) {
    return "--url: " + text + " (expected: HOST:PORT or unix:PATH)";
  }

  /** Returns the kind of channel that connects to an address. */
  static Class<? extends Channel> channelType(SocketAddress address) {
    if (address instanceof DomainSocketAddress) {
      if (!Epoll.isAvailable()) {
        throw new IllegalArgumentException(
            "--url: " + address + " (expected: HOST:PORT; Unix sockets need Linux)");
      }
      return EpollDomainSocketChannel.class;
    }
    return Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class;
  }
}
