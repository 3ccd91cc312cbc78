package dev.skeg.monitor.drift.evidence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** How many rows the references of a {@link Span} are worth. */
final class SpanTest {
  private static final double ROWS = 10_000;

  private static Span window(int cell, double referenceRows) {
    Reference reference =
        new Reference(
            cell, new double[] {referenceRows / 2, referenceRows / 2}, DesignEffects.NONE);
    return Span.ofWindow(new double[] {ROWS / 2, ROWS / 2}, reference);
  }

  private static Span both(Span one, Span other) {
    Span both = new Span(2);
    both.add(one);
    both.add(other);
    return both;
  }

  @Test
  void windowsOfOneCellAreWorthItsRowsHoweverManyThereAre() {
    Span span = window(7, 600);
    for (int i = 0; i < 10; i++) {
      span = both(span, window(7, 600));
    }
    assertThat(span.referenceRows()).isCloseTo(600, within(1e-6));
  }

  @Test
  void cellsOfTheirOwnAreWorthWhatTheirErrorsAdd() {
    double variance = ROWS * ROWS / 600 + ROWS * ROWS / 10_100;

    assertThat(both(window(1, 600), window(2, 10_100)).referenceRows())
        .isCloseTo(4 * ROWS * ROWS / variance, within(1e-6));
  }

  @Test
  void aCellOfVaryingRowsIsWorthNoMoreThanIfItsErrorsHadAllInCommon() {
    double worst = Math.pow(ROWS / Math.sqrt(600) + ROWS / Math.sqrt(10_100), 2);

    assertThat(both(window(-2, 600), window(-2, 10_100)).referenceRows())
        .isCloseTo(4 * ROWS * ROWS / worst, within(1e-6));
  }
}
