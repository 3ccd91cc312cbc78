package dev.skeg.monitor.drift.evidence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

/** {@link Stream#decide} with 10 streams of one rare bin, and one page in 100 windows. */
final class HysteresisTest {
  private static final int STREAMS = 10;

  private final PageBudget budget = new PageBudget(100);
  private final double[] baseline = {100, 99_900};
  private final Stream stream =
      new Stream(new BinRoles(baseline, new int[0], new int[][] {{0}}, new int[0], new int[] {1}));

  private boolean isRaised(int rare, boolean large) {
    Reference reference = new Reference(0, baseline, DesignEffects.NONE);
    Detector.Reading reading = stream.add(new double[] {rare, 10_000 - rare}, reference);
    List<Stream> raised =
        Stream.decide(budget, STREAMS, List.of(new Stream.Turn(stream, reading, large, large)));
    return raised.contains(stream);
  }

  @Test
  void thresholdsShareOneBudget() {
    assertThat(budget.logThreshold(STREAMS, 1)).isCloseTo(Math.log(1000 / .9), within(1e-12));
    assertThat(budget.logThreshold(STREAMS, 5)).isCloseTo(Math.log(200 / .9), within(1e-12));
    double weak = budget.logWeakThreshold(STREAMS);
    double pagesOfTwoWeakWindows = 2 * STREAMS * Math.exp(-2 * weak);
    assertThat(pagesOfTwoWeakWindows).isLessThanOrEqualTo(.1 / 100 * (1 + 1e-9));
    assertThat(weak).isLessThan(budget.logThreshold(STREAMS, 1));
  }

  @Test
  void fullEvidenceRaisesAtOnceAndThreeQuietWindowsClear() {
    assertThat(isRaised(10, true)).isFalse();
    assertThat(isRaised(60, true)).isTrue();
    assertThat(isRaised(60, true)).isFalse(); // It is already.
    int quiet = 0;
    while (stream.isRaised()) {
      isRaised(10, false);
      quiet++;
    }
    assertThat(quiet).isEqualTo(3);
    assertThat(isRaised(10, true)).isFalse();
  }

  @Test
  void aLoudWindowBetweenQuietOnesStartsTheirCountAnew() {
    isRaised(60, true);
    isRaised(10, false);
    isRaised(10, false);
    isRaised(60, true);
    isRaised(10, false);
    isRaised(10, false);
    assertThat(stream.isRaised()).isTrue();

    isRaised(10, false);

    assertThat(stream.isRaised()).isFalse();
  }

  @Test
  void whatWasClearedIsRaisedAtOnceByNewEvidenceAndNeverByTheOld() {
    isRaised(60, true);
    for (int quiet = 0; quiet < 3; quiet++) {
      isRaised(10, false);
    }
    assertThat(stream.isRaised()).isFalse();

    assertThat(isRaised(10, true)).isFalse();
    assertThat(isRaised(60, true)).isTrue();
  }

  @Test
  void evidenceWithoutAnEffectRaisesNothing() {
    assertThat(isRaised(60, false)).isFalse();
    assertThat(stream.isRaised()).isFalse();
  }

  @Test
  void weakEvidenceRaisesInTwoOfThreeWindows() {
    int weak = 0;
    double threshold = budget.logWeakThreshold(STREAMS);
    Reference reference = new Reference(0, baseline, DesignEffects.NONE);
    EValue eValue =
        new EValue(
            new BinRoles(baseline, new int[0], new int[][] {{0}}, new int[0], new int[] {1}));
    for (int rare = 10; weak == 0; rare++) {
      Span span = Span.ofWindow(new double[] {rare, 10_000 - rare}, reference);
      weak = eValue.of(span).all() >= threshold ? rare : 0;
    }

    assertThat(isRaised(weak, true)).isFalse();
    isRaised(10, true);
    boolean second = isRaised(weak, true);

    assertThat(second).isTrue();
  }
}
