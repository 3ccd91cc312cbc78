package dev.skeg.monitor.drift.evidence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** {@link EValue} and {@link Detector} of 20 ordered bins and one for missing values. */
final class EValueTest {
  private static final int BINS = 21;
  private static final int[] BODY = IntStream.range(1, BINS).toArray();

  private final CountSampler sampler = new CountSampler(11);
  private final double[] shares = shares(.01);

  private static double[] shares(double missing) {
    double[] shares = new double[BINS];
    Arrays.fill(shares, (1 - missing) / (BINS - 1));
    shares[0] = missing;
    return shares;
  }

  private static BinRoles roles(double[] baseline) {
    return new BinRoles(baseline, BODY, new int[][] {{0}}, new int[0], BODY);
  }

  private static Reference reference(double[] counts) {
    return new Reference(0, counts, DesignEffects.NONE);
  }

  @Test
  void expectsOneAtMostWithoutAChangeThoughTheBaselineIsASample() {
    int runs = 4_000;
    for (int windowRows : new int[] {200, 2_000, 50_000}) {
      double sum = 0;
      int over = 0;
      for (int run = 0; run < runs; run++) {
        double[] baseline = sampler.multinomial(2_000, shares);
        double[] window = sampler.multinomial(windowRows, shares);
        Span span = Span.ofWindow(window, reference(baseline));
        double logE = new EValue(roles(baseline)).of(span).all();
        sum += Math.exp(logE);
        over += logE >= Math.log(20) ? 1 : 0;
      }
      assertThat(sum / runs).isLessThan(1.1);
      assertThat(over).isLessThan(runs / 20);
    }
  }

  @Test
  void growsWithRowsWhereSomethingHasChanged() {
    double[] baseline = sampler.multinomial(100_000, shares);
    EValue eValue = new EValue(roles(baseline));
    double before = 0;
    for (int rows : new int[] {2_000, 10_000, 50_000}) {
      Span span = Span.ofWindow(sampler.multinomial(rows, shares(.03)), reference(baseline));
      EValue.Parts parts = eValue.of(span);
      assertThat(parts.all()).isGreaterThan(before + 5);
      assertThat(parts.rare()).isGreaterThan(parts.mean());
      before = parts.all();
    }
  }

  @Test
  void aBinThatTheBaselineDoesNotHaveIsNoInfiniteEvidence() {
    double[] baseline = sampler.multinomial(1_000, shares(0));
    double[] window = sampler.multinomial(1_000, shares(0));
    window[0] = 1;

    double one = new EValue(roles(baseline)).of(Span.ofWindow(window, reference(baseline))).all();
    window[0] = 30;
    double thirty =
        new EValue(roles(baseline)).of(Span.ofWindow(window, reference(baseline))).all();

    assertThat(one).isLessThan(2);
    assertThat(thirty).isBetween(10.0, 30.0);
  }

  @Test
  void manyWindowsDoNotAddUpTheErrorOfTheirOneBaseline() {
    int runs = 20;
    int windows = 200;
    int detectorsOver = 0;
    int productsOver = 0;
    double limit = Math.log(runs * windows);
    for (int run = 0; run < runs; run++) {
      Reference small = reference(sampler.multinomial(1_000, shares));
      double[] counts = new double[BINS];
      Arrays.setAll(counts, small::count);
      Detector detector = new Detector(roles(counts));
      double greatest = 0;
      double recursion = Double.NEGATIVE_INFINITY;
      double greatestRecursion = 0;
      for (int window = 0; window < windows; window++) {
        Detector.Reading reading = detector.add(sampler.multinomial(1_000, shares), small);
        greatest = Math.max(greatest, reading.logDetector());
        recursion = LogGamma.sum(recursion, 0) + reading.logE(); // R = (R + 1) E.
        greatestRecursion = Math.max(greatestRecursion, recursion);
      }
      detectorsOver += greatest > limit ? 1 : 0;
      productsOver += greatestRecursion > limit ? 1 : 0;
    }
    assertThat(detectorsOver).isLessThanOrEqualTo(1);
    assertThat(productsOver).isGreaterThan(detectorsOver);
  }

  @Test
  void logGammaIsThatOfFactorials() {
    double log = 0;
    for (int n = 1; n < 200; n++) {
      assertThat(LogGamma.of(n)).isCloseTo(log, within(1e-10 * Math.max(1, log)));
      log += Math.log(n);
    }
    assertThat(LogGamma.of(.5)).isCloseTo(Math.log(Math.PI) / 2, within(1e-12));
    assertThat(NormalQuantile.of(.975)).isCloseTo(1.959963984540054, within(1e-8));
    assertThat(NormalQuantile.of(.001)).isCloseTo(-3.090232306167813, within(1e-8));
  }

  @Test
  void sampledCountsHaveTheirMeanAndVariance() {
    for (double p : new double[] {.0005, .03, .4, .9}) {
      int n = 5_000;
      int runs = 20_000;
      double sum = 0;
      double squares = 0;
      for (int i = 0; i < runs; i++) {
        double count = sampler.binomial(n, p);
        sum += count;
        squares += (count - n * p) * (count - n * p);
      }
      double variance = n * p * (1 - p);
      assertThat(sum / runs).isCloseTo(n * p, within(5 * Math.sqrt(variance / runs)));
      assertThat(squares / runs / variance).isCloseTo(1, within(.06));
    }
  }
}
