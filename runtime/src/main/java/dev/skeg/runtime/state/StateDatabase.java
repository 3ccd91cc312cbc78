package dev.skeg.runtime.state;

import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * The owner of {@code state.db}'s connection.
 *
 * <p><b>Opening.</b> At the first use and not before, so a start does not wait for it and a server
 * without anything to remember never has the file. What cannot be opened is tried again at the next
 * use: a file that has been put right counts without a restart.
 *
 * <p><b>Keeping.</b> Write-ahead log, and every commit is synced: what a call has returned from is
 * there after a kill and after a power cut. Writes are one transaction each, all or nothing. Other
 * processes may read; their writes are waited for, {@value #BUSY_MILLIS} ms at most.
 *
 * <p><b>Threads.</b> Callers may be any that may block; the work of all of them runs on the thread
 * {@code state}, one after another. At most {@value #MAX_WAITING} wait; one more is refused.
 */
public final class StateDatabase implements AutoCloseable {
  /** The file's name in the data directory. */
  public static final String FILE = "state.db";

  private static final int BUSY_MILLIS = 5_000;
  private static final int MAX_WAITING = 1_024;

  /** Larger files are not read whole at their opening; SQLite finds damage when it gets there. */
  private static final long CHECKED_BYTES = 64L << 20;

  private final Path directory;
  private final Path file;
  private final Path nativeDirectory;
  private final ThreadPoolExecutor thread;
  private @Nullable Connection connection; // Owned by the thread.

  /** What is done with the connection. <b>Threads.</b> The database's own. */
  @FunctionalInterface
  interface Work<T extends @Nullable Object> {
    T on(Connection connection) throws SQLException;
  }

  /**
   * @param dataDirectory has the file, or will
   * @param nativeDirectory where SQLite's library has been unpacked, or is to be
   */
  public StateDatabase(Path dataDirectory, Path nativeDirectory) {
    this.directory = dataDirectory.toAbsolutePath();
    this.file = directory.resolve(FILE);
    this.nativeDirectory = nativeDirectory;
    this.thread =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(MAX_WAITING),
            Thread.ofPlatform().name("state").daemon().factory());
  }

  /**
   * Reads.
   *
   * @throws ServingException if the file cannot be opened or read, if too much waits for it, or if
   *     the caller is interrupted
   */
  <T extends @Nullable Object> T read(Work<T> work) {
    return await(() -> work.on(open()));
  }

  /**
   * Does all of the work in one transaction, or none of it.
   *
   * @throws ServingException as {@link #read}; then nothing has been written
   */
  <T extends @Nullable Object> T write(Work<T> work) {
    return await(() -> {
      Connection open = open();
      try (Statement statement = open.createStatement()) {
        statement.execute("BEGIN IMMEDIATE");
        try {
          T result = work.on(open);
          statement.execute("COMMIT");
          return result;
        } catch (SQLException | RuntimeException | Error e) {
          rollBack(statement, e);
          throw e;
        }
      }
    });
  }

  private static void rollBack(Statement statement, Throwable cause) {
    try {
      statement.execute("ROLLBACK");
    } catch (SQLException e) {
      // SQLite has rolled back already, as it does when the disk is full.
      cause.addSuppressed(e);
    }
  }

  /** Work that waits for its turn on the thread. */
  @FunctionalInterface
  private interface Turn<T extends @Nullable Object> {
    T take() throws SQLException;
  }

  private <T extends @Nullable Object> T await(Turn<T> turn) {
    Future<T> result;
    try {
      result = thread.submit(turn::take);
    } catch (RejectedExecutionException e) {
      throw new ServingException(
          ErrorCode.UNAVAILABLE,
          thread.isShutdown()
              ? file + " is closed"
              : file + ": more than " + MAX_WAITING + " calls wait for the disk",
          e);
    }
    try {
      return result.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServingException(ErrorCode.CANCELLED, file + ": interrupted while waiting", e);
    } catch (CancellationException e) {
      throw new ServingException(ErrorCode.UNAVAILABLE, file + " is closed", e);
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case SQLException cause -> throw failure(cause);
        case RuntimeException cause -> throw cause;
        case Error cause -> throw cause;
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }

  private Connection open() throws SQLException {
    if (connection != null) {
      return connection;
    }
    SqliteLibrary.load(nativeDirectory);
    long bytes;
    try {
      Files.createDirectories(directory);
      bytes = Files.exists(file) ? Files.size(file) : 0;
    } catch (IOException e) {
      throw new ServingException(
          ErrorCode.UNAVAILABLE,
          file + " cannot be made: " + e + " (expected: a data directory that can be written)",
          e);
    }
    Connection opened = connect();
    try {
      if (bytes > 0 && bytes <= CHECKED_BYTES) {
        check(opened);
      }
      Migrations.run(opened);
    } catch (ServingException e) {
      opened.close();
      throw new ServingException(e.code(), file + ": " + e.getMessage(), e);
    } catch (SQLException | RuntimeException | Error e) {
      opened.close();
      throw e;
    }
    connection = opened;
    return opened;
  }

  private Connection connect() throws SQLException {
    SQLiteConfig config = new SQLiteConfig();
    config.setJournalMode(SQLiteConfig.JournalMode.WAL);
    config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
    config.setBusyTimeout(BUSY_MILLIS);
    config.enforceForeignKeys(true);
    SQLiteDataSource source = new SQLiteDataSource(config);
    source.setUrl("jdbc:sqlite:" + file);
    return source.getConnection();
  }

  private static void check(Connection opened) throws SQLException {
    try (Statement statement = opened.createStatement();
        ResultSet result = statement.executeQuery("PRAGMA quick_check(1)")) {
      String answer = result.getString(1);
      if (!"ok".equals(answer)) {
        throw new SQLiteException(answer, SQLiteErrorCode.SQLITE_CORRUPT);
      }
    }
  }

  private ServingException failure(SQLException e) {
    SQLiteErrorCode code = e instanceof SQLiteException own ? own.getResultCode() : null;
    // The extended codes have the plain one in their lowest byte.
    int plain = code == null ? 0 : code.code & 0xff;
    String remedy;
    if (plain == SQLiteErrorCode.SQLITE_CORRUPT.code
        || plain == SQLiteErrorCode.SQLITE_NOTADB.code) {
      forget();
      remedy =
          "the file is damaged. Move it away, with "
              + FILE
              + "-wal and "
              + FILE
              + "-shm beside it, and what it remembered begins anew; or put a copy in its place";
    } else if (plain == SQLiteErrorCode.SQLITE_FULL.code) {
      remedy = "the disk is full. Make room in " + directory;
    } else if (plain == SQLiteErrorCode.SQLITE_BUSY.code) {
      remedy = "another process has been writing for " + BUSY_MILLIS + " ms";
    } else if (plain == SQLiteErrorCode.SQLITE_READONLY.code
        || plain == SQLiteErrorCode.SQLITE_CANTOPEN.code
        || plain == SQLiteErrorCode.SQLITE_PERM.code) {
      remedy = "it must be a file that can be written, in a directory that can be";
    } else {
      remedy = "the server's log has the whole of it";
    }
    return new ServingException(
        ErrorCode.UNAVAILABLE, file + ": " + e.getMessage() + " (" + remedy + ")", e);
  }

  /** Closes a connection to a damaged file, so that what is put in its place is opened. */
  private void forget() {
    try {
      thread.execute(this::disconnect);
    } catch (RejectedExecutionException e) {
      // Closed meanwhile, which closes the connection too.
    }
  }

  private void disconnect() {
    Connection open = connection;
    connection = null;
    if (open != null) {
      try {
        open.close();
      } catch (SQLException e) {
        // There is nothing left to do with it, and every commit has been synced.
      }
    }
  }

  /** Finishes what waits, and closes the file. */
  @Override
  public void close() {
    if (thread.isShutdown()) {
      return;
    }
    try {
      thread.execute(this::disconnect);
    } catch (RejectedExecutionException e) {
      // Full: the process ends with the file open, which is as safe as a kill.
    }
    thread.shutdown();
    try {
      if (!thread.awaitTermination(BUSY_MILLIS + 1_000L, TimeUnit.MILLISECONDS)) {
        thread.shutdownNow();
      }
    } catch (InterruptedException e) {
      thread.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
