package dev.skeg.runtime.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is {@link Repeating} without a pause, or begins after a day. */
@Timeout(60)
final class RepeatingTest {
  private final AtomicInteger ends = new AtomicInteger();

  @Test
  void isDoneAgainAndAgainUntilItIsClosedAndThenWhatIsLast() throws InterruptedException {
    CountDownLatch times = new CountDownLatch(3);
    try (Repeating _ =
        new Repeating(Duration.ZERO, Duration.ZERO, times::countDown, ends::incrementAndGet)) {
      assertThat(times.await(20, TimeUnit.SECONDS)).isTrue();
      assertThat(ends).hasValue(0);
    }

    assertThat(ends).hasValue(1);
  }

  @Test
  void isNotDoneWhereItIsClosedBefore() {
    AtomicInteger times = new AtomicInteger();
    Duration day = Duration.ofDays(1);

    new Repeating(day, day, times::incrementAndGet, ends::incrementAndGet).close();

    assertThat(times).hasValue(0);
    assertThat(ends).hasValue(0);
  }
}
