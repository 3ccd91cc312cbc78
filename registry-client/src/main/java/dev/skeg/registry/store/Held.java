package dev.skeg.registry.store;

import dev.skeg.registry.Artifact;
import dev.skeg.registry.disk.FileLocks;
import java.nio.file.Path;

/**
 * A version that stays in the store until this is closed, or the process ends. <b>Threads.</b> Any.
 */
public final class Held implements AutoCloseable {
  private final Path directory;
  private final VersionRecord record;
  private final Artifact artifact;
  private final FileLocks.Lock lock;
  private final Runnable used;

  /**
   * @param used notes that it is used now; run at the end
   */
  Held(Path directory, VersionRecord record, FileLocks.Lock lock, Runnable used) {
    this.used = used;
    this.directory = directory;
    this.record = record;
    this.artifact = record.artifact();
    this.lock = lock;
  }

  /** Returns the content's digest, {@code sha256:} and 64 hexadecimal digits. */
  public String digest() {
    return artifact.digest();
  }

  /** Returns where its files lie; they must not be changed. */
  public Path directory() {
    return directory;
  }

  /** Returns where it came from and what it consists of. */
  public VersionRecord record() {
    return record;
  }

  public Artifact artifact() {
    return artifact;
  }

  /** Lets the store evict it. */
  @Override
  public void close() {
    used.run();
    lock.close();
  }
}
