package dev.skeg.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Counts of a measurement that warms up until 1 s and ends at 3 s. */
final class LoadCountsTest {
  private static final long MILLI = 1_000_000;
  private static final long MEASURE = 1_000 * MILLI;
  private static final long END = 3_000 * MILLI;

  @Test
  void answersASecondAreThoseThatCameInTheMeasuredTime() {
    LoadCounts counts = open(Duration.ZERO);

    counts.answered(MEASURE - 2 * MILLI, MEASURE - MILLI);
    counts.answered(MEASURE - MILLI, MEASURE);
    counts.answered(MEASURE, MEASURE + MILLI);
    counts.answered(END - MILLI, END);

    assertThat(counts.result(0, 100, "").throughput()).isEqualTo(2 / 2.0);
  }

  @Test
  void atARateALatencyCountsWhereTheRequestWasMeantToBeSentHoweverLateItsAnswer() {
    LoadCounts counts = open(Duration.ZERO);

    counts.answered(MEASURE - 1, MEASURE + 500 * MILLI);
    counts.answered(END - MILLI, END + 999 * MILLI);

    LoadResult result = counts.result(0, 100, "");
    assertThat(result.latency().getTotalCount()).isEqualTo(1);
    assertThat(result.micros(100)).isBetween(999_000.0, 1_001_000.0);
  }

  @Test
  void withANumberInFlightALatencyCountsWhereTheAnswerCame() {
    LoadCounts counts = new LoadCounts(MEASURE, END, false, Duration.ZERO);

    counts.answered(MEASURE - MILLI, MEASURE + MILLI);
    counts.answered(END - MILLI, END + MILLI);

    LoadResult result = counts.result(1, 0, "");
    assertThat(result.latency().getTotalCount()).isEqualTo(1);
    assertThat(result.micros(100)).isBetween(1_990.0, 2_010.0);
  }

  @Test
  void aStallOfTheServerIsInThePercentilesAsAllItsUsersWouldSeeIt() {
    LoadCounts counts = open(Duration.ZERO);
    long stallBegins = MEASURE + 500 * MILLI;
    long stallEnds = stallBegins + 1_000 * MILLI;

    for (long meant = MEASURE; meant < END; meant += MILLI) {
      boolean stalls = meant >= stallBegins && meant < stallEnds;
      counts.answered(meant, stalls ? stallEnds : meant + MILLI);
    }

    // Half the requests fell into the stall, and waited 1 s at most, evenly spread.
    LoadResult result = counts.result(0, 1_000, "");
    assertThat(result.latency().getTotalCount()).isEqualTo(2_000);
    assertThat(result.micros(50)).isBetween(990.0, 2_010.0);
    assertThat(result.micros(75)).isBetween(498_000.0, 502_000.0);
    assertThat(result.micros(90)).isBetween(798_000.0, 802_000.0);
    assertThat(result.micros(100)).isBetween(999_000.0, 1_001_000.0);
  }

  @Test
  void anAnswerAfterItsDeadlineIsNoGoodput() {
    LoadCounts counts = open(Duration.ofMillis(100));

    counts.answered(MEASURE, MEASURE + 100 * MILLI);
    counts.answered(MEASURE, MEASURE + 100 * MILLI + 1);

    LoadResult result = counts.result(0, 100, "");
    assertThat(result.throughput()).isEqualTo(1);
    assertThat(result.goodput()).isEqualTo(0.5);
  }

  @Test
  void whatLeavesMoreThanAMillisecondAfterItsTimeIsLate() {
    LoadCounts counts = open(Duration.ZERO);

    counts.sent(MEASURE - 1, MEASURE + 5 * MILLI);
    counts.sent(MEASURE, MEASURE + MILLI);
    counts.sent(MEASURE, MEASURE + MILLI + 1);

    assertThat(counts.result(0, 100, "").late()).isEqualTo(1);
  }

  @Test
  void errorsThatDifferOnlyInTheirNumbersAreOneKindButAStatusIsNot() {
    LoadCounts counts = open(Duration.ZERO);

    counts.failed("HTTP 503 queue of 17 is full\nmore", MEASURE, MEASURE);
    counts.failed("HTTP 503 queue of 18 is full\nmore", MEASURE, MEASURE);
    counts.failed("HTTP 404 unknown", MEASURE, MEASURE);

    assertThat(counts.result(0, 100, "").errors())
        .containsOnlyKeys("HTTP 503 queue of … is full", "HTTP 404 unknown")
        .containsEntry("HTTP 503 queue of … is full", 2L);
  }

  @Test
  void thereAreNeverMoreThanElevenKindsOfErrors() {
    LoadCounts counts = open(Duration.ZERO);

    for (char kind = 'a'; kind <= 'z'; kind++) {
      counts.failed("error " + kind, MEASURE, MEASURE);
    }

    LoadResult result = counts.result(0, 100, "");
    assertThat(result.errors()).hasSize(11).containsEntry("others", 16L);
    assertThat(result.errorCount()).isEqualTo(26);
  }

  private static LoadCounts open(Duration deadline) {
    return new LoadCounts(MEASURE, END, true, deadline);
  }
}
