package dev.skeg.runtime.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

final class CompilerThreadsTest {
  @Test
  @EnabledOnOs(OS.LINUX)
  void findsTheCompilersOfThisProcess() {
    assertThat(CompilerThreads.shortenSlices(Path.of("/proc/self/task"))).isPositive();
  }

  @Test
  void leavesThingsAsTheyAreWhereThereIsNoProc() {
    assertThat(CompilerThreads.shortenSlices(Path.of("/proc/none"))).isZero();
  }
}
