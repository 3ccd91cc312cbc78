package dev.skeg.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A {@link CpuBudget} read from control groups in a temporary directory; 8 processors. */
final class CpuBudgetTest {
  @TempDir Path directory;
  private Path root;
  private Path own;

  @BeforeEach
  void makeGroups() throws IOException {
    root = Files.createDirectories(directory.resolve("cgroup"));
    Files.createDirectories(root.resolve("kubepods/pod1/skeg"));
    own = Files.writeString(directory.resolve("self"), "0::/kubepods/pod1/skeg\n");
  }

  private void limit(String group, String text) throws IOException {
    Files.writeString(root.resolve(group).resolve("cpu.max"), text + "\n");
  }

  @Test
  void isTheProcessorsWhereNothingLimitsThem() throws IOException {
    limit("kubepods/pod1/skeg", "max 100000");

    CpuBudget budget = CpuBudget.of(8, root, own);

    assertThat(budget.processors()).isEqualTo(8);
  }

  @Test
  void isTheGroupsQuota() throws IOException {
    limit("kubepods/pod1/skeg", "250000 100000");

    CpuBudget budget = CpuBudget.of(8, root, own);

    assertThat(budget.processors()).isEqualTo(2.5);
  }

  @Test
  void isTheLeastQuotaOfTheGroupsAround() throws IOException {
    limit("kubepods/pod1/skeg", "400000 100000");
    limit("kubepods/pod1", "150000 100000");
    limit("kubepods", "max 100000");

    CpuBudget budget = CpuBudget.of(8, root, own);

    assertThat(budget.processors()).isEqualTo(1.5);
  }

  @Test
  void isNeverMoreThanTheProcessors() throws IOException {
    limit("kubepods", "1600000 100000");

    CpuBudget budget = CpuBudget.of(8, root, own);

    assertThat(budget.processors()).isEqualTo(8);
  }

  @Test
  void readsTheMountItselfWhereTheGroupIsItsOwnRoot() throws IOException {
    Files.writeString(own, "0::/\n");
    limit("", "100000 100000");

    CpuBudget budget = CpuBudget.of(8, root, own);

    assertThat(budget.processors()).isEqualTo(1);
  }

  @Test
  void overlooksWhatItCannotRead() throws IOException {
    limit("kubepods/pod1/skeg", "as many as you like");
    limit("kubepods/pod1", "");
    Files.writeString(directory.resolve("none"), "12:cpu:/somewhere\n");

    CpuBudget garbage = CpuBudget.of(8, root, own);
    CpuBudget other = CpuBudget.of(8, root, directory.resolve("none"));
    CpuBudget absent = CpuBudget.of(8, directory.resolve("nowhere"), directory.resolve("nothing"));

    assertThat(garbage.processors()).isEqualTo(8);
    assertThat(other.processors()).isEqualTo(8);
    assertThat(absent.processors()).isEqualTo(8);
  }

  @Test
  void givesEachLaneItsThreads() {
    assertThat(new CpuBudget(8).lanes(1)).isEqualTo(8);
    assertThat(new CpuBudget(8).lanes(3)).isEqualTo(2);
    assertThat(new CpuBudget(2.5).lanes(1)).isEqualTo(2);
    assertThat(new CpuBudget(0.5).lanes(4)).isEqualTo(1);
  }
}
