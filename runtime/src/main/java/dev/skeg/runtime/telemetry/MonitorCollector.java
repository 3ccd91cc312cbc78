package dev.skeg.runtime.telemetry;

import dev.skeg.runtime.telemetry.MonitorMetrics.AlertSample;
import dev.skeg.runtime.telemetry.MonitorMetrics.FeatureSample;
import dev.skeg.runtime.telemetry.MonitorMetrics.KeySample;
import io.prometheus.client.Collector;
import io.prometheus.client.CounterMetricFamily;
import io.prometheus.client.GaugeMetricFamily;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * The monitor's metrics.
 *
 * <p>Cardinality is bounded: of a key the first {@value #NAMED} features have series of their own,
 * in the model's order, so that a series never comes and goes; the loudest of the others is
 * exported under the name {@value #OTHERS}.
 */
final class MonitorCollector extends Collector {
  static final int NAMED = 200;
  static final String OTHERS = "_others";

  private static final List<String> KEY = List.of("model", "version", "arm", "segment");
  private static final List<String> ALERT = List.of("model", "severity", "cause");

  private final Supplier<MonitorMetrics> metrics;

  MonitorCollector(Supplier<MonitorMetrics> metrics) {
    this.metrics = metrics;
  }

  @Override
  public List<MetricFamilySamples> collect() {
    MonitorMetrics now = metrics.get();
    List<MetricFamilySamples> families = new ArrayList<>();
    families.add(
        counter(now, "skeg_monitor_windows", "Windows that have closed", KeySample::windows));
    families.add(
        counter(now, "skeg_monitor_rows", "Rows in windows that have closed", KeySample::rows));
    families.add(
        counter(
            now,
            "skeg_monitor_dropped_rows",
            "Rows that were not recorded since the monitor was behind",
            KeySample::dropped));
    families.add(
        counter(
            now,
            "skeg_monitor_late_rows",
            "Rows that came after their window had closed",
            KeySample::late));
    GaugeMetricFamily end =
        new GaugeMetricFamily(
            "skeg_monitor_last_window_end_timestamp_seconds",
            "End of the last window, in event time",
            KEY);
    now.keys().stream()
        .filter(key -> key.lastWindowEnd() > 0)
        .forEach(key -> end.addMetric(labels(key), key.lastWindowEnd()));
    families.add(end);
    families.add(states(now));
    families.add(evidence(now));
    families.addAll(alerts(now));
    CounterMetricFamily failures =
        new CounterMetricFamily(
            "skeg_monitor_failures",
            "How often rows could not be recorded, by a mistake of the monitor's own",
            List.of("model", "version"));
    now.failures()
        .forEach(each ->
            failures.addMetric(List.of(each.model(), each.version()), (double) each.count()));
    families.add(failures);
    CounterMetricFamily unjudged =
        new CounterMetricFamily(
            "skeg_monitor_unjudged_windows",
            "Windows that were not judged since the judge was behind",
            List.of());
    unjudged.addMetric(List.of(), (double) now.unjudged());
    families.add(unjudged);
    return families;
  }

  private static List<String> labels(KeySample key) {
    return List.of(key.model(), key.version(), key.arm(), key.segment());
  }

  private static List<String> with(List<String> some, String... more) {
    List<String> all = new ArrayList<>(some);
    all.addAll(List.of(more));
    return all;
  }

  private static MetricFamilySamples counter(
      MonitorMetrics now, String name, String help, ToDoubleFunction<KeySample> value) {
    CounterMetricFamily family = new CounterMetricFamily(name, help, KEY);
    now.keys().forEach(key -> family.addMetric(labels(key), value.applyAsDouble(key)));
    return family;
  }

  private static MetricFamilySamples states(MonitorMetrics now) {
    GaugeMetricFamily family =
        new GaugeMetricFamily(
            "skeg_monitor_features",
            "Features and outputs by what the last window says of them",
            with(KEY, "state"));
    for (KeySample key : now.keys()) {
      for (String state : List.of("ok", "drift", "insufficient")) {
        long count = key.features().stream().filter(each -> each.state().equals(state)).count();
        family.addMetric(with(labels(key), state), (double) count);
      }
    }
    return family;
  }

  private static MetricFamilySamples evidence(MonitorMetrics now) {
    GaugeMetricFamily family =
        new GaugeMetricFamily(
            "skeg_monitor_feature_evidence_ratio",
            "Evidence of drift as a part of what a page needs: 1 is enough",
            with(KEY, "feature", "role"));
    for (KeySample key : now.keys()) {
      List<FeatureSample> features = key.features();
      for (FeatureSample feature : features.subList(0, Math.min(NAMED, features.size()))) {
        family.addMetric(with(labels(key), feature.name(), feature.role()), feature.evidence());
      }
      if (features.size() > NAMED) {
        double loudest =
            features.subList(NAMED, features.size()).stream()
                .mapToDouble(FeatureSample::evidence)
                .filter(evidence -> !Double.isNaN(evidence))
                .max()
                .orElse(Double.NaN);
        family.addMetric(with(labels(key), OTHERS, ""), loudest);
      }
    }
    return family;
  }

  private static List<MetricFamilySamples> alerts(MonitorMetrics now) {
    GaugeMetricFamily open =
        new GaugeMetricFamily("skeg_alerts", "Alerts that are open", with(ALERT, "state"));
    CounterMetricFamily raised =
        new CounterMetricFamily("skeg_alerts_raised", "Alerts since the start", ALERT);
    // A sort that is gone stays at 0, so that whoever watches sees it go.
    Map<List<String>, Double> counts = new TreeMap<>(MonitorCollector::compare);
    for (AlertSample sample : now.raised()) {
      List<String> sort = List.of(sample.model(), sample.severity(), sample.cause());
      raised.addMetric(sort, sample.count());
      for (String state : List.of("raised", "acknowledged", "latched")) {
        counts.put(with(sort, state), 0.0);
      }
    }
    for (AlertSample sample : now.alerts()) {
      counts.put(
          List.of(sample.model(), sample.severity(), sample.cause(), sample.state()),
          sample.count());
    }
    counts.forEach(open::addMetric);
    return List.of(open, raised);
  }

  private static int compare(List<String> one, List<String> other) {
    return String.join("\0", one).compareTo(String.join("\0", other));
  }
}
