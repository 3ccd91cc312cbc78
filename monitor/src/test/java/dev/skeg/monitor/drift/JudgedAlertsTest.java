package dev.skeg.monitor.drift;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.monitor.alert.Alert;
import dev.skeg.monitor.alert.AlertChange;
import dev.skeg.monitor.alert.AlertFilter;
import dev.skeg.monitor.alert.AlertPolicy;
import dev.skeg.monitor.alert.AlertSubject;
import dev.skeg.monitor.alert.Alerts;
import dev.skeg.monitor.alert.Cause;
import dev.skeg.monitor.alert.MemoryAlertStore;
import dev.skeg.monitor.alert.Severity;
import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.NumericBins;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.record.FeatureSpec;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** From windows to alerts: three normal features and an output, by a judge and {@link Alerts}. */
final class JudgedAlertsTest {
  private static final int ROWS = 500;

  private final Random random = new Random(9);
  private final List<FeatureSpec> specs =
      List.of(
          Columns.numeric("age"),
          Columns.numeric("amount"),
          Columns.numeric("height"),
          new FeatureSpec("score", FeatureSpec.Role.OUTPUT, FeatureSpec.Kind.NUMERIC));
  private final double[] training = normal(20_000);
  private final NumericBins bins = Columns.bins(training);
  private final Baseline baseline =
      Columns.baseline(
          specs.stream()
              .map(spec -> Columns.profile(spec, bins, training))
              .toArray(FeatureProfile[]::new));
  private final Judge judge =
      new Judge(DriftConfig.ofWindow(Duration.ofHours(1)), key -> Optional.of(baseline));
  private final Alerts alerts = new Alerts(new MemoryAlertStore(100), AlertPolicy.DEFAULT);

  private double[] normal(int rows) {
    double[] values = new double[rows];
    Arrays.setAll(values, i -> random.nextGaussian());
    return values;
  }

  /** Judges an hour in which the named features are missing in all rows. */
  private List<AlertChange> hour(int hour, String... missing) {
    return judge(profile(hour, List.of(missing)));
  }

  private Profile profile(int hour, List<String> missing) {
    FeatureProfile[] features = new FeatureProfile[specs.size()];
    for (int i = 0; i < features.length; i++) {
      double[] values = normal(ROWS);
      if (missing.contains(specs.get(i).name())) {
        Arrays.fill(values, Double.NaN);
      }
      features[i] = Columns.profile(specs.get(i), bins, values);
    }
    return Columns.hour(hour, features);
  }

  private List<AlertChange> judge(Profile profile) {
    return alerts.judge(judge.judge(profile), profile.window().endMillis());
  }

  private Alert only() {
    assertThat(alerts.find(AlertFilter.all())).hasSize(1);
    return alerts.find(AlertFilter.all()).getFirst();
  }

  @Test
  void aFeatureThatIsMissingInAllRowsPagesInItsFirstWindow() {
    assertThat(hour(0)).isEmpty();

    assertThat(hour(1, "age")).hasSize(1);

    assertThat(only().severity()).isEqualTo(Severity.PAGE);
    assertThat(only().cause()).isEqualTo(Cause.MISSING);
    assertThat(only().subjects()).extracting(AlertSubject::name).containsExactly("age");
    assertThat(only().subjects().getFirst().detail()).startsWith("100.00 % missing");
  }

  @Test
  void anOutputThatIsMissingInAllRowsPagesToo() {
    hour(0);
    hour(1, "score");

    assertThat(only().severity()).isEqualTo(Severity.PAGE);
    assertThat(only().cause()).isEqualTo(Cause.MISSING);
  }

  @Test
  void withoutABaselineAFeatureThatGoesMissingPagesByItsEarlierWindows() {
    Judge alone = new Judge(DriftConfig.ofWindow(Duration.ofHours(1)), key -> Optional.empty());
    for (int hour = 0; hour < 8 * 24; hour++) {
      Profile usual = profile(hour, List.of());
      assertThat(alerts.judge(alone.judge(usual), usual.window().endMillis())).isEmpty();
    }
    Profile without = profile(8 * 24, List.of("age"));
    alerts.judge(alone.judge(without), without.window().endMillis());

    assertThat(only().severity()).isEqualTo(Severity.PAGE);
    assertThat(only().cause()).isEqualTo(Cause.MISSING);
    assertThat(only().subjects()).extracting(AlertSubject::name).containsExactly("age");
  }

  /** Judges ordinary hours until the alert is over, and returns the one after the last of them. */
  private int ordinaryUntilOver(int from) {
    int hour = from;
    while (only().isActive()) {
      assertThat(hour - from).as("hours that are quiet").isLessThan(4);
      hour(hour++);
    }
    assertThat(hour - from).isGreaterThanOrEqualTo(3); // Fewer might be a pause.
    return hour;
  }

  @Test
  void whatDriftsAgainSoonAfterItWasClearedIsTheSameAlertAndLaterAnother() {
    hour(0);
    hour(1, "age");
    int again = ordinaryUntilOver(2);
    assertThat(only().state().word()).isEqualTo("latched");
    assertThat(hour(again, "age"))
        .extracting(AlertChange::kind)
        .containsExactly(AlertChange.Kind.RETURNED);
    assertThat(only().state().word()).isEqualTo("raised");

    alerts.acknowledge(only().id(), "ann", "known", (again + 1) * Columns.HOUR);
    int onceMore = ordinaryUntilOver(again + 1);
    assertThat(only().state().word()).isEqualTo("cleared");
    assertThat(hour(onceMore, "age"))
        .extracting(AlertChange::kind)
        .containsExactly(AlertChange.Kind.RETURNED);
    assertThat(only().state().word()).isEqualTo("acknowledged");

    int cleared = ordinaryUntilOver(onceMore + 1);
    int late = cleared + 25;
    for (int hour = cleared; hour < late; hour++) {
      assertThat(hour(hour)).isEmpty();
    }
    assertThat(hour(late, "age"))
        .extracting(AlertChange::kind)
        .containsExactly(AlertChange.Kind.RAISED);
  }

  @Test
  void windowsWithoutRowsEndAnAlertOnlyAfterADayOfThem() {
    hour(0);
    hour(1, "age");
    FeatureProfile[] empty =
        specs.stream().map(spec -> FeatureProfile.empty(spec, bins)).toArray(FeatureProfile[]::new);
    for (int hour = 2; hour < 26; hour++) {
      assertThat(only().isActive()).isTrue();
      WindowVerdict verdict = judge.judge(Columns.hour(hour, empty));

      assertThat(verdict.features()).allMatch(each -> each.state() == DriftState.INSUFFICIENT);
      alerts.judge(verdict, (hour + 1) * Columns.HOUR);
    }
    assertThat(only().isActive()).isFalse();
    assertThat(hour(26)).isEmpty();
  }
}
