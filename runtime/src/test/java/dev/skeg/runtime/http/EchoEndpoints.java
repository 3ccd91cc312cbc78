package dev.skeg.runtime.http;

import dev.skeg.runtime.backend.UnsupportedOutput;
import dev.skeg.runtime.endpoint.Endpoints;
import dev.skeg.runtime.endpoint.IndexEntry;
import dev.skeg.runtime.endpoint.ModelDescription;
import dev.skeg.runtime.endpoint.ModelRepository;
import dev.skeg.runtime.endpoint.ServerIdentity;
import dev.skeg.runtime.endpoint.ServerState;
import dev.skeg.runtime.model.Completion;
import dev.skeg.runtime.model.CopiedOutputs;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.InFlight;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.StageTimings;
import dev.skeg.runtime.model.TensorSpec;
import inference.ModelConfigOuterClass.ModelConfig;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Models without a model: {@code echo} answers with its inputs, each under its own name, or with
 * those asked for by name; {@code failing} fails; {@code busy} refuses; {@code held} answers once
 * the test says so. Nothing else is known.
 */
final class EchoEndpoints implements Endpoints {
  /** After which {@code busy} says that it may take a request: more than a second. */
  private static final long RETRY_AFTER_NANOS = 1_000_000_001;

  final AtomicInteger malformed = new AtomicInteger();

  /** Requests to {@code held}, to be answered by running them. */
  final BlockingQueue<Runnable> held = new LinkedBlockingQueue<>();

  /** Requests as they came; their tensors are not valid any more. */
  final BlockingQueue<InferenceRequest> requests = new LinkedBlockingQueue<>();

  /** Outputs handed out and not yet closed. */
  final AtomicInteger openOutputs = new AtomicInteger();

  /** One permit for each that was closed. */
  final Semaphore closedOutputs = new Semaphore(0);

  /** One permit for each time that a request to {@code held} was cancelled. */
  final Semaphore cancelled = new Semaphore(0);

  private final Executor executor;

  /**
   * @param executor answers are given on
   */
  EchoEndpoints(Executor executor) {
    this.executor = executor;
  }

  /**
   * Returns a server's answers over these models.
   *
   * @param large runs what would hold up an event loop
   */
  RestApi api(HttpConfig config, Executor large) {
    return new RestApi(
        config,
        new ServerIdentity("skeg", "1", List.of()),
        this,
        ModelRepository.NONE,
        new ServerState(),
        large);
  }

  /**
   * Returns connections to a server with these models, which does everything on their event loop.
   */
  HttpConnections connections() {
    HttpConfig config = HttpConfig.of("127.0.0.1", 0);
    return new HttpConnections(config, api(config, Runnable::run));
  }

  @Override
  public InFlight infer(
      InferenceRequest request, @Nullable Executor eventLoop, Completion completion) {
    requests.add(request);
    switch (request.model()) {
      case "echo" -> executor.execute(() -> completion.complete(echo(request)));
      case "held" -> {
        held.add(() -> completion.complete(echo(request)));
        return cancelled::release;
      }
      case "failing" ->
          completion.complete(
              new InferenceResult.Failed(new ModelVersion("failing", 1), "the engine broke"));
      case "busy" ->
          completion.complete(
              new InferenceResult.Rejected(
                  ErrorCode.UNAVAILABLE, "Exceeds maximum queue size", RETRY_AFTER_NANOS));
      default ->
          completion.complete(
              new InferenceResult.Rejected(ErrorCode.INVALID_ARGUMENT, unknown(request.model())));
    }
    return InFlight.DONE;
  }

  private static String unknown(String model) {
    return "Request for unknown model: '" + model + "' is not found";
  }

  private InferenceResult echo(InferenceRequest request) {
    List<String> wanted = request.outputs();
    openOutputs.incrementAndGet();
    InferenceOutputs outputs =
        new CopiedOutputs(
            request.inputs().stream()
                .filter(input -> wanted.isEmpty() || wanted.contains(input.name()))
                .toList(),
            () -> {
              openOutputs.decrementAndGet();
              closedOutputs.release();
            });
    return new InferenceResult.Completed(
        new ModelVersion(request.model(), 3),
        outputs,
        new StageTimings(1_500, 2_000, 3_000_000, 0));
  }

  @Override
  public void countMalformed() {
    malformed.incrementAndGet();
  }

  @Override
  public boolean isReady(String model, String version) {
    return model.equals("echo") && (version.isEmpty() || version.equals("3"));
  }

  @Override
  public ModelDescription describe(String model, String version) {
    if (!model.equals("echo") && !model.equals("a/b c")) {
      throw new ServingException(ErrorCode.INVALID_ARGUMENT, unknown(model));
    }
    if (!version.isEmpty() && !version.equals("3")) {
      throw new ServingException(
          ErrorCode.NOT_FOUND, "model '" + model + "' has no version " + version);
    }
    ModelConfig.Builder config =
        ModelConfig.newBuilder().setName(model).setPlatform("onnxruntime_onnx").setMaxBatchSize(8);
    config.addInputBuilder().setName("x").addDims(-1).addDims(1L << 40);
    config.putParameters(
        "k",
        inference.ModelConfigOuterClass.ModelParameter.newBuilder().setStringValue("v").build());
    config.getDynamicBatchingBuilder().setMaxQueueDelayMicroseconds(-1L);
    return new ModelDescription(
        new ModelVersion(model, 3),
        List.of("1", "3"),
        "onnxruntime_onnx",
        new Signature(
            List.of(new TensorSpec("x", DataType.FP32, Shape.of(-1, 4), false)),
            List.of(new TensorSpec("y", DataType.BYTES, Shape.of(-1), false))),
        config.build(),
        List.of(new UnsupportedOutput("maps", "a sequence of maps")));
  }

  @Override
  public List<IndexEntry> index(boolean readyOnly) {
    IndexEntry ready = new IndexEntry("echo", "3", "READY", "");
    return readyOnly
        ? List.of(ready)
        : List.of(ready, new IndexEntry("broken", "1", "UNAVAILABLE", "no such file"));
  }
}
