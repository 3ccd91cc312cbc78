package dev.skeg.registry.disk;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Shared and exclusive locks on files, between threads and between processes.
 *
 * <p>The system's locks belong to a process: two threads do not exclude each other, and closing any
 * channel of a file drops every lock that the process has on it. So the process keeps one channel
 * for a locked file and counts its users. That table is the one static of this library that
 * changes; it has to be as wide as what it accounts for. Nothing else may open a lock file, not
 * even to set its time. A lock ends with its process, however that ends.
 *
 * <p><b>Threads.</b> Any; the table is guarded by its own monitor, which is never held while
 * waiting for another process.
 */
public final class FileLocks {
  private static final Map<Path, State> TABLE = new HashMap<>();

  private static final Set<OpenOption> EXISTING =
      Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE);
  private static final Set<OpenOption> CREATED =
      Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);

  /** What this process has of one file; guarded by {@link #TABLE}. */
  private static final class State {
    int users;
    boolean exclusive;
    boolean changing; // Somebody waits for the system, or lets go.
    @Nullable FileChannel channel;
  }

  /** A lock; close it once, from any thread. */
  public static final class Lock implements AutoCloseable {
    private final Path file;
    private boolean closed;

    private Lock(Path file) {
      this.file = file;
    }

    @Override
    public void close() {
      synchronized (TABLE) {
        if (!closed) {
          closed = true;
          release(file);
        }
      }
    }
  }

  private FileLocks() {}

  /** Waits until nobody has the file exclusively. */
  public static Lock shared(Path file) throws IOException {
    return acquire(file, false, true, CREATED).orElseThrow();
  }

  /** Waits until nobody else has the file. */
  public static Lock exclusive(Path file) throws IOException {
    return acquire(file, true, true, CREATED).orElseThrow();
  }

  /** Returns an exclusive lock; empty if somebody has the file. */
  public static Optional<Lock> tryExclusive(Path file) throws IOException {
    return acquire(file, true, false, CREATED);
  }

  /**
   * Returns an exclusive lock on a file that is there; empty if somebody has it, or it is gone.
   * Whoever deletes such a file before letting go of it is never mistaken for one that died.
   */
  public static Optional<Lock> tryExclusiveIfExists(Path file) throws IOException {
    Optional<Lock> lock;
    try {
      lock = acquire(file, true, false, EXISTING);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
    if (lock.isPresent() && Files.notExists(file)) { // Deleted after it was opened here.
      lock.get().close();
      return Optional.empty();
    }
    return lock;
  }

  private static Optional<Lock> acquire(
      Path file, boolean exclusive, boolean wait, Set<OpenOption> options) throws IOException {
    Path key = file.toAbsolutePath().normalize();
    State state;
    synchronized (TABLE) {
      state = TABLE.computeIfAbsent(key, absent -> new State());
      while (state.changing || (state.users > 0 && (exclusive || state.exclusive))) {
        if (!wait) {
          return Optional.empty();
        }
        await();
        state = TABLE.computeIfAbsent(key, absent -> new State());
      }
      if (state.users > 0) {
        state.users++;
        return Optional.of(new Lock(key));
      }
      state.changing = true;
    }
    @Nullable FileChannel channel = null;
    try {
      channel = lock(key, exclusive, wait, options);
    } finally {
      synchronized (TABLE) {
        state.changing = false;
        if (channel == null) {
          TABLE.remove(key);
        } else {
          state.channel = channel;
          state.exclusive = exclusive;
          state.users = 1;
        }
        TABLE.notifyAll();
      }
    }
    return channel == null ? Optional.empty() : Optional.of(new Lock(key));
  }

  private static @Nullable FileChannel lock(
      Path file, boolean exclusive, boolean wait, Set<OpenOption> options) throws IOException {
    FileChannel channel = FileChannel.open(file, options);
    boolean locked = false;
    try {
      FileLock lock =
          wait
              ? channel.lock(0, Long.MAX_VALUE, !exclusive)
              : channel.tryLock(0, Long.MAX_VALUE, !exclusive);
      locked = lock != null;
    } finally {
      if (!locked) {
        channel.close();
      }
    }
    return locked ? channel : null;
  }

  private static void await() throws IOException {
    try {
      TABLE.wait();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for a lock", e);
    }
  }

  private static void release(Path file) {
    State state = TABLE.get(file);
    if (state == null || --state.users > 0) {
      return;
    }
    TABLE.remove(file);
    TABLE.notifyAll();
    FileChannel channel = state.channel;
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
