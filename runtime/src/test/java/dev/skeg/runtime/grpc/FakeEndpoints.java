package dev.skeg.runtime.grpc;

import dev.skeg.runtime.endpoint.Endpoints;
import dev.skeg.runtime.endpoint.IndexEntry;
import dev.skeg.runtime.endpoint.ModelDescription;
import dev.skeg.runtime.model.Completion;
import dev.skeg.runtime.model.CopiedOutputs;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.InFlight;
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
 * Models for the transport's tests. {@code identity} answers with its inputs; {@code held} does so
 * once the test says so; {@code elsewhere} on another thread; {@code busy} refuses and says when to
 * come again; {@code rejected-CODE}, {@code failing} and {@code throwing} do as they are called.
 * Outputs lie in native memory and are counted.
 */
final class FakeEndpoints implements Endpoints {
  /** After which {@code busy} says that it may take a request: more than two milliseconds. */
  private static final long RETRY_AFTER_NANOS = 2_000_001;

  final AtomicInteger malformed = new AtomicInteger();

  final AtomicInteger openOutputs = new AtomicInteger();
  final AtomicInteger closedOutputs = new AtomicInteger();
  final BlockingQueue<Runnable> held = new LinkedBlockingQueue<>();
  final BlockingQueue<InferenceRequest> requests = new LinkedBlockingQueue<>();

  /** One permit for each time that a request to {@code held} was given up or had ended. */
  final Semaphore cancelled = new Semaphore(0);

  /** Of the latest request. */
  volatile @Nullable Executor eventLoop;

  /** Returns once every output there was is closed: large ones are when they have been written. */
  void awaitClosedOutputs() {
    long deadline = System.nanoTime() + TestServer.LONG.toNanos();
    while (openOutputs.get() > 0) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError(openOutputs + " outputs are not closed");
      }
      Thread.onSpinWait();
    }
  }

  @Override
  public InFlight infer(
      InferenceRequest request, @Nullable Executor askedFrom, Completion completion) {
    eventLoop = askedFrom;
    requests.add(request);
    String model = request.model();
    if (model.equals("identity")) {
      completion.complete(identity(request));
    } else if (model.equals("held")) {
      held.add(() -> completion.complete(identity(request)));
      return cancelled::release;
    } else if (model.equals("elsewhere")) {
      Thread.ofVirtual().start(() -> completion.complete(identity(request)));
    } else if (model.startsWith("rejected-")) {
      ErrorCode code = ErrorCode.valueOf(model.substring("rejected-".length()));
      completion.complete(new InferenceResult.Rejected(code, "rejected: " + code));
    } else if (model.equals("busy")) {
      completion.complete(
          new InferenceResult.Rejected(ErrorCode.UNAVAILABLE, "busy", RETRY_AFTER_NANOS));
    } else if (model.equals("failing")) {
      completion.complete(
          new InferenceResult.Failed(new ModelVersion(model, 1), "the engine said no"));
    } else if (model.equals("throwing")) {
      throw new IllegalStateException("a mistake of the server's own");
    } else {
      completion.complete(
          new InferenceResult.Rejected(
              ErrorCode.INVALID_ARGUMENT,
              "Request for unknown model: '" + model + "' is not found"));
    }
    return InFlight.DONE;
  }

  private InferenceResult identity(InferenceRequest request) {
    openOutputs.incrementAndGet();
    return new InferenceResult.Completed(
        new ModelVersion(request.model(), 3),
        new CopiedOutputs(
            request.inputs(),
            () -> {
              openOutputs.decrementAndGet();
              closedOutputs.incrementAndGet();
            }),
        new StageTimings(1_000, 2_000, 1_234_567, 3_000));
  }

  @Override
  public void countMalformed() {
    malformed.incrementAndGet();
  }

  @Override
  public boolean isReady(String model, String version) {
    return model.equals("identity") && (version.isEmpty() || version.equals("3"));
  }

  @Override
  public ModelDescription describe(String model, String version) {
    if (!model.equals("identity")) {
      throw new ServingException(
          ErrorCode.INVALID_ARGUMENT, "Request for unknown model: '" + model + "' is not found");
    }
    if (!version.isEmpty() && !version.equals("3")) {
      throw new ServingException(
          ErrorCode.NOT_FOUND,
          "Request for unknown model: 'identity' version " + version + " is not found");
    }
    return new ModelDescription(
        new ModelVersion("identity", 3),
        List.of("1", "3"),
        "onnxruntime_onnx",
        new Signature(
            List.of(new TensorSpec("in", DataType.FP32, Shape.of(-1, 9), false)),
            List.of(new TensorSpec("out", DataType.BYTES, Shape.of(-1), false))),
        ModelConfig.newBuilder().setName("identity").setMaxBatchSize(64).build(),
        List.of());
  }

  @Override
  public List<IndexEntry> index(boolean readyOnly) {
    IndexEntry ready = new IndexEntry("identity", "3", "READY", "");
    return readyOnly
        ? List.of(ready)
        : List.of(ready, new IndexEntry("broken", "1", "UNAVAILABLE", "no such operator"));
  }
}
