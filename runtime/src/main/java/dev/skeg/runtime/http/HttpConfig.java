package dev.skeg.runtime.http;

import dev.skeg.runtime.socket.Transport;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Where the REST server listens and what it puts up with.
 *
 * @param host address to bind to
 * @param port 0 to 65535; 0 takes a free one
 * @param maxBodyBytes bytes of a request's body as sent, 1 or more
 * @param maxDecompressedBytes bytes of a body once decompressed, and of the tensors read from a
 *     JSON document, 1 or more
 * @param maxJsonDepth objects and arrays inside one another in a JSON document, 1 to 1000
 * @param headTimeout from the first byte of a request's head to its last
 * @param bodyTimeout longest pause inside a request's body, and in a client's reading of its answer
 * @param idleTimeout longest life of a connection on which nothing happens
 * @param eventLoops threads, 0 for one per processor, up to 8
 * @param socket a Unix domain socket to listen on as well
 * @param transport how the event loops wait for the kernel
 */
public record HttpConfig(
    String host,
    int port,
    int maxBodyBytes,
    int maxDecompressedBytes,
    int maxJsonDepth,
    Duration headTimeout,
    Duration bodyTimeout,
    Duration idleTimeout,
    int eventLoops,
    Optional<Path> socket,
    Transport transport) {

  private static final int DEFAULT_LIMIT_BYTES = 64 << 20;

  public HttpConfig {
    if (host.isEmpty()) {
      throw new IllegalArgumentException("host: empty (expected: an address or a name)");
    }
    requireRange("port", port, 0, 65535);
    requireRange("maxBodyBytes", maxBodyBytes, 1, Integer.MAX_VALUE);
    requireRange("maxDecompressedBytes", maxDecompressedBytes, 1, Integer.MAX_VALUE);
    requireRange("maxJsonDepth", maxJsonDepth, 1, 1000);
    requirePositive("headTimeout", headTimeout);
    requirePositive("bodyTimeout", bodyTimeout);
    requirePositive("idleTimeout", idleTimeout);
    requireRange("eventLoops", eventLoops, 0, 1024);
  }

  /** Returns the defaults: 64 MiB a message, depth 100, generous times. */
  public static HttpConfig of(String host, int port) {
    return new HttpConfig(
        host,
        port,
        DEFAULT_LIMIT_BYTES,
        DEFAULT_LIMIT_BYTES,
        100,
        Duration.ofSeconds(30),
        Duration.ofSeconds(60),
        Duration.ofMinutes(10),
        0,
        Optional.empty(),
        Transport.best());
  }

  /** Returns a copy with {@code bytes} as the limit of a body, as sent and decompressed. */
  public HttpConfig withMaxMessageBytes(int bytes) {
    return new HttpConfig(
        host,
        port,
        bytes,
        bytes,
        maxJsonDepth,
        headTimeout,
        bodyTimeout,
        idleTimeout,
        eventLoops,
        socket,
        transport);
  }

  /** Returns a copy with those times. */
  public HttpConfig withTimeouts(Duration head, Duration body, Duration idle) {
    return new HttpConfig(
        host,
        port,
        maxBodyBytes,
        maxDecompressedBytes,
        maxJsonDepth,
        head,
        body,
        idle,
        eventLoops,
        socket,
        transport);
  }

  /** Returns a copy that also listens on a Unix domain socket, if there is one. */
  public HttpConfig withSocket(Optional<Path> path) {
    return new HttpConfig(
        host,
        port,
        maxBodyBytes,
        maxDecompressedBytes,
        maxJsonDepth,
        headTimeout,
        bodyTimeout,
        idleTimeout,
        eventLoops,
        path,
        transport);
  }

  /** Returns a copy whose event loops wait that way. */
  public HttpConfig withTransport(Transport chosen) {
    return new HttpConfig(
        host,
        port,
        maxBodyBytes,
        maxDecompressedBytes,
        maxJsonDepth,
        headTimeout,
        bodyTimeout,
        idleTimeout,
        eventLoops,
        socket,
        chosen);
  }

  /** Returns how often a connection looks whether one of the times is over. */
  long tickNanos() {
    long shortest =
        Math.min(headTimeout.toNanos(), Math.min(bodyTimeout.toNanos(), idleTimeout.toNanos()));
    return Math.max(shortest / 4, TimeUnit.MILLISECONDS.toNanos(10));
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
