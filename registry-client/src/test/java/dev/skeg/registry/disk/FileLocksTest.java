package dev.skeg.registry.disk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Locks on files that may be gone. */
final class FileLocksTest {
  @TempDir Path directory;

  @Test
  void aFileThatIsGoneIsNotMadeToBeLocked() throws IOException {
    Path file = directory.resolve("lock");

    assertThat(FileLocks.tryExclusiveIfExists(file)).isEmpty();

    assertThat(file).doesNotExist();
  }

  @Test
  void aFileThatIsThereCanBeLockedOnceNobodyHasIt() throws IOException {
    Path file = directory.resolve("lock");
    try (FileLocks.Lock _ = FileLocks.exclusive(file)) {
      assertThat(FileLocks.tryExclusiveIfExists(file)).isEmpty();
    }

    try (FileLocks.Lock _ = FileLocks.tryExclusiveIfExists(file).orElseThrow()) {
      assertThat(FileLocks.tryExclusive(file)).isEmpty();
    }

    Files.delete(file);
    assertThat(FileLocks.tryExclusiveIfExists(file)).isEmpty();
  }
}
