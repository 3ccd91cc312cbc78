package dev.skeg.monitor.drift;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.drift.QualityFinding.Check;
import dev.skeg.monitor.profile.CategoryBins;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.NumericBins;
import dev.skeg.monitor.record.FeatureSpec;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

/** A {@link Judge} of one numeric feature, standard normal in a baseline of 20,000 rows. */
final class JudgeTest {
  private static final int ROWS = 2_000;

  private final Random random = new Random(7);
  private final FeatureSpec spec = Columns.numeric("amount");
  private final double[] training = normal(20_000, x -> x);
  private final NumericBins bins = Columns.bins(training);
  private final Baseline baseline = Columns.baseline(Columns.profile(spec, bins, training));
  private final DriftConfig config = DriftConfig.ofWindow(Duration.ofHours(1));
  private final Judge judge = judge();

  private Judge judge() {
    return new Judge(config, key -> Optional.of(baseline));
  }

  private double[] normal(int rows, DoubleUnaryOperator change) {
    double[] values = new double[rows];
    Arrays.setAll(values, i -> change.applyAsDouble(random.nextGaussian()));
    return values;
  }

  private FeatureProfile window(DoubleUnaryOperator change) {
    return Columns.profile(spec, bins, normal(ROWS, change));
  }

  private FeatureVerdict judge(int hour, DoubleUnaryOperator change) {
    return judge(judge, hour, change);
  }

  private FeatureVerdict judge(Judge by, int hour, DoubleUnaryOperator change) {
    return by.judge(Columns.hour(hour, window(change))).features().getFirst();
  }

  @Test
  void findsAShiftInItsFirstWindowAndClearsItThreeWindowsAfterItsEnd() {
    assertThat(judge(0, x -> x).state()).isEqualTo(DriftState.OK);

    FeatureVerdict first = judge(1, x -> x + .25);
    FeatureVerdict second = judge(2, x -> x + .25);

    assertThat(first.state()).isEqualTo(DriftState.DRIFT);
    assertThat(first.kinds()).containsExactly(DriftKind.SKEW);
    assertThat(first.raised()).containsExactly(DriftKind.SKEW);
    assertThat(requireNonNull(first.effects().get(DriftKind.SKEW)).getFirst().isOverFloor())
        .isTrue();
    assertThat(second.state()).isEqualTo(DriftState.DRIFT);
    assertThat(second.raised()).isEmpty();
    int hours = 3;
    while (judge(hours, x -> x).state() == DriftState.DRIFT) {
      hours++;
      assertThat(hours).isLessThan(8);
    }
    assertThat(hours).isGreaterThanOrEqualTo(5);
    assertThat(judge(hours + 1, x -> x).state()).isEqualTo(DriftState.OK);
  }

  @Test
  void doesNotPageForADifferenceThatIsCertainButSmall() {
    for (int hour = 0; hour < 10; hour++) {
      double[] values = normal(100_000, x -> x + .02);
      FeatureVerdict verdict =
          judge
              .judge(Columns.hour(hour, Columns.profile(spec, bins, values)))
              .features()
              .getFirst();
      assertThat(verdict.state()).isEqualTo(DriftState.OK);
    }
  }

  @Test
  void addsUpWeakEvidenceOverWindows() {
    int hour = 0;
    FeatureVerdict verdict;
    do {
      double[] values = normal(300, x -> x + .15);
      verdict =
          judge
              .judge(Columns.hour(hour, Columns.profile(spec, bins, values)))
              .features()
              .getFirst();
      hour++;
      assertThat(hour).isLessThan(40);
    } while (verdict.state() != DriftState.DRIFT);

    assertThat(hour).isGreaterThan(1);
    Evidence evidence = requireNonNull(verdict.evidence().get(DriftKind.SKEW));
    assertThat(evidence.spanWindows()).isGreaterThan(1);
    assertThat(evidence.logDetector()).isGreaterThanOrEqualTo(evidence.logThreshold());
    assertThat(evidence.logE()).isLessThan(evidence.logThreshold());
  }

  @Test
  void saysSoWhenThereAreTooFewRows() {
    FeatureProfile few = Columns.profile(spec, bins, normal(20, x -> x));
    FeatureProfile none = Columns.profile(spec, bins);

    assertThat(judge.judge(Columns.hour(0, few)).features().getFirst().state())
        .isEqualTo(DriftState.INSUFFICIENT);
    assertThat(judge.judge(Columns.hour(1, none)).features().getFirst().state())
        .isEqualTo(DriftState.INSUFFICIENT);
  }

