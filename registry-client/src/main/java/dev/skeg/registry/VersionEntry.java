package dev.skeg.registry;

import java.nio.file.Path;

/**
 * One version of a model.
 *
 * @param number 1 or more, the directory's name
 */
public record VersionEntry(long number, Path directory) {
  /**
   * Reads the version's files and computes their digests.
   *
   * @throws RegistryException if one of them cannot be read
   */
  public Artifact artifact() {
    return Artifact.of(directory);
  }
}
