package dev.skeg.registry;

import java.util.regex.Pattern;

/**
 * One file, or packed layer, that a source has.
 *
 * @param path where it goes, relative, with {@code /} between names; of an archive, the prefix
 *     inside of which entries are kept and which is taken off, {@code ""} for all
 * @param sizeBytes bytes to be transferred; -1 if the source does not say
 * @param sha256 of the transferred bytes, 64 lower-case hexadecimal digits; empty if the source
 *     does not say
 * @param key how the source finds it again
 */
public record RemoteFile(String path, long sizeBytes, String sha256, Packing packing, String key) {
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  public RemoteFile {
    if (sizeBytes < -1) {
      throw new IllegalArgumentException("sizeBytes: " + sizeBytes + " (expected: -1 or more)");
    }
    if (!sha256.isEmpty() && !SHA256.matcher(sha256).matches()) {
      throw new IllegalArgumentException(
          "sha256: " + sha256 + " (expected: 64 lower-case hexadecimal digits, or nothing)");
    }
    if (packing == Packing.PLAIN && path.isEmpty()) {
      throw new IllegalArgumentException("path: '' (expected: a relative path)");
    }
  }
}
