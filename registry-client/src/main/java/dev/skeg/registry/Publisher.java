package dev.skeg.registry;

import java.nio.file.Path;

/** A source that can be written to: files first, then the manifest, pointers last. */
public interface Publisher extends AutoCloseable {
  /**
   * Publishes a directory as a version.
   *
   * @throws RegistryException of kind CONFLICT if the number is taken, or somebody else moved a
   *     pointer in between
   */
  Published publish(Path versionDirectory, PublishRequest request, Progress progress);

  @Override
  default void close() {}
}
