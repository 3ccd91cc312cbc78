package dev.skeg.monitor.drift;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.RowCounts;
import dev.skeg.monitor.profile.Window;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@link RowQuality} of windows of five minutes, with 600 rows each for four weeks. */
final class RowQualityTest {
  private static final long LENGTH = 300_000;
  private static final int HOUR = 12;
  private static final int WEEK = 7 * 24 * HOUR;
  private static final int WEEKS = 4;

  private final RowQuality quality = new RowQuality();

  private List<QualityFinding> check(int index, RowCounts counts) {
    Window window = new Window(index * LENGTH, (index + 1) * LENGTH);
    return quality.check(new Profile(ProfileKey.of("m", 1), window, counts, List.of()), List.of());
  }

  private void fourWeeks() {
    for (int i = 0; i < WEEKS * WEEK; i++) {
      assertThat(check(i, RowCounts.of(600))).isEmpty();
    }
  }

  @Test
  void anHourWithFewRowsIsFoundFromItsFirstWindowToItsLast() {
    fourWeeks();

    for (int i = 0; i < 2 * HOUR; i++) {
      assertThat(check(WEEKS * WEEK + i, RowCounts.of(100)))
          .singleElement()
          .satisfies(finding -> assertThat(finding.expected()).isEqualTo(600));
    }
    assertThat(check(WEEKS * WEEK + 2 * HOUR, RowCounts.of(600))).isEmpty();
  }

  @Test
  void theMinutesBeforeAreNoEarlierWeek() {
    for (int i = 0; i < HOUR; i++) {
      assertThat(check(i, RowCounts.of(i < HOUR / 2 ? 600 : 10))).isEmpty();
    }
  }

  @Test
  void rowsThatWereSampledStandForThoseThatWereServedAndDroppedOnesToo() {
    fourWeeks();

    assertThat(check(WEEKS * WEEK, new RowCounts(60, 600, 0, 0))).isEmpty();
    assertThat(check(WEEKS * WEEK + 1, new RowCounts(6, 60, 54, 0))).isEmpty();
    assertThat(check(WEEKS * WEEK + 2, new RowCounts(6, 60, 0, 0))).isNotEmpty();
  }

  @Test
  void aWindowThatWasNotWatchedWhollyIsNeitherFoundNorUsual() {
    fourWeeks();
    RowCounts part = new RowCounts(1, 1, 0, 0, true);

    for (int week = WEEKS; week < 3 * WEEKS; week++) {
      assertThat(check(week * WEEK, part)).isEmpty();
    }
    assertThat(check(3 * WEEKS * WEEK, RowCounts.of(600))).isEmpty();
  }

  @Test
  void anOutageIsNotUsual() {
    fourWeeks();

    for (int week = WEEKS; week < 3 * WEEKS; week++) {
      for (int i = 0; i < HOUR; i++) {
        assertThat(check(week * WEEK + i, RowCounts.NONE))
            .singleElement()
            .satisfies(finding -> assertThat(finding.expected()).isEqualTo(600));
      }
    }
    assertThat(check(3 * WEEKS * WEEK, RowCounts.of(600))).isEmpty();
  }

  @Test
  void aWindowWithoutRowsIsFound() {
    fourWeeks();

    assertThat(check(WEEKS * WEEK, RowCounts.NONE))
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.check()).isEqualTo(QualityFinding.Check.VOLUME);
          assertThat(finding.detail()).isEqualTo("0 rows, usually 600");
        });
  }
}
