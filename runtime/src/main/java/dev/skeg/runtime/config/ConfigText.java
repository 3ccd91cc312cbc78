package dev.skeg.runtime.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads a configuration file: UTF-8, at most 1 MiB, a byte order mark ignored. */
final class ConfigText {
  static final int MAX_BYTES = 1 << 20;

  private ConfigText() {}

  /**
   * @throws ConfigException if it is not there, must not be read, is too large or not UTF-8
   */
  static String read(Path file) {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MAX_BYTES + 1);
    } catch (NoSuchFileException e) {
      throw new ConfigException(file + ": does not exist");
    } catch (AccessDeniedException e) {
      throw new ConfigException(
          file + ": must not be read by user " + System.getProperty("user.name"));
    } catch (IOException e) {
      throw new ConfigException(
          file + ": " + (Files.isDirectory(file) ? "is a directory" : "cannot be read: " + e));
    }
    if (bytes.length > MAX_BYTES) {
      throw new ConfigException(file + ": larger than 1MiB (expected: a configuration file)");
    }
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw new ConfigException(file + ": not UTF-8 text");
    }
  }
}
