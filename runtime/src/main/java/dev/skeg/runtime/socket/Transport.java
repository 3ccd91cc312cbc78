package dev.skeg.runtime.socket;

import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerDomainSocketChannel;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How event loops wait for the kernel, with the kinds of sockets that go with it. */
public enum Transport {
  /** Linux's epoll. */
  EPOLL(EpollServerSocketChannel.class, EpollServerDomainSocketChannel.class) {
    @Override
    @Nullable Throwable obstacle() {
      return Epoll.unavailabilityCause();
    }

    @Override
    IoHandlerFactory handlers() {
      return EpollIoHandler.newFactory();
    }
  },

  /** Linux's io_uring, which many containers forbid. */
  IO_URING(IoUringServerSocketChannel.class, IoUringServerDomainSocketChannel.class) {
    @Override
    @Nullable Throwable obstacle() {
      return IoUring.unavailabilityCause();
    }

    @Override
    IoHandlerFactory handlers() {
      return IoUringIoHandler.newFactory();
    }
  },

  /** What the JDK has on every system. */
  NIO(NioServerSocketChannel.class, NioServerDomainSocketChannel.class) {
    @Override
    @Nullable Throwable obstacle() {
      return null;
    }

    @Override
    IoHandlerFactory handlers() {
      return NioIoHandler.newFactory();
    }

    @Override
    public SocketAddress unixAddress(Path path) {
      return UnixDomainSocketAddress.of(path);
    }
  };

  /**
   * Io_uring is for those who name it: it was not found to be faster, and is forbidden more often.
   */
  private static final List<Transport> PREFERRED = List.of(EPOLL, NIO);

  private static final Logger LOG = LoggerFactory.getLogger(Transport.class);

  /** More of them than processors of a small machine only adds wake-ups. */
  private static final int MAX_EVENT_LOOPS = 8;

  private final Class<? extends ServerChannel> tcpChannel;
  private final Class<? extends ServerChannel> unixChannel;

  Transport(Class<? extends ServerChannel> tcpChannel, Class<? extends ServerChannel> unixChannel) {
    this.tcpChannel = tcpChannel;
    this.unixChannel = unixChannel;
  }

  /** Returns why this system does not have it; null if it has. */
  abstract @Nullable Throwable obstacle();

  abstract IoHandlerFactory handlers();

  /** Returns the preferred one of those that this system has. */
  public static Transport best() {
    return PREFERRED.stream().filter(each -> each.obstacle() == null).findFirst().orElse(NIO);
  }

  /** Returns the {@link #best}, and says in the log why it is not a better one. */
  public static Transport chosen() {
    Transport best = best();
    for (Transport better : PREFERRED.subList(0, PREFERRED.indexOf(best))) {
      LOG.atInfo()
          .addKeyValue("reason", reason(Objects.requireNonNull(better.obstacle())))
          .log("Transport {} is not available; {} is used", better.wireName(), best.wireName());
    }
    return best;
  }

  /** Returns whether a client's end of a Unix domain socket may be shut while ours is open. */
  public boolean halfClosesUnixSockets() {
    return this != NIO;
  }

  /**
   * Returns this one.
   *
   * @throws ServingException if this system does not have it
   */
  public Transport required() {
    Throwable obstacle = obstacle();
    if (obstacle == null) {
      return this;
    }
    String others =
        Arrays.stream(values())
            .filter(other -> other.obstacle() == null)
            .map(Transport::wireName)
            .collect(Collectors.joining(", "));
    throw new ServingException(
        ErrorCode.UNAVAILABLE,
        "transport: "
            + wireName()
            + " is not available on this system: "
            + reason(obstacle)
            + " (expected: auto, "
            + others
            + ")",
        obstacle);
  }

  private String wireName() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** What the kernel said is the innermost cause. */
  private static String reason(Throwable obstacle) {
    Throwable innermost = obstacle;
    while (innermost.getCause() != null) {
      innermost = innermost.getCause();
    }
    return innermost.getMessage() == null ? innermost.toString() : innermost.getMessage();
  }

  /**
   * Returns new event loops.
   *
   * @param name of their threads
   * @param threads how many, 0 for one per processor, up to 8
   */
  public EventLoopGroup eventLoops(String name, int threads) {
    int count =
        threads > 0
            ? threads
            : Math.min(Runtime.getRuntime().availableProcessors(), MAX_EVENT_LOOPS);
    return new MultiThreadIoEventLoopGroup(count, new DefaultThreadFactory(name, true), handlers());
  }

  /** Returns the channel that listens on a TCP port. */
  public Class<? extends ServerChannel> tcpChannel() {
    return tcpChannel;
  }

  /** Returns the channel that listens on a Unix domain socket. */
  public Class<? extends ServerChannel> unixChannel() {
    return unixChannel;
  }

  /** Returns the address of a Unix domain socket. */
  public SocketAddress unixAddress(Path path) {
    return new DomainSocketAddress(path.toFile());
  }
}
