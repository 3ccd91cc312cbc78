package dev.skeg.runtime.telemetry;

import io.prometheus.client.Collector;
import io.prometheus.client.Collector.MetricFamilySamples;
import io.prometheus.client.Collector.MetricFamilySamples.Sample;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.GaugeMetricFamily;
import io.prometheus.client.exporter.common.TextFormat;
import io.prometheus.client.hotspot.BufferPoolsExports;
import io.prometheus.client.hotspot.ClassLoadingExports;
import io.prometheus.client.hotspot.GarbageCollectorExports;
import io.prometheus.client.hotspot.MemoryPoolsExports;
import io.prometheus.client.hotspot.StandardExports;
import io.prometheus.client.hotspot.ThreadExports;
import io.prometheus.client.hotspot.VersionInfoExports;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Writes all metrics in Prometheus's text format or OpenMetrics. With {@link MonitorCollector} the
 * only class that knows the Prometheus client library.
 *
 * <p>Triton's metrics keep Triton's names, which end as dashboards expect and not in {@code
 * _total}: so they are one collector of type unknown.
 *
 * <p><b>Threads.</b> Any; the collectors of the virtual machine are made at the first call, because
 * they are what costs at start-up.
 */
public final class PrometheusExporter {
  private final InferenceMetrics inference;
  private final Supplier<List<ModelState>> modelStates;
  private final Supplier<List<SourceState>> sourceStates;
  private final Supplier<MonitorMetrics> monitor;
  private final String skegVersion;
  private @Nullable CollectorRegistry registry;

  /**
   * One version's state.
   *
   * @param state as {@code READY}
   */
  public record ModelState(String model, String version, String state) {}

  /**
   * How the source of one model is doing.
   *
   * @param failing by kind of failure, whether that is what is wrong
   * @param lastSuccessSeconds when its pointer was last looked up, since 1970; NaN if never
   */
  public record SourceState(
      String model, Map<String, Boolean> failing, double lastSuccessSeconds) {}

  /** An exporter of a server whose models have no sources. */
  public PrometheusExporter(
      InferenceMetrics inference,
      Supplier<List<ModelState>> modelStates,
      Supplier<MonitorMetrics> monitor,
      String skegVersion) {
    this(inference, modelStates, List::of, monitor, skegVersion);
  }

  public PrometheusExporter(
      InferenceMetrics inference,
      Supplier<List<ModelState>> modelStates,
      Supplier<List<SourceState>> sourceStates,
      Supplier<MonitorMetrics> monitor,
      String skegVersion) {
    this.inference = inference;
    this.modelStates = modelStates;
    this.sourceStates = sourceStates;
    this.monitor = monitor;
    this.skegVersion = skegVersion;
  }

  /** Returns the content type to answer with, by a request's Accept header; empty for none. */
  public String contentType(String accept) {
    return TextFormat.chooseContentType(accept.isEmpty() ? null : accept);
  }

  /** Returns all metrics as text. */
  public String text(String contentType) {
    StringWriter text = new StringWriter();
    try {
      TextFormat.writeFormat(contentType, text, registry().metricFamilySamples());
    } catch (IOException e) {
      throw new UncheckedIOException("a string cannot fail", e);
    }
    return text.toString();
  }

  private synchronized CollectorRegistry registry() {
    if (registry == null) {
      registry = new CollectorRegistry();
      for (Collector collector :
          List.of(
              new InferenceCollector(),
              new SourceCollector(),
              new MonitorCollector(monitor),
              new StandardExports(),
              new MemoryPoolsExports(),
              new GarbageCollectorExports(),
              new ThreadExports(),
              new ClassLoadingExports(),
              new BufferPoolsExports(),
              new VersionInfoExports())) {
        registry.register(collector);
      }
    }
    return registry;
  }

  private final class SourceCollector extends Collector {
    @Override
    public List<MetricFamilySamples> collect() {
      GaugeMetricFamily failing =
          new GaugeMetricFamily(
              "skeg_source_failing",
              "1 for the kind of failure by which the version that a model's pointer means is not"
                  + " served",
              List.of("model", "kind"));
      GaugeMetricFamily lastSuccess =
          new GaugeMetricFamily(
              "skeg_source_last_success_timestamp_seconds",
              "When a model's pointer was last looked up at its source",
              List.of("model"));
      for (SourceState state : sourceStates.get()) {
        state
            .failing()
            .forEach((kind, is) -> failing.addMetric(List.of(state.model(), kind), is ? 1 : 0));
        if (!Double.isNaN(state.lastSuccessSeconds())) {
          lastSuccess.addMetric(List.of(state.model()), state.lastSuccessSeconds());
        }
      }
      return List.of(failing, lastSuccess);
    }
  }

  private final class InferenceCollector extends Collector {
    private static final List<String> LABELS = List.of("model", "version");

