package dev.skeg.runtime.grpc;

import dev.skeg.runtime.socket.Transport;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Where the gRPC server listens and what it puts up with.
 *
 * @param host address to bind to
 * @param port 0 to 65535; 0 takes a free one
 * @param maxMessageBytes bytes of one request, as sent, decompressed, and as tensors, 1 or more
 * @param settingsTimeout from a connection's opening to its client's settings
 * @param messageTimeout longest pause inside a request's message, and before it
 * @param eventLoops threads, 0 for one per processor, up to 8
 * @param socket a Unix domain socket to listen on as well
 * @param transport how the event loops wait for the kernel
 */
public record GrpcConfig(
    String host,
    int port,
    int maxMessageBytes,
    Duration settingsTimeout,
    Duration messageTimeout,
    int eventLoops,
    Optional<Path> socket,
    Transport transport) {
  public GrpcConfig {
    if (host.isEmpty()) {
      throw new IllegalArgumentException("host: empty (expected: an address or a name)");
    }
    requireRange("port", port, 0, 65535);
    requireRange("maxMessageBytes", maxMessageBytes, 1, Integer.MAX_VALUE);
    requirePositive("settingsTimeout", settingsTimeout);
    requirePositive("messageTimeout", messageTimeout);
    requireRange("eventLoops", eventLoops, 0, 1024);
  }

  /** Returns the defaults: 64 MiB a message, and the times of REST. */
  public static GrpcConfig of(String host, int port) {
    return new GrpcConfig(
        host,
        port,
        64 << 20,
        Duration.ofSeconds(30),
        Duration.ofSeconds(60),
        0,
        Optional.empty(),
        Transport.best());
  }

  /** Returns a copy with that limit. */
  public GrpcConfig withMaxMessageBytes(int bytes) {
    return new GrpcConfig(
        host, port, bytes, settingsTimeout, messageTimeout, eventLoops, socket, transport);
  }

  /** Returns a copy with those times. */
  public GrpcConfig withTimeouts(Duration settings, Duration message) {
    return new GrpcConfig(
        host, port, maxMessageBytes, settings, message, eventLoops, socket, transport);
  }

  /** Returns a copy that also listens on a Unix domain socket, if there is one. */
  public GrpcConfig withSocket(Optional<Path> path) {
    return new GrpcConfig(
        host, port, maxMessageBytes, settingsTimeout, messageTimeout, eventLoops, path, transport);
  }

  /** Returns a copy whose event loops wait that way. */
  public GrpcConfig withTransport(Transport chosen) {
    return new GrpcConfig(
        host, port, maxMessageBytes, settingsTimeout, messageTimeout, eventLoops, socket, chosen);
  }

  private static void requireRange(String field, int value, int min, int max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          field + ": " + value + " (expected: " + min + " to " + max + ")");
    }
  }

  private static void requirePositive(String field, Duration value) {
    if (!value.isPositive()) {
      throw new IllegalArgumentException(field + ": " + value + " (expected: more than 0 s)");
    }
  }
}