  @Test
  void aRestartChangesNoVerdict() throws IOException {
    Judge other = judge();
    for (int hour = 0; hour < 120; hour++) {
      int at = hour;
      FeatureProfile window = window(x -> at % 50 < 10 ? x + .12 : x);
      WindowVerdict expected = judge.judge(Columns.hour(hour, window));
      Judge next = judge();
      next.restore(other.save());
      other = next;

      assertThat(other.judge(Columns.hour(hour, window))).isEqualTo(expected);
    }
    byte[] state = other.save();
    assertThat(state).isEqualTo(judge.save());
    state[0]++;
    assertThatThrownBy(() -> judge().restore(state)).isInstanceOf(IOException.class);
  }

  @Test
  void judgesDriftOnlyAgainstEnoughHistoryAndThenWithoutABaseline() {
    Judge alone = new Judge(config, key -> Optional.empty());
    int first = -1;
    for (int hour = 0; hour < 24 * 12; hour++) {
      FeatureVerdict verdict = judge(alone, hour, x -> x);
      boolean judged = verdict.evidence().containsKey(DriftKind.DRIFT);
      first = first < 0 && judged ? hour : first;
      assertThat(verdict.state()).isEqualTo(judged ? DriftState.OK : DriftState.INSUFFICIENT);
    }
    FeatureVerdict changed = judge(alone, 24 * 12, x -> x + .3);

    assertThat(first).isBetween(3 * 24, 7 * 24);
    assertThat(changed.kinds()).containsExactly(DriftKind.DRIFT);
    assertThat(changed.statistics()).containsKey("psi");
  }

  @Test
  void aConstantReferenceIsLeftByAnyOtherValue() {
    double[] constant = new double[20_000];
    Arrays.fill(constant, 3);
    NumericBins one = Columns.bins(constant);
    Judge own =
        new Judge(
            config, key -> Optional.of(Columns.baseline(Columns.profile(spec, one, constant))));
    double[] same = new double[ROWS];
    Arrays.fill(same, 3);
    double[] some = same.clone();
    Arrays.fill(some, 0, 30, 4);

    FeatureVerdict quiet =
        own.judge(Columns.hour(0, Columns.profile(spec, one, same))).features().getFirst();
    FeatureVerdict left =
        own.judge(Columns.hour(1, Columns.profile(spec, one, some))).features().getFirst();

    assertThat(quiet.state()).isEqualTo(DriftState.OK);
    assertThat(left.state()).isEqualTo(DriftState.DRIFT);
  }

  @Test
  void findsWhatIsWrongWithTheData() {
    assertThat(checks(x -> x)).isEmpty();
    assertThat(checks(x -> random.nextDouble() < .1 ? Double.NaN : x)).contains(Check.MISSING);
    assertThat(checks(x -> random.nextDouble() < .02 ? Double.POSITIVE_INFINITY : x))
        .contains(Check.NOT_FINITE);
    assertThat(checks(x -> random.nextDouble() < .05 ? 50 : x)).contains(Check.OUT_OF_RANGE);
    assertThat(checks(x -> random.nextDouble() < .05 ? 0 : x)).contains(Check.STUCK);
    assertThat(checks(x -> random.nextDouble() < .05 ? .7 : x)).contains(Check.STUCK);
    assertThat(checks(x -> .7)).contains(Check.CONSTANT);
    assertThat(checks(x -> x * 100)).contains(Check.UNIT);
    assertThat(checks(x -> x / 1000)).contains(Check.UNIT);
  }

  private List<Check> checks(DoubleUnaryOperator change) {
    return judge().judge(Columns.hour(0, window(change))).features().getFirst().quality().stream()
        .map(QualityFinding::check)
        .toList();
  }

  @Test
  void givesStatisticsByNameAndSaysWhatTheyWereComputedFrom() {
    FeatureVerdict verdict = judge(0, x -> x);

    assertThat(verdict.statistics())
        .containsKeys("psi", "js_distance", "ks", "wasserstein_normed", "chi2_p", "energy", "ad");
    assertThat(requireNonNull(verdict.statistics().get("psi")).provenance()).isEqualTo("exact");
    assertThat(requireNonNull(verdict.statistics().get("ks")).provenance())
        .isEqualTo("from 1024 of 2000 rows");
    assertThat(verdict.statistics().keySet()).noneMatch(name -> name.contains(":"));
  }

