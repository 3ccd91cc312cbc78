package dev.skeg.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class ArrivalScheduleTest {
  private static final long MILLI = 1_000_000;

  @Test
  void theFirstArrivesAtTheStartAndTheOthersAtEqualDistances() {
    ArrivalSchedule schedule = new ArrivalSchedule(5 * MILLI, 1_005 * MILLI, 1_000);

    assertThat(schedule.due(5 * MILLI - 1)).isZero();
    assertThat(schedule.due(5 * MILLI)).isEqualTo(1);
    assertThat(schedule.due(6 * MILLI - 1)).isEqualTo(1);
    assertThat(schedule.due(6 * MILLI)).isEqualTo(2);
    assertThat(schedule.meantAt(0)).isEqualTo(5 * MILLI);
    assertThat(schedule.meantAt(10)).isEqualTo(15 * MILLI);
  }

  @Test
  void nothingArrivesAtTheEndOrAfterIt() {
    ArrivalSchedule schedule = new ArrivalSchedule(0, 1_000 * MILLI, 200);

    assertThat(schedule.due(1_000 * MILLI - 1)).isEqualTo(200);
    assertThat(schedule.due(1_000 * MILLI)).isEqualTo(200);
    assertThat(schedule.due(Long.MAX_VALUE)).isEqualTo(200);
  }

  @Test
  void holdsWhenTheClockWraps() {
    long start = Long.MAX_VALUE - MILLI;
    ArrivalSchedule schedule = new ArrivalSchedule(start, start + 10 * MILLI, 1_000);

    assertThat(schedule.due(start + 3 * MILLI)).isEqualTo(4);
    assertThat(schedule.meantAt(3) - start).isEqualTo(3 * MILLI);
    assertThat(schedule.due(start + 50 * MILLI)).isEqualTo(10);
  }

  @Test
  void whatIsDueAgreesWithWhenItIsMeantAtAnyRate() {
    SplittableRandom random = new SplittableRandom(17);
    for (int i = 0; i < 10_000; i++) {
      double rate = Math.pow(10, random.nextDouble(-1, 7));
      ArrivalSchedule schedule = new ArrivalSchedule(0, Long.MAX_VALUE, rate);
      long now = random.nextLong(60_000 * MILLI);

      long due = schedule.due(now);

      assertThat(schedule.meantAt(due - 1))
          .as("rate %s, now %s", rate, now)
          .isLessThanOrEqualTo(now);
      assertThat(schedule.meantAt(due)).as("rate %s, now %s", rate, now).isGreaterThan(now);
    }
  }
}
