package dev.skeg.runtime.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/**
 * What this build is made of.
 *
 * @param skeg our own version, as {@code 0.1.0}
 * @param onnxRuntime the engine's version, as {@code 1.28.0}
 */
public record Version(String skeg, String onnxRuntime) {
  /** Reads what the build wrote down. */
  public static Version current() {
    try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
      if (in == null) {
        throw new IllegalStateException("version.properties is not on the class path");
      }
      Properties properties = new Properties();
      properties.load(in);
      return new Version(
          properties.getProperty("skeg", "unknown"),
          properties.getProperty("onnxruntime", "unknown"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String toString() {
    return "skeg " + skeg + " (onnxruntime " + onnxRuntime + ", JDK " + Runtime.version() + ")";
  }
}
