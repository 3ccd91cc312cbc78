package dev.skeg.runtime.socket;

import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * The place of a Unix domain socket in the file system. Who may connect is a matter of the
 * directory's and the file's permissions.
 */
public final class SocketFile {
  /** What the kernel has room for, with the zero at the end. */
  private static final int MAX_PATH_BYTES = 107;

  private SocketFile() {}

  /**
   * Makes room for a socket: one that a server has left behind and that nobody listens on any more
   * is removed.
   *
   * @throws ServingException if the path is too long, or something else is there
   */
  public static void prepare(Path path) {
    String name = path.toAbsolutePath().toString();
    int length = name.getBytes(StandardCharsets.UTF_8).length;
    if (length > MAX_PATH_BYTES) {
      throw refuse(
          path, "its path has " + length + " bytes (expected: at most " + MAX_PATH_BYTES + ")");
    }
    try {
      if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
        return;
      }
      BasicFileAttributes there =
          Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      if (!there.isOther()) {
        throw refuse(
            path, "there is a file or directory of that name (expected: nothing, or a socket)");
      }
      if (isAnswered(path)) {
        throw refuse(path, "another process listens there (expected: a path of this server's own)");
      }
      Files.delete(path);
    } catch (IOException e) {
      throw refuse(path, String.valueOf(e.getMessage()));
    }
  }

  private static boolean isAnswered(Path path) {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return channel.connect(UnixDomainSocketAddress.of(path));
    } catch (IOException nobody) {
      return false;
    }
  }

  /** Removes a socket that is no longer listened on. */
  public static void remove(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException left) {
      // The next server that wants the path finds that nobody listens.
      return;
    }
  }

  private static ServingException refuse(Path path, String why) {
    return new ServingException(
        ErrorCode.UNAVAILABLE, "cannot listen on socket " + path + ": " + why);
  }
}
