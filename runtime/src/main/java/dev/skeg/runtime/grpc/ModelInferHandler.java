package dev.skeg.runtime.grpc;

import dev.skeg.runtime.endpoint.Endpoints;
import dev.skeg.runtime.model.InFlight;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.InferenceResult;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The hot path: takes a decoded request, hands it to the endpoints, writes the answer.
 *
 * <p>The request's memory is given back before the answer is written, the outputs right after: once
 * {@code sendMessage} returns, every byte has been copied into the network's buffers. A call that
 * was cancelled runs through all the same, so that both are freed in one place; only the writing is
 * left out.
 *
 * <p><b>Threads.</b> A call's listener runs on its event loop; {@link Call#complete} on any thread,
 * after which nobody else touches the call.
 */
final class ModelInferHandler implements ServerCallHandler<InferCall, InferReply> {
  private static final Logger log = LoggerFactory.getLogger(ModelInferHandler.class);
  private static final Metadata.Key<String> ENCODING =
      Metadata.Key.of("grpc-encoding", Metadata.ASCII_STRING_MARSHALLER);

  /** When a client may try again, in milliseconds: gRPC's retry policies go by it. */
  private static final Metadata.Key<String> PUSHBACK =
      Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);

  private final Endpoints endpoints;
  private final Supplier<@Nullable Executor> eventLoop;

  /**
   * @param eventLoop the calling thread's, null if it is none
   */
  ModelInferHandler(Endpoints endpoints, Supplier<@Nullable Executor> eventLoop) {
    this.endpoints = endpoints;
    this.eventLoop = eventLoop;
  }

  @Override
  public ServerCall.Listener<InferCall> startCall(
      ServerCall<InferCall, InferReply> call, Metadata headers) {
    String encoding = headers.get(ENCODING);
    if (encoding != null && !encoding.equals("identity")) {
      call.setCompression(encoding); // Answered as asked, if the client reads that encoding.
    }
    call.request(2); // One more than is right, to notice a client that sends more.
    return new Call(call, ServerTiming.isRequested(headers));
  }

  private final class Call extends ServerCall.Listener<InferCall> {
    private final ServerCall<InferCall, InferReply> call;
    private final boolean timed;
    private @Nullable InferCall received;
    private @Nullable InFlight inFlight;
    private boolean over; // Closed or handed over; the listener has nothing left to do.

    Call(ServerCall<InferCall, InferReply> call, boolean timed) {
      this.call = call;
      this.timed = timed;
    }

    @Override
    public void onMessage(InferCall message) {
      if (received == null && !over) {
        received = message;
        return;
      }
      if (message instanceof InferCall.Valid valid) {
        valid.release();
      }
      refuse(Status.INVALID_ARGUMENT.withDescription("ModelInfer takes one message, got more"));
    }

    @Override
    public void onHalfClose() {
      if (over) {
        return;
      }
      switch (received) {
        case null ->
            refuse(Status.INVALID_ARGUMENT.withDescription("ModelInfer takes one message, got 0"));
        case InferCall.Invalid invalid -> {
          endpoints.countMalformed();
          refuse(invalid.status());
        }
        case InferCall.Valid valid -> {
          over = true;
          received = null;
          infer(valid);
        }
      }
    }

    @Override
    public void onCancel() {
      over = true;
      drop();
      if (inFlight != null) {
        inFlight.cancel();
      }
    }

    private void refuse(Status status) {
      if (!over) {
        over = true;
        drop();
        call.close(status, new Metadata());
      }
    }

    private void drop() {
      if (received instanceof InferCall.Valid valid) {
        received = null;
        valid.release();
      }
    }

    private void infer(InferCall.Valid valid) {
      InferenceRequest request = limited(valid.request());
      try {
        inFlight = endpoints.infer(request, eventLoop.get(), result -> complete(valid, result));
      } catch (RuntimeException e) {
        log.error("Request for model '{}' failed before it was answered", request.model(), e);
        // Not released: whoever threw may have passed the memory on. The collector finds it.
        call.close(Status.INTERNAL.withDescription("internal error"), new Metadata());
      }
    }

    /** The client's grpc-timeout, which gRPC has made a deadline of the call's context. */
    private static InferenceRequest limited(InferenceRequest request) {
      Deadline deadline = Context.current().getDeadline();
      if (deadline == null) {
        return request;
      }
      long sinceReceived = System.nanoTime() - request.receivedNanos();
      long left = deadline.timeRemaining(TimeUnit.NANOSECONDS);
      return request.withTimeout(Math.max(1, sinceReceived + left));
    }

    private void complete(InferCall.Valid valid, InferenceResult result) {
      InferenceRequest request = valid.request();
      valid.release();
      try {
        switch (result) {
          case InferenceResult.Completed completed -> reply(request, completed);
          case InferenceResult.Rejected rejected ->
              call.close(Statuses.of(rejected.code(), rejected.detail()), trailers(rejected));
          case InferenceResult.Failed failed ->
              call.close(Status.INTERNAL.withDescription(failed.detail()), new Metadata());
        }
      } catch (RuntimeException e) {
        log.error("Answer of model '{}' could not be written", request.model(), e);
        call.close(
            Status.INTERNAL.withDescription("the answer could not be written"), new Metadata());
      }
    }

    private static Metadata trailers(InferenceResult.Rejected rejected) {
      Metadata trailers = new Metadata();
      if (rejected.retryAfterNanos() > 0) {
        long millis = (rejected.retryAfterNanos() - 1) / 1_000_000 + 1;
        trailers.put(PUSHBACK, Long.toString(millis));
      }
      return trailers;
    }

    private void reply(InferenceRequest request, InferenceResult.Completed completed) {
      try (InferenceOutputs outputs = completed.outputs()) {
        if (call.isCancelled()) {
          return;
        }
        InferReply reply;
        try {
          reply = new InferReply(completed.servedBy(), request.id(), outputs);
        } catch (ArithmeticException e) {
          call.close(
              Status.RESOURCE_EXHAUSTED.withDescription(
                  "the answer of model '" + request.model() + "' exceeds 2 GiB"),
              new Metadata());
          return;
        }
        call.sendHeaders(new Metadata());
        call.sendMessage(reply);
      }
      Metadata trailers = new Metadata();
      if (timed) {
        trailers.put(
            ServerTiming.TRAILER,
            ServerTiming.format(completed.timings(), System.nanoTime() - request.receivedNanos()));
      }
      call.close(Status.OK, trailers);
    }
  }
}
