package dev.skeg.runtime.control;

import dev.skeg.runtime.backend.onnx.OnnxRuntimeBackend;
import dev.skeg.runtime.config.ModelConfigFile;
import dev.skeg.runtime.config.SwapPolicy;
import dev.skeg.runtime.config.VersionsConfig;
import dev.skeg.runtime.endpoint.Endpoint;
import dev.skeg.runtime.endpoint.EndpointTable;
import dev.skeg.runtime.endpoint.IndexEntry;
import dev.skeg.runtime.endpoint.VersionStatus;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.RequestTerms;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.servable.LoadRequest;
import dev.skeg.runtime.servable.Loader;
import dev.skeg.runtime.telemetry.InferenceMetrics;
import dev.skeg.runtime.testing.OnnxModels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A control with the real engine, whose plans a test writes by hand, and a client of its models.
 */
final class ControlledModels implements AutoCloseable {
  static final String MODEL = "m";

  final EndpointTable endpoints;
  final ModelControl control;
  final Path directory;
  private final OnnxRuntimeBackend backend;

  /** How much memory there is, in bytes. */
  final AtomicLong available = new AtomicLong(Long.MAX_VALUE);

  ControlledModels(Path directory) {
    this.directory = directory;
    this.backend = new OnnxRuntimeBackend(directory);
    InferenceMetrics metrics = new InferenceMetrics();
    this.endpoints = new EndpointTable(metrics);
    this.control =
        new ModelControl(
            new Loader(backend),
            endpoints,
            metrics,
            Clock.systemUTC(),
            VersionObserver.NONE,
            new MemoryAdmission(available::get, () -> 0));
  }

  /** Writes a version that adds its number. */
  VersionPlan.Load adding(int number) {
    return load(number, "digest " + number, OnnxModels.adding(number));
  }

  VersionPlan.Load load(long number, String digest, byte[] model) {
    return load(number, digest, model, ModelConfigFile.ABSENT);
  }

  VersionPlan.Load load(long number, String digest, byte[] model, ModelConfigFile config) {
    try {
      Path file =
          Files.write(Files.createTempDirectory(directory, "version").resolve("model.onnx"), model);
      LoadRequest request =
          new LoadRequest(
              new ModelVersion(MODEL, number),
              file,
              config.config(),
              config.declaresMaxBatchSize(),
              1);
      return new VersionPlan.Load(digest, request, 2, 1024);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static ModelPlan plan(VersionPlan... versions) {
    return plan(VersionsConfig.DEFAULT, versions);
  }

  static ModelPlan plan(VersionsConfig handling, VersionPlan... versions) {
    return new ModelPlan(MODEL, List.of(versions), "", handling, false);
  }

  static VersionsConfig labelled(int previous, Map<String, Long> labels) {
    return new VersionsConfig(SwapPolicy.LOAD_FIRST, previous, Optional.empty(), labels);
  }

  static VersionsConfig keeping(int previous) {
    return new VersionsConfig(SwapPolicy.LOAD_FIRST, previous);
  }

  static <T extends @Nullable Object> T get(CompletableFuture<T> future) {
    try {
      return future.get(60, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError("not done", e);
    }
  }

  /** Carries plans out, one after the other. */
  Endpoint apply(ModelPlan... plans) {
    Endpoint endpoint = null;
    for (ModelPlan plan : plans) {
      endpoint = get(control.apply(plan));
    }
    return Objects.requireNonNull(endpoint);
  }

  static InferenceRequest request(String version, float x) {
    MemorySegment data = MemorySegment.ofArray(new byte[Float.BYTES]);
    data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 0, x);
    return new InferenceRequest(
        MODEL,
        version,
        "",
        List.of(new Tensor("x", DataType.FP32, Shape.of(1, 1), data)),
        List.of(),
        RequestTerms.NONE,
        System.nanoTime());
  }

  InferenceResult infer(InferenceRequest request) {
    CompletableFuture<InferenceResult> result = new CompletableFuture<>();
    endpoints.infer(request, null, result::complete);
    return get(result);
  }

  /** Asks for 0 plus what the version adds; returns that, which is its number. */
  float ask(String version) {
    return value(infer(request(version, 0)));
  }

  static float value(InferenceResult result) {
    if (!(result instanceof InferenceResult.Completed completed)) {
      throw new AssertionError("not answered: " + result);
    }
    try (var outputs = completed.outputs()) {
      return outputs.get(0).data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0);
    }
  }

  VersionStatus status(long number) {
    return endpoints.snapshot().stream()
        .filter(endpoint -> endpoint.model().equals(MODEL))
        .flatMap(endpoint -> endpoint.versions().stream())
        .filter(status -> status.version().number() == number)
        .findFirst()
        .orElseThrow(() -> new AssertionError("no version " + number));
  }

  VersionStatus.Ready ready(long number) {
    return Objects.requireNonNull(status(number).ready());
  }

  /** Returns the index as {@code 1 READY}, lowest version first. */
  List<String> index() {
    return endpoints.index(false).stream().map(ControlledModels::line).toList();
  }

  /** Waits until the index is that. */
  void awaitIndex(String... lines) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!index().equals(List.of(lines))) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("the index stays " + index());
      }
      get(control.forget("another")); // The control thread has been round once more.
    }
  }

  private static String line(IndexEntry entry) {
    return entry.version() + " " + entry.state();
  }

  @Override
  public void close() {
    control.close();
    backend.close();
  }
}
