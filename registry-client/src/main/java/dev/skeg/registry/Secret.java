package dev.skeg.registry;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * A secret and where it comes from. It is read anew each time, so that a rotated file counts from
 * its next use on, and never printed. <b>Threads.</b> Immutable; any.
 */
public final class Secret {
  private static final long MAX_BYTES = 1 << 16;

  private final String origin;
  private final Supplier<String> reader;

  private Secret(String origin, Supplier<String> reader) {
    this.origin = origin;
    this.reader = reader;
  }

  /** The content of a file of at most 64 KiB, without the line end it may have. */
  public static Secret file(Path file) {
    return new Secret("file " + file, () -> read(file));
  }

  /** The value of an environment variable. */
  public static Secret environment(String name) {
    return new Secret(
        "environment variable " + name,
        () -> {
          String value = System.getenv(name);
          if (value == null || value.isEmpty()) {
            throw new RegistryException(
                RegistryException.Kind.DENIED,
                "environment variable " + name + " is not set (expected: a secret)");
          }
          return value;
        });
  }

  /** A value that the caller got elsewhere. */
  public static Secret of(String value) {
    return new Secret("given value", () -> value);
  }

  /**
   * Reads it.
   *
   * @throws RegistryException of kind DENIED if it cannot be read
   */
  public String value() {
    return reader.get();
  }

  private static String read(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new RegistryException(
            RegistryException.Kind.DENIED,
            file + " has " + Files.size(file) + " bytes (expected: a secret of at most 65536)");
      }
      return Files.readString(file, StandardCharsets.UTF_8).stripTrailing();
    } catch (IOException e) {
      // Not the cause: a decoder's message may quote what it read.
      throw new RegistryException(
          RegistryException.Kind.DENIED,
          file + " cannot be read: " + e.getClass().getSimpleName() + " (expected: a secret)");
    }
  }

  /** Returns where it comes from, never its value. */
  @Override
  public String toString() {
    return "secret from " + origin;
  }
}
