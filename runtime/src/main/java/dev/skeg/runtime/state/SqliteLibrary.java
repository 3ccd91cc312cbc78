package dev.skeg.runtime.state;

import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import org.sqlite.SQLiteJDBCLoader;
import org.sqlite.util.OSInfo;

/**
 * SQLite's native library, which is inside the driver's jar.
 *
 * <p>Left to itself the driver unpacks it at every start to {@code java.io.tmpdir}, which hardened
 * hosts mount without the right to execute. So it is unpacked here, once per version, beside the
 * engine's library, and the driver is told where it lies.
 */
final class SqliteLibrary {
  private SqliteLibrary() {}

  /**
   * Has the driver load the library.
   *
   * @param directory where the library has been unpacked, or is to be; one that may execute
   * @throws ServingException if there is none for this platform, the disk fails, or it cannot be
   *     loaded from there
   */
  static void load(Path directory) {
    Path own = directory.resolve("sqlite-" + SQLiteJDBCLoader.getVersion()).toAbsolutePath();
    String name = System.mapLibraryName("sqlitejdbc");
    unpack(own.resolve(name), name);
    // Read by the driver when it loads; the second, for what it tries when that fails, keeps it out
    // of the directory for temporary files all the same.
    System.setProperty("org.sqlite.lib.path", own.toString());
    System.setProperty("org.sqlite.lib.name", name);
    System.setProperty("org.sqlite.tmpdir", own.toString());
    try {
      SQLiteJDBCLoader.initialize();
    } catch (Exception | LinkageError e) {
      throw new ServingException(
          ErrorCode.UNAVAILABLE,
          "SQLite's library cannot be loaded from "
              + own
              + ": "
              + e.getMessage()
              + " (expected: a data directory on a file system that is not mounted noexec)",
          e);
    }
  }

  private static void unpack(Path file, String name) {
    String resource = "/org/sqlite/native/" + OSInfo.getNativeLibFolderPathForCurrentOS() + "/";
    if (Files.isRegularFile(file)) {
      return;
    }
    try (InputStream content = SQLiteJDBCLoader.class.getResourceAsStream(resource + name)) {
      if (content == null) {
        throw new ServingException(
            ErrorCode.UNSUPPORTED, "SQLite has no library for this platform: " + resource + name);
      }
      Path directory = Objects.requireNonNull(file.getParent());
      Files.createDirectories(directory);
      Path part = Files.createTempFile(directory, "sqlite", ".part");
      try {
        Files.copy(content, part, StandardCopyOption.REPLACE_EXISTING);
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (IOException e) {
      throw new ServingException(
          ErrorCode.UNAVAILABLE,
          "cannot unpack SQLite's library to "
              + file
              + ": "
              + e.getMessage()
              + " (expected: a data directory that can be written)",
          e);
    }
  }
}
