package dev.skeg.runtime.source;

import dev.skeg.registry.disk.FileLocks;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads of one model's versions that are under way, and those that a process did not live to end: a
 * version that ends every process that loads it is not to be loaded for ever.
 *
 * <p>Each is a file, locked as long as its process lives. A file that can be locked is a dead
 * process's. A load that ends, whatever it ends in, removes the dead ones of its version.
 *
 * <p><b>Threads.</b> Owned by the watch's thread; reads and writes the disk.
 */
final class LoadAttempts {
  /** So many processes in a row: one may be killed for another reason, or two. */
  static final int MOST_DEATHS = 3;

  private static final Logger LOG = LoggerFactory.getLogger(LoadAttempts.class);

  private final Path directory;

  /**
   * @param directory need not exist
   */
  LoadAttempts(Path directory) {
    this.directory = directory;
  }

  /** A load under way; closed when it has ended. */
  final class Attempt implements AutoCloseable {
    private final String digest;
    private final Path file;
    private final FileLocks.@Nullable Lock lock;

    private Attempt(String digest, Path file, FileLocks.@Nullable Lock lock) {
      this.digest = digest;
      this.file = file;
      this.lock = lock;
    }

    @Override
    public void close() {
      if (lock != null) {
        lock.close();
        try {
          Files.deleteIfExists(file);
        } catch (IOException e) {
          warn(e);
        }
      }
      forget(digest);
    }
  }

  /**
   * Begins a load. Where that cannot be written down, it goes on all the same.
   *
   * @return empty if as many processes as {@link #MOST_DEATHS} have ended while they loaded it
   */
  Optional<Attempt> begin(String digest) {
    Path file = directory.resolve(prefix(digest) + UUID.randomUUID());
    FileLocks.Lock lock = null;
    try {
      Files.createDirectories(directory);
      if (dead(digest).size() >= MOST_DEATHS) {
        return Optional.empty();
      }
      lock = FileLocks.exclusive(file);
    } catch (IOException e) {
      warn(e);
    }
    return Optional.of(new Attempt(digest, file, lock));
  }

  /** Forgets the processes that have ended while they loaded a version. */
  void forget(String digest) {
    try {
      for (Path file : dead(digest)) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      warn(e);
    }
  }

  private List<Path> dead(String digest) throws IOException {
    List<Path> dead = new ArrayList<>();
    if (Files.notExists(directory)) {
      return dead;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, prefix(digest) + "*")) {
      for (Path file : files) {
        Optional<FileLocks.Lock> idle = FileLocks.tryExclusive(file);
        if (idle.isPresent()) {
          idle.get().close();
          dead.add(file);
        }
      }
    }
    return dead;
  }

  private static String prefix(String digest) {
    return digest.replace(':', '-') + ".";
  }

  private void warn(IOException e) {
    LOG.atWarn()
        .setCause(e)
        .addKeyValue("directory", directory)
        .log("It cannot be written down which version is being loaded");
  }
}
