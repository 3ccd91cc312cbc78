package dev.skeg.benchmarks;

import dev.skeg.runtime.batch.BatchPolicy;
import dev.skeg.runtime.batch.Batcher;
import dev.skeg.runtime.endpoint.Endpoint;
import dev.skeg.runtime.endpoint.EndpointTable;
import dev.skeg.runtime.endpoint.VersionStatus;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.servable.LoadRequest;
import dev.skeg.runtime.servable.RecentRequests;
import dev.skeg.runtime.servable.Servable;
import dev.skeg.runtime.servable.VersionState;
import dev.skeg.runtime.telemetry.InferenceMetrics;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does it cost to find the version that a request names, among so many models? Asked by {@link
 * EndpointTable#isReady}, which looks up as {@code infer} does and does no more.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RouteBenchmark {
  @Param({"1", "64"})
  int models;

  private EndpointTable table;
  private String model;
  private String number;

  @Setup
  public void prepare() {
    InferenceMetrics metrics = new InferenceMetrics();
    Servable servable = IdleBackend.servable();
    Batcher batcher =
        new Batcher(
            servable,
            BatchPolicy.of(servable.config()),
            1,
            1,
            metrics.forVersion(servable.version()),
            reason -> {});
    table = new EndpointTable(metrics);
    for (int i = 0; i < models; i++) {
      String name = "team-" + i + "-model";
      table.publish(
          new Endpoint(
              name,
              List.of(
                  new VersionStatus(
                      new ModelVersion(name, 1),
                      "",
                      VersionState.READY,
                      Instant.EPOCH,
                      "",
                      new VersionStatus.Ready(
                          new LoadRequest(
                              new ModelVersion(name, 1),
                              Path.of("model.onnx"),
                              servable.config(),
                              false,
                              1),
                          servable,
                          batcher,
                          new RecentRequests(new RecentRequests.Budget(), System.nanoTime())))),
              ""));
    }
    model = fromTheWire("team-" + models / 2 + "-model");
    number = fromTheWire("1");
  }

  /** A name as a request brings it: equal to the table's, but another object. */
  private static String fromTheWire(String name) {
    return new String(name.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }

  @Benchmark
  public boolean newest() {
    return table.isReady(model, "");
  }

  @Benchmark
  public boolean byNumber() {
    return table.isReady(model, number);
  }
}
