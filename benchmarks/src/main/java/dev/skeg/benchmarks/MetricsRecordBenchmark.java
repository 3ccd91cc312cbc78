package dev.skeg.benchmarks;

import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.StageTimings;
import dev.skeg.runtime.telemetry.InferenceMetrics;
import dev.skeg.runtime.telemetry.ModelMetrics;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does it cost to count one answered request: its rows and five times? Run with {@code -prof
 * gc}; two threads at once, as two lanes would.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class MetricsRecordBenchmark {
  private final StageTimings timings = new StageTimings(12_000, 300, 8_500, 700);
  private ModelMetrics metrics;

  @Setup
  public void prepare() {
    metrics = new InferenceMetrics().forVersion(new ModelVersion("m", 1));
  }

  @Benchmark
  @Threads(1)
  public void oneThread() {
    metrics.recordSuccess(1, 21_500, timings);
  }

  @Benchmark
  @Threads(2)
  public void twoThreads() {
    metrics.recordSuccess(1, 21_500, timings);
  }
}