    @Override
    public List<MetricFamilySamples> collect() {
      List<MetricFamilySamples> families = new ArrayList<>();
      families.add(
          triton(
              "nv_inference_request_success",
              "Number of successful inference requests",
              metrics -> metrics.successes().requests()));
      families.add(failures());
      families.add(
          triton(
              "nv_inference_count",
              "Number of rows inferred",
              metrics -> metrics.successes().rows()));
      families.add(
          triton(
              "nv_inference_exec_count",
              "Number of model executions",
              metrics -> metrics.successes().executions()));
      families.add(pending());
      families.add(duration("nv_inference_request_duration_us", "all", Stage.TOTAL));
      families.add(duration("nv_inference_queue_duration_us", "queued", Stage.QUEUE));
      families.add(duration("nv_inference_compute_input_duration_us", "input", Stage.INPUT));
      families.add(duration("nv_inference_compute_infer_duration_us", "inference", Stage.INFER));
      families.add(duration("nv_inference_compute_output_duration_us", "output", Stage.OUTPUT));
      families.add(stages());
      families.add(states());
      families.add(
          total(
              "skeg_unknown_model_requests",
              "Number of requests for a model or version that is not served",
              inference.unknownModels()));
      families.add(
          total(
              "skeg_malformed_requests",
              "Number of inference requests that could not be read",
              inference.malformed()));
      GaugeMetricFamily build =
          new GaugeMetricFamily("skeg_build_info", "Version of Skeg", List.of("version"));
      build.addMetric(List.of(skegVersion), 1);
      families.add(build);
      return families;
    }

    private static List<String> labels(ModelMetrics metrics) {
      return List.of(metrics.version().model(), metrics.version().numberText());
    }

    private MetricFamilySamples triton(
        String name, String help, ToLongFunction<ModelMetrics> value) {
      List<Sample> samples = new ArrayList<>();
      for (ModelMetrics metrics : inference.all()) {
        samples.add(new Sample(name, LABELS, labels(metrics), (double) value.applyAsLong(metrics)));
      }
      return unknown(name, help + ", by model and version", samples);
    }

    private MetricFamilySamples duration(String name, String what, Stage stage) {
      return triton(
          name,
          "Cumulative time in microseconds: " + what,
          metrics -> metrics.successes().nanos(stage) / 1_000);
    }

    private MetricFamilySamples total(String name, String help, long value) {
      return unknown(name, help, List.of(new Sample(name, List.of(), List.of(), (double) value)));
    }

    private MetricFamilySamples unknown(String name, String help, List<Sample> samples) {
      return new MetricFamilySamples(name, Type.UNKNOWN, help, samples);
    }

    private MetricFamilySamples failures() {
      String name = "nv_inference_request_failure";
      List<Sample> samples = new ArrayList<>();
      for (ModelMetrics metrics : inference.all()) {
        for (FailureReason reason : FailureReason.values()) {
          samples.add(
              new Sample(
                  name,
                  List.of("model", "version", "reason"),
                  List.of(metrics.version().model(), metrics.version().numberText(), reason.name()),
                  metrics.failures(reason)));
        }
      }
      return unknown(name, "Number of failed inference requests, by reason", samples);
    }

    private MetricFamilySamples pending() {
      GaugeMetricFamily pending =
          new GaugeMetricFamily(
              "nv_inference_pending_request_count", "Requests queued or running", LABELS);
      for (ModelMetrics metrics : inference.all()) {
        pending.addMetric(labels(metrics), (double) metrics.pending());
      }
      return pending;
    }

    private MetricFamilySamples states() {
      GaugeMetricFamily states =
          new GaugeMetricFamily(
              "skeg_model_state",
              "1 for the state that a version is in",
              List.of("model", "version", "state"));
      for (ModelState state : modelStates.get()) {
        states.addMetric(List.of(state.model(), state.version(), state.state()), 1);
      }
      return states;
    }

    private MetricFamilySamples stages() {
      String name = "skeg_inference_stage_seconds";
      List<Sample> samples = new ArrayList<>();
      for (ModelMetrics metrics : inference.all()) {
        SuccessCounts.Totals totals = metrics.successes();
        for (Stage stage : Stage.values()) {
          add(samples, name, metrics, totals, stage);
        }
      }
      return new MetricFamilySamples(
          name, Type.HISTOGRAM, "Where the time of answered requests went, in seconds", samples);
    }

    private void add(
        List<Sample> samples,
        String name,
        ModelMetrics metrics,
        SuccessCounts.Totals totals,
        Stage stage) {
      List<String> names = List.of("model", "version", "stage");
      List<String> values =
          List.of(metrics.version().model(), metrics.version().numberText(), stage.label());
      long cumulative = 0;
      for (int bucket = 0; bucket < LatencyBuckets.COUNT; bucket++) {
        cumulative += totals.count(stage, bucket);
        List<String> bucketNames = new ArrayList<>(names);
        bucketNames.add("le");
        List<String> bucketValues = new ArrayList<>(values);
        bucketValues.add(doubleToGoString(LatencyBuckets.boundSeconds(bucket)));
        samples.add(new Sample(name + "_bucket", bucketNames, bucketValues, cumulative));
      }
      samples.add(new Sample(name + "_count", names, values, cumulative));
      samples.add(new Sample(name + "_sum", names, values, totals.nanos(stage) / 1e9));
    }
  }
}
