package dev.skeg.monitor.baseline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.monitor.baseline.SeasonCell.Level;
import dev.skeg.monitor.profile.Moments;
import dev.skeg.monitor.profile.Window;
import java.time.Instant;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class SeasonsTest {
  private static final long HOUR = 3_600_000;
  private static final long MONDAY = Instant.parse("2026-01-05T00:00:00Z").toEpochMilli();

  private static Seasons seasons(long rowsPerHour) {
    long[][] counts = new long[Seasons.HOURS][2];
    Moments[] moments = new Moments[Seasons.HOURS];
    for (int hour = 0; hour < Seasons.HOURS; hour++) {
      counts[hour] = new long[] {hour, rowsPerHour};
      moments[hour] = new Moments(rowsPerHour, hour, 0, hour, hour);
    }
    return new Seasons(counts, moments);
  }

  private static Window hours(int from, int to) {
    return new Window(MONDAY + from * HOUR, MONDAY + to * HOUR);
  }

  @Test
  void countsHoursFromMonday() {
    assertThat(Seasons.hourOfWeek(MONDAY)).isZero();
    assertThat(Seasons.hourOfWeek(MONDAY - 1)).isEqualTo(167);
    assertThat(Seasons.hourOfWeek(Instant.parse("1970-01-01T05:59:59Z").toEpochMilli()))
        .isEqualTo(3 * 24 + 5);
    assertThat(Seasons.hourOfWeek(Instant.parse("1969-12-29T00:00:00Z").toEpochMilli())).isZero();
  }

  @Test
  void takesTheSameHoursOfTheWeekIfTheyHaveEnoughRows() {
    SeasonCell one = seasons(600).cell(hours(30, 31)).orElseThrow();
    SeasonCell three = seasons(600).cell(hours(30, 33)).orElseThrow();

    assertThat(one.level()).isEqualTo(Level.HOUR_OF_WEEK);
    assertThat(one.counts()).containsExactly(30, 600);
    assertThat(one.moments().mean()).isEqualTo(30);
    assertThat(three.counts()).containsExactly(30 + 31 + 32, 1800);
    assertThat(three.moments().mean()).isEqualTo(31);
  }

  @Test
  void widensToTheKindOfDayThenToAnyDayThenToAll() {
    SeasonCell workingDays = seasons(99).cell(hours(30, 31)).orElseThrow();
    assertThat(workingDays.level()).isEqualTo(Level.HOUR_OF_DAY_KIND);
    assertThat(workingDays.counts()).containsExactly(6 + 30 + 54 + 78 + 102, 5 * 99);

    SeasonCell weekend = seasons(240).cell(hours(6 * 24 + 2, 6 * 24 + 3)).orElseThrow();
    assertThat(weekend.level()).isEqualTo(Level.HOUR_OF_DAY_KIND);
    assertThat(weekend.counts()).containsExactly(122 + 146, 480);

    SeasonCell anyDay = seasons(10).cell(hours(30, 31)).orElseThrow();
    assertThat(anyDay.level()).isEqualTo(Level.HOUR_OF_DAY);
    assertThat(anyDay.rows()).isEqualTo(6 + 30 + 54 + 78 + 102 + 126 + 150 + 70);

    long[][] few = new long[Seasons.HOURS][1];
    few[30][0] = 499;
    Moments[] none = new Moments[Seasons.HOURS];
    Arrays.fill(none, Moments.EMPTY);
    assertThat(new Seasons(few, none).cell(hours(30, 31))).isEmpty();
  }

  @Test
  void comparesAWeekWithAll() {
    assertThat(seasons(1000).cell(hours(0, 168))).isEmpty();
    assertThat(seasons(1000).cell(hours(5, 1000))).isEmpty();
    assertThat(Seasons.NONE.cell(hours(5, 6))).isEmpty();
  }

  @Test
  void refusesOtherThanAWeekOfEqualBins() {
    assertThatThrownBy(() -> new Seasons(new long[24][2], new Moments[24]))
        .hasMessage("hours: 24 of counts, 24 of moments (expected: 168 of both)");
    long[][] uneven = new long[Seasons.HOURS][2];
    uneven[7] = new long[3];
    assertThatThrownBy(() -> new Seasons(uneven, new Moments[Seasons.HOURS]))
        .hasMessage("hour 7: 3 bins (expected: 2)");
  }
}
