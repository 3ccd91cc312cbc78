package dev.skeg.runtime.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.StageTimings;
import dev.skeg.runtime.telemetry.PrometheusExporter.ModelState;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** What is counted, and how it is read. */
final class InferenceMetricsTest {
  private final InferenceMetrics metrics = new InferenceMetrics();
  private final PrometheusExporter exporter =
      new PrometheusExporter(
          metrics,
          () -> List.of(new ModelState("m", "1", "READY")),
          () -> MonitorMetrics.NONE,
          "1.2.3");

  @Test
  void noCountIsLostWhenManyThreadsRecordWhileOthersRead() throws Exception {
    ModelMetrics recorder = metrics.forVersion(new ModelVersion("m", 1));
    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      List<Future<?>> done = new ArrayList<>();
      for (int i = 0; i < 7; i++) {
        done.add(
            threads.submit(() -> {
              for (int n = 0; n < 20_000; n++) {
                recorder.recordSuccess(3, 5_000, new StageTimings(1_000, 0, 4_000, 0));
                recorder.recordFailure(FailureReason.OTHER);
              }
            }));
      }
      done.add(threads.submit(() -> exporter.text(exporter.contentType(""))));
      for (Future<?> each : done) {
        each.get();
      }
    }

    assertThat(recorder.successes().requests()).isEqualTo(140_000);
    assertThat(recorder.successes().rows()).isEqualTo(420_000);
    assertThat(recorder.failures(FailureReason.OTHER)).isEqualTo(140_000);
    assertThat(recorder.successes().nanos(Stage.INFER)).isEqualTo(140_000L * 4_000);
  }

  @Test
  void aTimeFallsIntoTheBucketThatItsBoundIncludes() {
    assertThat(LatencyBuckets.of(0)).isZero();
    assertThat(LatencyBuckets.of(1_000)).isZero();
    assertThat(LatencyBuckets.of(1_001)).isEqualTo(1);
    assertThat(LatencyBuckets.of(50_000_000_000L)).isEqualTo(23);
    assertThat(LatencyBuckets.boundSeconds(23)).isEqualTo(50);
    assertThat(LatencyBuckets.of(50_000_000_001L)).isEqualTo(24);
    assertThat(LatencyBuckets.boundSeconds(24)).isInfinite();
  }

  @Test
  void tritonsCountersKeepTheirNamesAndHistogramsAreCumulative() {
    ModelMetrics recorder = metrics.forVersion(new ModelVersion("m", 1));
    recorder.recordSuccess(2, 3_000, new StageTimings(500, 0, 2_500, 0));
    recorder.recordSuccess(2, 30_000, new StageTimings(500, 0, 2_500, 0));
    recorder.pendingStarted();

    String text = exporter.text(exporter.contentType(""));

    assertThat(text)
        .contains("# TYPE nv_inference_count untyped")
        .contains("nv_inference_count{model=\"m\",version=\"1\",} 4.0")
        .contains("nv_inference_request_duration_us{model=\"m\",version=\"1\",} 33.0")
        .contains("nv_inference_pending_request_count{model=\"m\",version=\"1\",} 1.0")
        .contains("# TYPE skeg_inference_stage_seconds histogram")
        .contains("{model=\"m\",version=\"1\",stage=\"total\",le=\"5.0E-6\",} 1.0")
        .contains("{model=\"m\",version=\"1\",stage=\"total\",le=\"+Inf\",} 2.0")
        .contains(
            "skeg_inference_stage_seconds_count{model=\"m\",version=\"1\",stage=\"total\",} 2.0")
        .contains("skeg_model_state{model=\"m\",version=\"1\",state=\"READY\",} 1.0")
        .contains("skeg_build_info{version=\"1.2.3\",} 1.0")
        .doesNotContain("nv_inference_count_total");
  }

  @Test
  void openMetricsIsSpokenToThoseWhoAskForIt() {
    String type = exporter.contentType("application/openmetrics-text; version=1.0.0");

    assertThat(type).startsWith("application/openmetrics-text");
    assertThat(exporter.text(type)).endsWith("# EOF\n");
  }

  @Test
  void aVersionThatIsRemovedHasNoSeriesAnyMore() {
    ModelVersion version = new ModelVersion("gone", 1);
    metrics.forVersion(version).recordFailure(FailureReason.BACKEND);

    metrics.remove(version);

    assertThat(exporter.text(exporter.contentType(""))).doesNotContain("\"gone\"");
  }
}
