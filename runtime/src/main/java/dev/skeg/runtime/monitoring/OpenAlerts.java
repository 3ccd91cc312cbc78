package dev.skeg.runtime.monitoring;

import dev.skeg.monitor.alert.Alert;
import dev.skeg.monitor.alert.AlertFilter;
import dev.skeg.monitor.alert.Alerts;
import dev.skeg.runtime.telemetry.MonitorMetrics.AlertSample;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How many alerts are open, of each sort: counted when one changes, so that whoever asks reads no
 * disk, the first time apart.
 *
 * <p><b>Threads.</b> Any that may block.
 */
final class OpenAlerts {
  private final Alerts alerts;
  private volatile @Nullable List<AlertSample> counted;

  OpenAlerts(Alerts alerts) {
    this.alerts = alerts;
  }

  List<AlertSample> samples() {
    List<AlertSample> known = counted;
    return known == null ? count() : known;
  }

  /** Counts anew; of two calls the later one's count is what stays. */
  synchronized List<AlertSample> count() {
    Map<AlertSample, Long> open =
        alerts.find(AlertFilter.open()).stream()
            .collect(Collectors.groupingBy(OpenAlerts::sort, Collectors.counting()));
    List<AlertSample> samples = new ArrayList<>();
    open.forEach((sort, count) ->
        samples.add(
            new AlertSample(sort.model(), sort.severity(), sort.cause(), sort.state(), count)));
    counted = List.copyOf(samples);
    return samples;
  }

  private static AlertSample sort(Alert alert) {
    return new AlertSample(
        alert.key().model(),
        alert.severity().word(),
        alert.cause().word(),
        alert.state().word(),
        0);
  }
}
