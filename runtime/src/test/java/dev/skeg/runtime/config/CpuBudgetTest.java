package dev.skeg.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
  void takesTheMountsOwnQuotaWhereTheGroupLiesAboveTheNamespace() throws IOException {
    limit("", "300000 100000");
    limit("kubepods", "100000 100000"); // Another group of that name, within the mount.
    Files.createDirectories(directory.resolve("kubepods"));
    Files.writeString(directory.resolve("kubepods/cpu.max"), "50000 100000\n");

    for (String path : List.of("/..", "/../kubepods", "/../../kubepods", "/kubepods/../../x")) {
      Files.writeString(own, "0::" + path + "\n");

      CpuBudget budget = CpuBudget.of(8, root, own);

      assertThat(budget.processors()).as(path).isEqualTo(3);
    }
  }

  @Test
  void takesTheMountsOwnQuotaWhereTheGroupIsNotMountedOrNotKnown() throws IOException {
    limit("", "300000 100000");
    Path empty = Files.writeString(directory.resolve("empty"), "");
    Path elsewhere = Files.writeString(directory.resolve("elsewhere"), "0::/docker/0123\n");
    Path relative = Files.writeString(directory.resolve("relative"), "0::kubepods\n");
    Path broken = Files.writeString(directory.resolve("broken"), "0::/kube\0pods\n");

    Path absent = directory.resolve("absent");

    for (Path file : List.of(empty, elsewhere, relative, broken, directory, absent)) {
      CpuBudget budget = CpuBudget.of(8, root, file);

      assertThat(budget.processors()).as(file.toString()).isEqualTo(3);
    }
  }

  @Test
  void isTheProcessorsWhereVersionOneOfControlGroupsRules() throws IOException {
    Files.createDirectories(root.resolve("cpu/skeg"));
    Files.writeString(root.resolve("cpu/skeg/cpu.cfs_quota_us"), "-1\n");
    Files.createDirectories(root.resolve("unified/skeg"));
    Files.writeString(own, "4:memory:/other\n1:cpu:/skeg\n0::/skeg\n");
    Path hybrid = Files.writeString(directory.resolve("hybrid"), "2:cpu,cpuacct:/skeg\n0::/\n");

    assertThat(CpuBudget.of(8, root, own).processors()).isEqualTo(8);
    assertThat(CpuBudget.of(8, root, hybrid).processors()).isEqualTo(8);
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
