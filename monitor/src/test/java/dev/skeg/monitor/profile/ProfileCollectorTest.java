package dev.skeg.monitor.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.skeg.monitor.record.RecordLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class ProfileCollectorTest {
  private static final long NOW = 1_800_000_000_000L;
  private static final long ARRIVAL = RecordLayout.ARRIVAL;

  private final List<Profile> closed = new ArrayList<>();
  private final Rows rows = new Rows();

  private ProfileCollector collector(long lateness, double sample, String... segments) {
    return new ProfileCollector(
        new CollectorConfig(
            "m",
            1,
            Rows.LAYOUT,
            List.of(
                Optional.of(new NumericBins(new double[0], new double[] {0, 5, 10})),
                Optional.of(new CategoryBins(List.of("a"), CategoryTail.EMPTY))),
            1_000,
            lateness,
            sample,
            List.of(segments)),
        closed::add);
  }

  private void give(ProfileCollector collector, long now) {
    rows.give((words, offsets, count) -> collector.add(words, offsets, count, now), 512);
  }

  @Test
  void closesAWindowOfArrivalsWithinASecondOfItsEnd() {
    ProfileCollector collector = collector(0, 1);
    rows.add(1, NOW + 100, ARRIVAL, 3, 0).add(2, NOW + 900, ARRIVAL, 4, 0);
    give(collector, NOW + 950);

    collector.advance(NOW + 1_400);
    assertThat(closed).isEmpty();
    collector.advance(NOW + 1_760);

    assertThat(closed).hasSize(1);
    assertThat(closed.getFirst().window()).isEqualTo(new Window(NOW, NOW + 1_000));
    assertThat(closed.getFirst().rows()).isEqualTo(2);
    assertThat(closed.getFirst().key()).isEqualTo(ProfileKey.of("m", 1));
  }

  @Test
  void takesArrivalsThatAreServedWhileTheNextWindowHasBegun() {
    ProfileCollector collector = collector(0, 1);
    rows.add(1, NOW + 1_010, ARRIVAL, 3, 0);
    give(collector, NOW + 1_020);
    collector.advance(NOW + 1_030);
    collector.advance(NOW + 1_040);
    rows.add(2, NOW + 990, ARRIVAL, 3, 0);
    give(collector, NOW + 1_300);
    collector.advance(NOW + 2_800);

    assertThat(closed).extracting(Profile::rows).containsExactly(1L, 1L);
    assertThat(closed).extracting(p -> p.counts().late()).containsExactly(0L, 0L);
  }

  @Test
  void closesByTheTimesThatRowsHaveWhereTheyHaveThem() {
    ProfileCollector collector = collector(0, 1);
    long old = 1_000_000;
    rows.add(1, old + 10, 0, 3, 0).add(2, old + 20, 0, 3, 0).add(3, old + 1_000, 0, 3, 0);
    give(collector, NOW);

    collector.advance(NOW); // The watermark takes effect in the next round.
    assertThat(closed).isEmpty();
    collector.advance(NOW + 5);

    assertThat(closed).hasSize(1);
    assertThat(closed.getFirst().rows()).isEqualTo(2);
  }

  @Test
  void countsRowsThatAreTooLate() {
    ProfileCollector collector = collector(0, 1);
    rows.add(1, 1_500, 0, 3, 0).add(2, 2_500, 0, 3, 0);
    give(collector, NOW);
    collector.advance(NOW);
    collector.advance(NOW);
    rows.add(3, 1_600, 0, 3, 0);
    give(collector, NOW);
    collector.advance(NOW + 4_900);
    assertThat(closed).hasSize(1);
    collector.advance(NOW + 5_000);

    assertThat(closed).extracting(Profile::rows).containsExactly(1L, 1L);
    assertThat(closed.get(1).counts().late()).isEqualTo(1);
  }

  @Test
  void waitsForRowsThatMayBeLate() {
    ProfileCollector collector = collector(500, 1);
    rows.add(1, 1_500, 0, 3, 0).add(2, 2_400, 0, 3, 0);
    give(collector, NOW);
    collector.advance(NOW);
    collector.advance(NOW);
    rows.add(3, 1_600, 0, 3, 0).add(4, 2_500, 0, 3, 0);
    give(collector, NOW);
    collector.advance(NOW);
    collector.advance(NOW);

    assertThat(closed).extracting(Profile::rows).containsExactly(2L);
    assertThat(closed.getFirst().counts().late()).isZero();
  }

  @Test
  void doesNotBelieveATimeFarAhead() {
    ProfileCollector collector = collector(0, 1);
    rows.add(1, NOW * 1_000, 0, 3, 0).add(2, NOW + 5, 0, 3, 0);
    give(collector, NOW + 10);
    collector.advance(NOW + 10);
    collector.advance(NOW + 20);
    rows.add(3, NOW + 30, 0, 3, 0);
    give(collector, NOW + 40);
    collector.advance(NOW + 2_000);

    assertThat(closed).extracting(Profile::rows).containsExactly(2L);
    assertThat(closed.getFirst().counts().late()).isEqualTo(1);
  }

  @Test
  void takesTheGreatestTimeThatADecoderMakesForAMistake() {
    ProfileCollector known = collector(0, 1);
    ProfileCollector learning = learning();
    for (ProfileCollector collector : List.of(known, learning)) {
      rows.add(1, Long.MAX_VALUE, 0, 3, 0).add(2, Long.MIN_VALUE, 0, 3, 0).add(3, NOW, 0, 3, 0);
      give(collector, NOW);
      collector.advance(NOW);
      collector.close(NOW + 1);
    }

    assertThat(closed).extracting(Profile::rows).containsExactly(1L, 1L);
    assertThat(closed).extracting(p -> p.counts().late()).containsExactly(2L, 2L);
  }

  @Test
  void makesNobodyLateForOneRowThatIsAhead() {
    ProfileCollector collector = collector(0, 1);
    rows.add(1, NOW + 30L * 24 * 3_600_000, 0, 3, 0).add(2, NOW + 1_800_000, 0, 3, 0);
    give(collector, NOW + 10);
    for (int i = 2; i < 50; i++) {
      long now = NOW + 10 + 100L * i;
      rows.add(i, now - 10, 0, 3, 0);
      give(collector, now);
      collector.advance(now);
    }

    assertThat(closed).hasSize(4);
    assertThat(closed.stream().mapToLong(Profile::rows).sum()).isEqualTo(38);
    assertThat(closed.stream().mapToLong(p -> p.counts().late()).sum()).isEqualTo(1);
  }

  @Test
  void closesTheEarliestOfWindowsThatAreMoreThanItHoldsOpen() {
    ProfileCollector collector = collector(0, 1);
    for (int i = 0; i < 500; i++) {
      rows.add(i, 1_000L * i, 0, 3, 0);
    }
    give(collector, NOW);

    assertThat(closed).hasSize(500 - WindowAssembler.MAX_OPEN);
    collector.close(NOW);
    assertThat(closed).hasSize(500).allMatch(p -> p.rows() == 1 && p.counts().late() == 0);
  }

  @Test
  void givesUpWindowsAheadOfTheClockForThoseOfNow() {
    ProfileCollector collector = collector(0, 1);
    for (int i = 1; i <= 100; i++) {
      rows.add(i, NOW + 10_000L * i, 0, 3, 0);
    }
    give(collector, NOW + 10);
    rows.add(101, NOW + 20, 0, 3, 0);
    give(collector, NOW + 30);
    collector.advance(NOW + 30);
    collector.advance(NOW + 2_000);

    assertThat(closed).hasSize(1);
    assertThat(closed.getFirst().window().startMillis()).isEqualTo(NOW);
    assertThat(closed.getFirst().counts().late()).isEqualTo(100 - WindowAssembler.MAX_OPEN + 1);
  }

  @Test
  void handsOverWindowsWithoutARowWhenTrafficStaysAway() {
    ProfileCollector collector = collector(0, 1);
    rows.add(1, NOW + 100, ARRIVAL, 3, 0);
    give(collector, NOW + 100);
    for (long now = NOW + 200; now < NOW + 5_200; now += 100) {
      collector.advance(now);
    }
    rows.add(2, NOW + 5_200, ARRIVAL, 3, 0);
    give(collector, NOW + 5_200);
    collector.advance(NOW + 5_300);
    collector.close(NOW + 7_000);

    assertThat(closed).extracting(Profile::rows).containsExactly(1L, 0L, 0L, 0L, 0L, 1L);
    for (int i = 0; i < closed.size(); i++) {
      assertThat(closed.get(i).window())
          .isEqualTo(new Window(NOW + 1_000L * i, NOW + 1_000L * (i + 1)));
      assertThat(closed.get(i).features()).hasSize(2);
    }
  }

  @Test
  void missesNoRowsWhereRowsHaveTimesOfTheirOwnOrNobodyLooked() {
    ProfileCollector events = collector(0, 1);
    rows.add(1, NOW + 100, 0, 3, 0);
    give(events, NOW + 100);
    ProfileCollector slept = collector(0, 1);
    rows.add(1, NOW + 100, ARRIVAL, 3, 0);
    give(slept, NOW + 100);
    for (ProfileCollector collector : List.of(events, slept)) {
      collector.advance(NOW + 200);
      collector.advance(NOW + 1_800);
      collector.advance(NOW + 3_600_000);
    }

    assertThat(closed).extracting(Profile::rows).containsExactly(1L, 1L);
  }

  @Test
  void missesNoRowsWhileAnotherVersionHasThem() {
    ProfileCollector collector = collector(0, 1);
    rows.add(1, NOW + 100, ARRIVAL, 3, 0);
    give(collector, NOW + 100);
    collector.advance(NOW + 1_800);
    assertThat(collector.isQuiet(NOW + 1_900)).isFalse();
    assertThat(collector.isQuiet(NOW + 2_000)).isTrue();

    collector.superseded();
    collector.advance(NOW + 5_000);

    assertThat(closed).hasSize(1);
    rows.add(2, NOW + 5_100, ARRIVAL, 3, 0);
    give(collector, NOW + 5_100);
    collector.advance(NOW + 6_800);
    collector.advance(NOW + 7_800);
    assertThat(closed).extracting(Profile::rows).containsExactly(1L, 1L, 0L);
  }

  @Test
  void handsOverNoMoreThanAWeekWithoutARow() {
    ProfileCollector collector =
        new ProfileCollector(
            new CollectorConfig(
                "m",
                1,
                Rows.LAYOUT,
                List.of(
                    Optional.of(new NumericBins(new double[0], new double[] {0, 5, 10})),
                    Optional.of(new CategoryBins(List.of("a"), CategoryTail.EMPTY))),
                3_600_000,
                0,
                1,
                List.of()),
            closed::add);
    rows.add(1, NOW + 100, ARRIVAL, 3, 0);
    give(collector, NOW + 100);
    for (int hour = 0; hour < 400; hour++) {
      collector.advance(NOW + 3_600_000L * hour);
    }

    assertThat(closed).hasSize(1 + 168);
  }

  private ProfileCollector learning() {
    return new ProfileCollector(
        new CollectorConfig(
            "m",
            1,
            Rows.LAYOUT,
            List.of(Optional.empty(), Optional.empty()),
            1_000,
            0,
            1,
            List.of()),
        closed::add);
  }

  @Test
  void givesDeclaredSegmentsProfilesOfTheirOwn() {
    ProfileCollector collector = collector(0, 0.5, "de", "fr");
    rows.add(1, 10, 1, 3, 0).add(2, 20, 2, 3, 0).add(3, 30, 1, 3, 0).add(4, 40, 0, 3, 0);
    give(collector, NOW);
    collector.dropped(9);
    collector.close(NOW);

    assertThat(closed)
        .extracting(p -> p.key().segment() + " " + p.rows() + " " + p.counts().dropped())
        .containsExactly(" 4 9", "other 1 0", "de 2 0", "fr 1 0");
    assertThat(closed.getFirst().counts().represented()).isEqualTo(8);
  }

  @Test
  void keepsTheArmsOfARolloutApart() {
    long candidate = 1L << 32;
    ProfileCollector collector = collector(0, 1, "de");
    rows.add(1, 10, 1, 3, 0).add(2, 20, 0, 3, 0).add(3, 30, 1, 4, 0);
    rows.add(4, 40, candidate | 1, 8, 0).add(5, 50, candidate, 9, 0);
    give(collector, NOW);
    collector.dropped(7);
    collector.close(NOW);

    assertThat(closed)
        .extracting(p -> p.key().arm() + " " + p.key().segment() + " " + p.rows())
        .containsExactly(
            "stable  3",
            "candidate  2",
            "stable other 1",
            "stable de 2",
            "candidate other 1",
            "candidate de 1");
    assertThat(closed)
        .filteredOn(p -> p.key().segment().equals(ProfileKey.ALL))
        .extracting(p -> p.features().getFirst().moments().mean(), p -> p.counts().dropped())
        .containsExactly(tuple(10 / 3.0, 7L), tuple(8.5, 0L));
    assertThat(closed).allMatch(p -> ProfileJson.read(ProfileJson.write(p)).equals(p));
  }

  @Test
  void saysWhichWindowsItDidNotWatchFromStartToEnd() {
    ProfileCollector collector = collector(0, 1);
    rows.add(1, NOW + 500, ARRIVAL, 3, 0).add(2, NOW + 1_500, ARRIVAL, 3, 0);
    collector.advance(NOW + 300);
    give(collector, NOW + 1_500);
    collector.advance(NOW + 3_000);
    rows.add(3, NOW + 3_500, ARRIVAL, 3, 0);
    give(collector, NOW + 3_600);
    collector.close(NOW + 3_700);

    assertThat(closed)
        .extracting(Profile::window)
        .containsExactly(
            new Window(NOW, NOW + 1_000),
            new Window(NOW + 1_000, NOW + 2_000),
            new Window(NOW + 2_000, NOW + 3_000), // Without a row.
            new Window(NOW + 3_000, NOW + 4_000));
    assertThat(closed)
        .extracting(p -> p.counts().isPartial())
        .containsExactly(true, false, false, true);
    assertThat(closed).allMatch(p -> ProfileJson.read(ProfileJson.write(p)).equals(p));
  }

  @Test
  void learnsBinsOfTheFirstRowsAndLosesNone() {
    ProfileCollector collector = learning();
    for (int i = 0; i < 9_000; i++) {
      rows.add(i, i, 0, i % 500, 1 + i % 3);
    }
    give(collector, NOW);
    collector.advance(NOW);
    collector.advance(NOW + 5_000);

    assertThat(closed).hasSize(9).allMatch(p -> p.rows() == 1_000);
    assertThat(closed.stream().map(p -> p.features().get(0).bins()).distinct()).hasSize(1);
    FeatureProfile first = closed.getFirst().features().get(0);
    assertThat(((NumericBins) first.bins()).intervalCount()).isEqualTo(64);
    FeatureProfile zip = closed.getFirst().features().get(1);
    assertThat(zip.count(2) + zip.count(3) + zip.count(4)).isEqualTo(1_000);
  }

  @Test
  void givesAWindowOfFewRowsBinsOfItsOwn() {
    ProfileCollector collector = learning();
    for (int second = 0; second < 3; second++) {
      for (int i = 0; i < 600; i++) {
        rows.add(i, second * 1_000 + i, 0, i, 7);
      }
      give(collector, NOW);
      collector.advance(NOW);
      collector.advance(NOW);
    }
    collector.advance(NOW + 5_000);

    assertThat(closed).hasSize(3).allMatch(p -> p.rows() == 600);
    assertThat(closed.get(2).features().get(0).bins())
        .isEqualTo(closed.get(1).features().get(0).bins());
  }
}
