package dev.skeg.registry;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * How a source reaches its server.
 *
 * @param connectTimeout longest wait for a connection
 * @param readTimeout longest silence while waiting for an answer or its next bytes
 * @param proxy for every connection; empty: none, whatever the environment says
 * @param caFile certificates in PEM that are trusted beside Java's own
 */
public record Network(
    Duration connectTimeout,
    Duration readTimeout,
    Retries retries,
    Optional<InetSocketAddress> proxy,
    Optional<Path> caFile) {
  /**
   * How often and when a request is sent again.
   *
   * @param attempts at most, the first included, 1 to 20
   * @param first pause before the second attempt; doubled each time
   * @param longest pause; a server that asks for a longer one is not asked again
   */
  public record Retries(int attempts, Duration first, Duration longest) {
    public Retries {
      if (attempts < 1 || attempts > 20) {
        throw new IllegalArgumentException("attempts: " + attempts + " (expected: 1 to 20)");
      }
      requirePositive("first", first);
      requirePositive("longest", longest);
    }
  }

  public Network {
    requirePositive("connectTimeout", connectTimeout);
    requirePositive("readTimeout", readTimeout);
  }

  /** 5 s to connect, 30 s of silence, four attempts within seconds, no proxy. */
  public static Network defaults() {
    return new Network(
        Duration.ofSeconds(5),
        Duration.ofSeconds(30),
        new Retries(4, Duration.ofMillis(200), Duration.ofSeconds(5)),
        Optional.empty(),
        Optional.empty());
  }

  private static void requirePositive(String name, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: more than 0)");
    }
  }
}
