package dev.skeg.runtime.server;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The version of this build. */
public final class SkegVersion {
  private SkegVersion() {}

  /** Returns it as {@code 0.1.0}. */
  public static String current() {
    try (InputStream resource = SkegVersion.class.getResourceAsStream("version.txt")) {
      if (resource == null) {
        throw new IllegalStateException("version.txt is not in the jar");
      }
      return new String(resource.readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new UncheckedIOException("version.txt cannot be read from the jar", e);
    }
  }
}