  @Test
  void givesOtherToolsStatisticsWithTheirThresholdsWhereTheyAreWanted() {
    DriftConfig with = config.withCompatibility(true);
    FeatureSpec city = Columns.categorical("city");
    CategoryBins cities = Columns.categories(3);
    FeatureProfile amounts = Columns.profile(spec, bins, training);
    FeatureProfile all = Columns.profile(city, cities, new double[] {0, 0, 10_000, 6_000, 4_000});
    FeatureProfile some = Columns.profile(city, cities, new double[] {0, 0, 1_000, 600, 400});
    Judge own = new Judge(with, key -> Optional.of(Columns.baseline(amounts, all)));

    List<FeatureVerdict> features = own.judge(Columns.hour(0, window(x -> x), some)).features();

    assertThat(presets(features.getFirst()))
        .containsExactlyInAnyOrder(
            "evidently:psi < 0.1",
            "evidently:js < 0.1",
            "evidently:wasserstein < 0.1",
            "evidently:ks_p < 0.05",
            "sagemaker:linf_robust < 0.1",
            "tfdv:js < 0.3",
            "whylogs:hellinger < 0.15",
            "nannyml:js < NaN",
            "nannyml:hellinger < NaN",
            "nannyml:ks < NaN",
            "nannyml:wasserstein < NaN");
    assertThat(presets(features.getLast()))
        .containsExactlyInAnyOrder(
            "evidently:psi < 0.1",
            "evidently:js < 0.1",
            "evidently:chi2_p < 0.05",
            "sagemaker:linf_robust < 0.1",
            "tfdv:linf < 0.3",
            "nannyml:js < NaN",
            "nannyml:linf < NaN");
  }

  private static List<String> presets(FeatureVerdict verdict) {
    return verdict.statistics().values().stream()
        .filter(each -> each.name().contains(":"))
        .map(each -> each.name() + " < " + each.threshold())
        .toList();
  }

  @Test
  void aBaselineThatWasBuiltAnewIsWhatWindowsAreHeldAgainst() throws IOException {
    double[] moved = normal(20_000, x -> x + .3);
    Baseline other = Columns.baseline(Columns.profile(spec, bins, moved));
    Baseline[] current = {baseline};
    Judge own = new Judge(config, key -> Optional.of(current[0]));
    for (int hour = 0; hour < 5; hour++) {
      assertThat(judge(own, hour, x -> x).state()).isEqualTo(DriftState.OK);
    }
    current[0] = other;
    Judge restarted = new Judge(config, key -> Optional.of(other));
    restarted.restore(own.save());

    for (Judge each : List.of(own, restarted)) {
      FeatureVerdict now = judge(each, 5, x -> x + .3);
      assertThat(now.state()).isEqualTo(DriftState.OK);
      assertThat(requireNonNull(now.evidence().get(DriftKind.SKEW)).spanWindows()).isEqualTo(1);
      assertThat(judge(each, 6, x -> x).raised()).containsExactly(DriftKind.SKEW);
    }
  }

  @Test
  void aDriftThatNothingIsLeftToHoldAgainstIsOver() {
    Judge alone = new Judge(config, key -> Optional.empty());
    int noon = 12;
    for (int day = 0; day < 30; day++) {
      judge(alone, 24 * day + noon, x -> x);
    }
    assertThat(judge(alone, 24 * 30 + noon, x -> x + 1).state()).isEqualTo(DriftState.DRIFT);
    int hours = 0;
    for (int hour = 24 * 30 + noon + 1; hours < 24; hour++) {
      if (hour % 24 != noon) {
        FeatureProfile few = Columns.profile(spec, bins, normal(60, x -> x));
        FeatureVerdict verdict = alone.judge(Columns.hour(hour, few)).features().getFirst();
        assertThat(verdict.state()).isEqualTo(DriftState.INSUFFICIENT);
        hours++;
      }
    }

    assertThat(judge(alone, 24 * 32 + noon, x -> x).state()).isEqualTo(DriftState.OK);
  }

  @Test
  void windowsWithoutRowsSayNothing() {
    FeatureProfile none = Columns.profile(spec, bins);
    judge(0, x -> x);
    judge(1, x -> x + 1);

    WindowVerdict empty = judge.judge(Columns.hour(2, none));

    assertThat(empty.features().getFirst().state()).isEqualTo(DriftState.INSUFFICIENT);
    assertThat(empty.features().getFirst().quality()).isEmpty();
    assertThat(judge(3, x -> x + 1).raised()).isEmpty();
  }
}
