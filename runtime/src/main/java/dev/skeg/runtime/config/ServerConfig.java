package dev.skeg.runtime.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Everything the server can be told. What a file can set, code can set: {@link #of} takes the same
 * keys and values.
 *
 * @param id the server's name in its metadata
 * @param modelsDirectory where models are; empty if none was named
 * @param sources models with a source of their own, ordered by name
 * @param storeMaxBytes how much disk fetched versions may take; empty for no limit
 * @param dataDirectory where the server keeps what must outlive it
 * @param host the address that the REST, gRPC and metrics ports listen on
 * @param transport how the event loops of REST and gRPC wait for the kernel
 * @param drainDelay how long requests are still taken after readiness went off
 */
public record ServerConfig(
    String id,
    Optional<Path> modelsDirectory,
    List<SourceConfig> sources,
    ModelControl modelControl,
    Optional<Long> storeMaxBytes,
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
   * The admin port.
   *
   * @param host the address that it listens on; without a token only a loopback address will do,
   *     which the port itself checks once it knows the address
   * @param port 0 to 65535; 0 takes a free one
   * @param tokenFile has the token that it asks for; empty if it asks for none
   */
  public record Admin(String host, int port, Optional<Path> tokenFile) {
    public Admin {
      requirePort("admin.port", port);
    }
  }

  /** Who decides what is loaded. */
  public enum ModelControlMode {
    /** What is there at the start. */
    NONE,
    /** Directories and pointers, as they change. */
    POLL,
    /** Whoever asks over the API. */
    EXPLICIT
  }

  /**
   * How models come and go.
   *
   * @param pollSeconds between two looks, 0 to 86400; 0 looks once
   * @param startWith models that are loaded at the start in the mode EXPLICIT, or {@code *} for all
   */
  public record ModelControl(ModelControlMode mode, int pollSeconds, Set<String> startWith) {
    /** Nothing is loaded at the start that is not loaded anyway. */
    public ModelControl(ModelControlMode mode, int pollSeconds) {
      this(mode, pollSeconds, Set.of());
    }

    public ModelControl {
      startWith = Set.copyOf(startWith);
      if (pollSeconds < 0 || pollSeconds > 86_400) {
        throw new IllegalArgumentException(
            "repository-poll-secs: " + pollSeconds + " (expected: 0 to 86400)");
      }
    }

    /** Whether a model is loaded at the start, before anybody asks for it. */
    public boolean startsWith(String model) {
      return mode != ModelControlMode.EXPLICIT
          || startWith.contains(model)
          || startWith.contains("*");
    }

    /** Whether directories and pointers are followed as they change. */
    public boolean isWatching() {
      return mode == ModelControlMode.POLL && pollSeconds > 0;
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
    sources = List.copyOf(sources);
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
    return Stream.concat(
            ServerKeys.ALL.stream().map(key -> key.path() + "=" + key.shown(this)),
            sources.stream().map(source -> SourceKeys.PREFIX + source))
        .collect(Collectors.joining(" "));
  }

  private static void requirePort(String key, int port) {
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException(key + ": " + port + " (expected: 0 to 65535)");
    }
  }
}
