package dev.skeg.runtime.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.runtime.backend.onnx.OnnxRuntimeBackend;
import dev.skeg.runtime.config.ModelConfigFile;
import dev.skeg.runtime.model.Completion;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.InFlight;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.RequestTerms;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.os.Pace;
import dev.skeg.runtime.servable.LoadRequest;
import dev.skeg.runtime.servable.Loader;
import dev.skeg.runtime.servable.Servable;
import dev.skeg.runtime.servable.ServableHandle;
import dev.skeg.runtime.telemetry.InferenceMetrics;
import dev.skeg.runtime.telemetry.MonitorMetrics;
import dev.skeg.runtime.telemetry.PrometheusExporter;
import dev.skeg.runtime.testing.OnnxGraph;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A version loaded by the real engine, its batcher, and an event loop that a test turns by hand.
 */
final class TestVersion implements AutoCloseable {
  private static final int MAX_QUEUED = 64;

  final InferenceMetrics inferenceMetrics = new InferenceMetrics();
  final Queue<String> quarantined = new ConcurrentLinkedQueue<>();
  final Servable servable;
  final Batcher batcher;
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();

  TestVersion(OnnxRuntimeBackend backend, Path directory, byte[] model, String config, int lanes) {
    try {
      Path root = Files.createTempDirectory(directory, "version");
      Path file = Files.write(root.resolve("model.onnx"), model);
      Path configFile = Files.writeString(root.resolve("config.pbtxt"), config);
      ModelConfigFile read = ModelConfigFile.read(configFile, "m");
      this.servable =
          new Loader(backend)
              .load(
                  new LoadRequest(
                      new ModelVersion("m", 1),
                      file,
                      read.config(),
                      read.declaresMaxBatchSize(),
                      1),
                  Pace.AT_ONCE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.batcher =
        new Batcher(
            servable,
            BatchPolicy.of(servable.config()),
            lanes,
            MAX_QUEUED,
            inferenceMetrics.forVersion(servable.version()),
            quarantined::add);
  }

  /** The event loop: keeps tasks for {@link #turn}. */
  Executor eventLoop() {
    return tasks::add;
  }

  /** Runs the event loop's tasks. */
  void turn() {
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      task.run();
    }
  }

  InFlight submit(InferenceRequest request, @Nullable Executor eventLoop, Completion completion) {
    String error = servable.check().error(request);
    if (error != null) {
      throw new IllegalArgumentException(error);
    }
    ServableHandle handle = Objects.requireNonNull(servable.acquire());
    return batcher.submit(handle, request, servable.check().rows(request), eventLoop, completion);
  }

  /** Submits, and keeps the result. */
  CompletableFuture<InferenceResult> submit(
      InferenceRequest request, @Nullable Executor eventLoop) {
    CompletableFuture<InferenceResult> result = new CompletableFuture<>();
    submit(request, eventLoop, result::complete);
    return result;
  }

  /** A model {@code y = -x}, rows of three floats. */
  static byte[] negation() {
    return new OnnxGraph()
        .input("x", DataType.FP32, "n", 3)
        .output("y", DataType.FP32, "n", 3)
        .node("Neg", List.of("x"), List.of("y"))
        .build();
  }

  /** A row for {@link #negation}. */
  static InferenceRequest row(float first) {
    return row(first, RequestTerms.NONE);
  }

  static InferenceRequest row(float first, RequestTerms terms) {
    return request(terms, floats("x", new long[] {1, 3}, first, 2, 3));
  }

  static InferenceRequest request(RequestTerms terms, Tensor... inputs) {
    return new InferenceRequest("m", "", "", List.of(inputs), List.of(), terms, System.nanoTime());
  }

  static InferenceRequest request(Tensor... inputs) {
    return request(RequestTerms.NONE, inputs);
  }

  static Tensor floats(String name, long[] dims, float... values) {
    return new Tensor(name, DataType.FP32, Shape.of(dims), MemorySegment.ofArray(bytes(values)));
  }

  static byte[] bytes(float... values) {
    MemorySegment data = MemorySegment.ofArray(new byte[values.length * Float.BYTES]);
    for (int i = 0; i < values.length; i++) {
      data.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, values[i]);
    }
    return data.toArray(ValueLayout.JAVA_BYTE);
  }

  /** Returns the floats of an answer's first output, and closes it. */
  static float[] floats(InferenceResult result) {
    if (!(result instanceof InferenceResult.Completed completed)) {
      throw new AssertionError("not answered: " + result);
    }
    try (var outputs = completed.outputs()) {
      return outputs.get(0).data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    }
  }

  static InferenceResult get(CompletableFuture<InferenceResult> result) {
    try {
      return result.get(20, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError("no result", e);
    }
  }

  /** Returns a series of the metrics page. */
  long metric(String name) {
    String page =
        new PrometheusExporter(inferenceMetrics, List::of, () -> MonitorMetrics.NONE, "test")
            .text("text/plain; version=0.0.4; charset=utf-8");
    Matcher line = Pattern.compile("(?m)^" + name + "\\{[^}]*} ([0-9.e+]+)$").matcher(page);
    if (!line.find()) {
      throw new AssertionError(name + " is not in " + page);
    }
    return (long) Double.parseDouble(line.group(1));
  }

  @Override
  public void close() {
    try {
      servable.retire().get(20, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError("a claim is still held", e);
    }
    batcher.free();
    servable.free();
  }

  /** Submits a request, and notes its answer among the others when it comes. */
  static CompletableFuture<InferenceResult> inOrder(
      TestVersion version, InferenceRequest request, List<Float> order) {
    CompletableFuture<InferenceResult> done = new CompletableFuture<>();
    var _ =
        version.submit(
            request,
            null,
            result -> {
              order.add(-floats(result)[0]);
              done.complete(result);
            });
    return done;
  }

  /**
   * Returns the refusal of a request; fails if it was not refused, or as a mistake of the client.
   */
  static InferenceResult.Rejected refusal(CompletableFuture<InferenceResult> result) {
    if (!(get(result) instanceof InferenceResult.Rejected rejected)) {
      throw new AssertionError("not refused: " + get(result));
    }
    assertThat(rejected.code()).isEqualTo(ErrorCode.UNAVAILABLE);
    return rejected;
  }
}
