package dev.skeg.runtime.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Work that gives way, by what the kernel says of its thread. */
@EnabledOnOs(OS.LINUX)
final class GivingWayTest {
  private final GivingWay givingWay = new GivingWay(GivingWay.LOWEST);

  @AfterEach
  void stop() {
    givingWay.close();
  }

  @Test
  void onlyTheWorkGivesWayAndNotItsCaller() {
    int before = nice();

    int during = givingWay.call(GivingWayTest::nice);
    int atOnce = Pace.AT_ONCE.call(GivingWayTest::nice);

    assertThat(during).isEqualTo(GivingWay.LOWEST);
    assertThat(atOnce).isEqualTo(before);
    assertThat(nice()).isEqualTo(before);
  }

  @Test
  void whatTheWorkThrowsReachesTheCaller() {
    IllegalStateException thrown = new IllegalStateException("no such model");

    assertThatThrownBy(() ->
            givingWay.call(() -> {
              throw thrown;
            }))
        .isSameAs(thrown);
  }

  @Test
  void anInterruptIsPassedOnWhenTheWorkHasEnded() {
    Thread.currentThread().interrupt();

    int result = givingWay.call(() -> 7);

    assertThat(result).isEqualTo(7);
    assertThat(Thread.interrupted()).isTrue();
  }

  private static int nice() {
    try {
      String stat = Files.readString(Path.of("/proc/thread-self/stat"));
      return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[16]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
