package dev.skeg.runtime.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.runtime.model.ServingException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Places for sockets in a temporary directory. */
final class SocketFileTest {
  @TempDir Path directory;

  @Test
  void removesASocketThatNobodyListensOnAnyMore() throws IOException {
    Path path = directory.resolve("left");
    try (ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.bind(UnixDomainSocketAddress.of(path));
    }
    assertThat(path).exists();

    SocketFile.prepare(path);

    assertThat(path).doesNotExist();
  }

  @Test
  void leavesASocketAloneThatSomebodyListensOn() throws IOException {
    Path path = directory.resolve("taken");
    try (ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.bind(UnixDomainSocketAddress.of(path));

      assertThatThrownBy(() -> SocketFile.prepare(path))
          .isInstanceOf(ServingException.class)
          .hasMessageContaining("another process listens there");
      assertThat(path).exists();
    }
  }

  @Test
  void leavesFilesAlone() throws IOException {
    Path path = Files.writeString(directory.resolve("file"), "precious");

    assertThatThrownBy(() -> SocketFile.prepare(path))
        .hasMessageContaining("there is a file or directory of that name");
    assertThat(path).hasContent("precious");
  }

  @Test
  void refusesAPathThatTheKernelHasNoRoomFor() {
    Path path = directory.resolve("x".repeat(120));

    assertThatThrownBy(() -> SocketFile.prepare(path))
        .hasMessageContaining("bytes (expected: at most 107)");
  }

  @Test
  void takesAPathThatIsFree() {
    SocketFile.prepare(directory.resolve("free"));
    SocketFile.remove(directory.resolve("free"));
  }
}
