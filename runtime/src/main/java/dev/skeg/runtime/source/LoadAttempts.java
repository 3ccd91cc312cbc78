package dev.skeg.runtime.source;

import dev.skeg.registry.disk.FileLocks;
import dev.skeg.runtime.control.LoadJournal;
import dev.skeg.runtime.control.VersionPlan;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads of one model's versions that are under way, and those that a process did not live to end: a
 * version that ends every process that loads it is not to be loaded for ever.
 *
 * <p>Each is a file, locked as long as its process lives. A file that can be locked is a dead
 * process's. A load removes its own when it ends, and the dead ones of its version if it has shown
 * that they did not die of that. One that the server's stop does not wait for has shown nothing.
 *
 * <p><b>Threads.</b> Any; reads and writes the disk. Which are under way is guarded by this.
 */
final class LoadAttempts implements LoadJournal, AutoCloseable {
  /** So many processes in a row: one may be killed for another reason, or two. */
  static final int MOST_DEATHS = 3;

  private static final Logger LOG = LoggerFactory.getLogger(LoadAttempts.class);

  private final Path directory;
  private final LoadTurns turns;
  private final Set<Attempt> underWay = new HashSet<>();
  private boolean isClosed;

  /**
   * @param directory need not exist
   * @param turns of all loads of the server
   */
  LoadAttempts(Path directory, LoadTurns turns) {
    this.directory = directory;
    this.turns = turns;
  }

  private final class Attempt implements Entry {
    private final String digest;
    private final Path file;
    private final FileLocks.Lock lock;

    Attempt(String digest, Path file, FileLocks.Lock lock) {
      this.digest = digest;
      this.file = file;
      this.lock = lock;
    }

    @Override
    public void end(boolean isSurvived) {
      if (isRemoved(this)) {
        remove();
        if (isSurvived) {
          forget(digest);
        }
      }
    }

    /** The file goes first: one that can be locked is a dead process's. */
    void remove() {
      try (lock) {
        Files.deleteIfExists(file);
      } catch (IOException | RuntimeException | Error e) {
        warn(e);
      }
    }
  }

  /**
   * Begins a load, once it is its turn: one with deaths waits until no other is under way, and
   * others wait for it. Where it cannot be written down, it goes on all the same.
   */
  @Override
  public Entry begin(VersionPlan.Load load) {
    return begin(load.digest());
  }

  Entry begin(String digest) {
    long turn = turns.begin(hasDied(digest));
    Entry entry = writeDown(digest);
    return isSurvived -> {
      try {
        entry.end(isSurvived);
      } finally {
        turns.end(turn);
      }
    };
  }

  private boolean hasDied(String digest) {
    try {
      return !dead(digest).isEmpty();
    } catch (IOException | RuntimeException e) {
      warn(e);
      return false;
    }
  }

  private Entry writeDown(String digest) {
    try {
      Files.createDirectories(directory);
      Path file = directory.resolve(prefix(digest) + UUID.randomUUID());
      Attempt attempt = new Attempt(digest, file, FileLocks.exclusive(file));
      if (!isAdded(attempt)) {
        attempt.remove();
      }
      return attempt;
    } catch (IOException | RuntimeException | Error e) {
      warn(e);
      return isSurvived -> {
        if (isSurvived && isOpen()) {
          forget(digest);
        }
      };
    }
  }

  private synchronized boolean isOpen() {
    return !isClosed;
  }

  private synchronized boolean isAdded(Attempt attempt) {
    return !isClosed && underWay.add(attempt);
  }

  private synchronized boolean isRemoved(Attempt attempt) {
    return underWay.remove(attempt);
  }

  /**
   * Returns whether as many processes as {@link #MOST_DEATHS} have ended while they loaded a
   * version.
   */
  boolean isDeadly(String digest) {
    try {
      return dead(digest).size() >= MOST_DEATHS;
    } catch (IOException e) {
      warn(e);
      return false;
    }
  }

  /** Forgets the processes that have ended while they loaded a version. */
  void forget(String digest) {
    try {
      for (Path file : dead(digest)) {
        Files.deleteIfExists(file);
      }
    } catch (IOException | RuntimeException | Error e) {
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
        Optional<FileLocks.Lock> idle = FileLocks.tryExclusiveIfExists(file);
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

  private void warn(Throwable e) {
    LOG.atWarn()
        .setCause(e)
        .addKeyValue("directory", directory)
        .log("It cannot be written down which version is being loaded");
  }

  /** The server stops: a load that is under way is not what ends the process. */
  @Override
  public void close() {
    List<Attempt> left;
    synchronized (this) {
      isClosed = true;
      left = List.copyOf(underWay);
      underWay.clear();
    }
    left.forEach(Attempt::remove);
  }
}
