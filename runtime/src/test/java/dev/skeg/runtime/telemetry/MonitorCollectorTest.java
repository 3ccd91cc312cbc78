package dev.skeg.runtime.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.telemetry.MonitorMetrics.AlertSample;
import dev.skeg.runtime.telemetry.MonitorMetrics.FailureSample;
import dev.skeg.runtime.telemetry.MonitorMetrics.FeatureSample;
import dev.skeg.runtime.telemetry.MonitorMetrics.KeySample;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The monitor's metrics as a scraper reads them. */
final class MonitorCollectorTest {
  private static final String OPEN_METRICS = "application/openmetrics-text; version=1.0.0";

  private static String text(String type, MonitorMetrics metrics) {
    PrometheusExporter exporter =
        new PrometheusExporter(new InferenceMetrics(), List::of, () -> metrics, "1");
    // The older format has a comma after the last label.
    return exporter.text(exporter.contentType(type)).replace(",}", "}");
  }

  private static KeySample key(FeatureSample... features) {
    return new KeySample("fraud", "3", "stable", "", 7, 500, 2, 1, 1_790e6, List.of(features));
  }

  @Test
  void countsWindowsRowsAndAlerts() {
    MonitorMetrics metrics =
        new MonitorMetrics(
            List.of(
                key(
                    new FeatureSample("age", "input", "drift", 6.5),
                    new FeatureSample("score", "output", "insufficient", Double.NaN))),
            List.of(new AlertSample("fraud", "page", "missing", "raised", 1)),
            List.of(new AlertSample("fraud", "page", "missing", "", 4)),
            List.of(new FailureSample("fraud", "3", 2)),
            0);

    for (String type : List.of("", OPEN_METRICS)) {
      assertThat(text(type, metrics))
          .contains(
              "skeg_monitor_windows_total{model=\"fraud\",version=\"3\",arm=\"stable\",segment=\"\"} 7.0")
          .contains("skeg_monitor_dropped_rows_total{model=\"fraud\"")
          .contains("feature=\"age\",role=\"input\"} 6.5")
          .contains("state=\"drift\"} 1.0")
          .contains("skeg_monitor_failures_total{model=\"fraud\",version=\"3\"} 2.0")
          .contains(
              "skeg_alerts{model=\"fraud\",severity=\"page\",cause=\"missing\",state=\"raised\"} 1.0")
          .contains(
              "skeg_alerts{model=\"fraud\",severity=\"page\",cause=\"missing\",state=\"latched\"} 0.0")
          .contains(
              "skeg_alerts_raised_total{model=\"fraud\",severity=\"page\",cause=\"missing\"} 4.0");
    }
  }

  @Test
  void featuresBeyondTheFirstTwoHundredAreOneSeries() {
    FeatureSample[] features =
        IntStream.range(0, 1_000)
            .mapToObj(i -> new FeatureSample("f" + i, "input", "ok", i == 777 ? 3 : .1))
            .toArray(FeatureSample[]::new);

    String text =
        text("", new MonitorMetrics(List.of(key(features)), List.of(), List.of(), List.of(), 0));

    assertThat(text.lines().filter(line -> line.startsWith("skeg_monitor_feature_evidence_ratio{")))
        .hasSize(MonitorCollector.NAMED + 1)
        .anyMatch(line -> line.contains("feature=\"_others\"") && line.endsWith(" 3.0"));
  }

  @Test
  void aServerThatWatchesNothingSaysSo() {
    assertThat(text("", MonitorMetrics.NONE))
        .contains("skeg_monitor_unjudged_windows_total 0.0")
        .doesNotContain("skeg_alerts{");
  }
}
