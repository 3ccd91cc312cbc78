package dev.skeg.runtime.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Everything the server can be told. What a file can set, code can set: {@link #of} takes the same
 * keys and values.
 *
 * @param id the server's name in its metadata
 * @param modelsDirectory where models are; empty if none was named
 * @param dataDirectory where the server keeps what must outlive it
 * @param host the address that the REST, gRPC and metrics ports listen on. The admin port does not
 *     follow it: until it can ask for a token it listens on 127.0.0.1 only
 * @param transport how the event loops of REST and gRPC wait for the kernel
 * @param drainDelay how long requests are still taken after readiness went off
 */
public record ServerConfig(
    String id,
    Optional<Path> modelsDirectory,
    Path dataDirectory,
    String host,
    Http http,
    Grpc grpc,
    Metrics metrics,
    Admin admin,
    Transport transport,
    Duration drainDelay,
    ExecutionConfig execution,
    Limits limits,
    Log log) {

  /**
   * The REST port.
   *
   * @param port 0 to 65535; 0 takes a free one
   * @param socket a Unix domain socket to listen on as well
   */
  public record Http(int port, Optional<Path> socket) {
    public Http {
      requirePort("http.port", port);
    }
  }

  /**
   * The gRPC port.
   *
   * @param port 0 to 65535; 0 takes a free one
   * @param socket a Unix domain socket to listen on as well
   */
  public record Grpc(int port, Optional<Path> socket) {
    public Grpc {
      requirePort("grpc.port", port);
    }
  }

  /**
   * The port of the metrics page.
   *
   * @param port 0 to 65535; 0 takes a free one
   */
  public record Metrics(int port) {
    public Metrics {
      requirePort("metrics.port", port);
    }
  }

  /**
   * The admin port, on 127.0.0.1.
   *
   * @param port 0 to 65535; 0 takes a free one
   */
  public record Admin(int port) {
    public Admin {
      requirePort("admin.port", port);
    }
  }

  /**
   * What is refused for its size.
   *
   * @param maxMessageBytes the largest request, on the wire and decompressed
   */
  public record Limits(int maxMessageBytes) {
    static final int MIN_MESSAGE_BYTES = 1 << 10;
    static final int MAX_MESSAGE_BYTES = 2047 << 20;

    public Limits {
      if (maxMessageBytes < MIN_MESSAGE_BYTES || maxMessageBytes > MAX_MESSAGE_BYTES) {
        throw new IllegalArgumentException(
            "limits.max-message-size: "
                + maxMessageBytes
                + " bytes (expected: "
                + MIN_MESSAGE_BYTES
                + " to "
                + MAX_MESSAGE_BYTES
                + ")");
      }
    }
  }

  /** How the event loops of REST and gRPC wait for the kernel. */
  public enum Transport {
    /** Epoll, or NIO where there is no epoll. */
    AUTO,
    /** Linux's epoll. */
    EPOLL,
    /** Linux's io_uring. */
    IO_URING,
    /** What the JDK has on every system. */
    NIO
  }

  /** What is logged, and how. */
  public record Log(LogLevel level, LogFormat format) {}

  /** The least important lines that are logged. */
  public enum LogLevel {
    ERROR,
    WARN,
    INFO,
    DEBUG
  }

  /** How a line is written. */
  public enum LogFormat {
    /** One JSON object a line. */
    JSON,
    /** For people. */
    TEXT
  }

  public ServerConfig {
    if (drainDelay.isNegative() || drainDelay.compareTo(ServerKeys.MAX_DRAIN_DELAY) > 0) {
      throw new IllegalArgumentException(
          "drain-delay: "
              + drainDelay
              + " (expected: 0s to "
              + ValueType.duration(ServerKeys.MAX_DRAIN_DELAY)
              + ")");
    }
  }

  /** Returns the configuration of a server that was told nothing. */
  public static ServerConfig defaults() {
    return of(Map.of());
  }

  /**
   * Returns the configuration with some keys set, as {@code "http.port"} to {@code "0"}.
   *
   * @throws ConfigException if a key or value is refused
   */
  public static ServerConfig of(Map<String, String> values) {
    return new ServerConfigSources().withValues("", values).load().config();
  }

  /** Returns every key with its effective value, in one line, for the log. */
  public String describe() {
    return ServerKeys.ALL.stream()
        .map(key -> key.path() + "=" + key.shown(this))
        .collect(Collectors.joining(" "));
  }

  private static void requirePort(String key, int port) {
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException(key + ": " + port + " (expected: 0 to 65535)");
    }
  }
}
