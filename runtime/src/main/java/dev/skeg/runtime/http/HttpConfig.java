package dev.skeg.runtime.http;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

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
    Optional<Path> socket) {

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
        Optional.empty());
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
        socket);
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
        socket);
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
        path);
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
