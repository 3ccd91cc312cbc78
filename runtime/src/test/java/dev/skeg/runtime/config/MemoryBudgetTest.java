package dev.skeg.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Free memory by files as the kernel writes them. */
final class MemoryBudgetTest {
  @TempDir Path directory;

  private Path root;
  private Path group;

  @BeforeEach
  void write() throws IOException {
    root = directory.resolve("cgroup");
    group = Files.createDirectories(root.resolve("pod/skeg"));
    Files.writeString(directory.resolve("own"), "0::/pod/skeg\n");
    Files.writeString(
        directory.resolve("meminfo"), "MemTotal: 9000 kB\nMemAvailable:    5000 kB\n");
  }

  @Test
  void withoutALimitItIsTheMachines() throws IOException {
    Files.writeString(group.resolve("memory.max"), "max\n");

    assertThat(available()).isEqualTo(5000 * 1024);
  }

  @Test
  void theTightestGroupCountsAndWhatItCouldGiveUpIsFree() throws IOException {
    Files.writeString(group.resolve("memory.max"), "4000000\n");
    Files.writeString(group.resolve("memory.current"), "3500000\n");
    Files.writeString(
        group.resolve("memory.stat"), "anon 1\ninactive_file 700000\nactive_file 5\n");
    assertThat(available()).isEqualTo(1_200_000);

    Files.writeString(root.resolve("pod/memory.max"), "4000000\n");
    Files.writeString(root.resolve("pod/memory.current"), "3900000\n");
    assertThat(available()).isEqualTo(100_000);
  }

  @Test
  void whereTheSystemDoesNotSayThereIsNoLimit() throws IOException {
    Files.delete(directory.resolve("meminfo"));

    assertThat(available()).isGreaterThan(1L << 60);
  }

  private long available() {
    return MemoryBudget.availableBytes(
        root, directory.resolve("own"), directory.resolve("meminfo"));
  }
}
