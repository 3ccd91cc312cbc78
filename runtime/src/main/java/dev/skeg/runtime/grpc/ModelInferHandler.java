package dev.skeg.runtime.grpc;

import dev.skeg.runtime.endpoint.Endpoints;
import dev.skeg.runtime.model.Completion;
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
import io.netty.util.concurrent.FastThreadLocal;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
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
 */
final class ModelInferHandler implements ServerCallHandler<InferCall, InferReply> {
  private static final Logger log = LoggerFactory.getLogger(ModelInferHandler.class);
  private static final Metadata.Key<String> ENCODING =
      Metadata.Key.of("grpc-encoding", Metadata.ASCII_STRING_MARSHALLER);

  /** When a client may try again, in milliseconds: gRPC's retry policies go by it. */
  private static final Metadata.Key<String> PUSHBACK =
      Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);

  private static final VarHandle CLOSED;

  static {
    try {
      CLOSED = MethodHandles.lookup().findVarHandle(Call.class, "closed", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Endpoints endpoints;
  private final OpenInfers open;
  private final FastThreadLocal<InferReply> replies =
      new FastThreadLocal<>() {
        @Override
        protected InferReply initialValue() {
          return new InferReply();
        }
      };

  ModelInferHandler(Endpoints endpoints, OpenInfers open) {
    this.endpoints = endpoints;
    this.open = open;
  }

  @Override
  public ServerCall.Listener<InferCall> startCall(
      ServerCall<InferCall, InferReply> call, Metadata headers) {
    if (open.isStopped()) {
      call.close(shuttingDown(), new Metadata());
      return new ServerCall.Listener<>() {};
    }
    String encoding = headers.get(ENCODING);
    if (encoding != null && !encoding.equals("identity")) {
      call.setCompression(encoding); // Answered as asked, if the client reads that encoding.
    }
    call.request(2); // One more than is right, to notice a client that sends more.
    Call started = new Call(call, open.here(), ServerTiming.isRequested(headers));
    started.loop.add(started);
    return started;
  }

  private static Status shuttingDown() {
    return Status.UNAVAILABLE.withDescription("the server is shutting down");
  }

  /**
   * One call. Exactly one of its answer, its refusal and the server's stop closes it.
   *
   * <p><b>Threads.</b> A listener on its event loop; {@link #complete} on any thread.
   */
  private final class Call extends OpenInfers.Link implements Completion {
    private final ServerCall<InferCall, InferReply> call;
    private final OpenInfers.Loop loop;
    private final boolean timed;
    private @Nullable InferCall received; // From handing over on, what complete() gives back.
    private @Nullable InFlight inFlight;
    private boolean over; // Refused, cancelled or handed over: the listener takes nothing more.

    @SuppressWarnings("UnusedVariable") // By CLOSED.
    private volatile boolean closed;

    Call(ServerCall<InferCall, InferReply> call, OpenInfers.Loop loop, boolean timed) {
      this.call = call;
      this.loop = loop;
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
          infer(valid.request());
        }
      }
    }

    @Override
    public void onCancel() {
      loop.remove(this);
      drop();
      over = true;
      if (inFlight != null) {
        inFlight.cancel();
      }
    }

    @Override
    public void onComplete() {
      loop.remove(this);
    }

    @Override
    void endEarly() {
      drop();
      over = true;
      close(shuttingDown(), new Metadata());
    }

    private void refuse(Status status) {
      if (!over) {
        drop();
        over = true;
        close(status, new Metadata());
      }
    }

    /** Frees a message that was not handed over. */
    private void drop() {
      if (!over && received instanceof InferCall.Valid valid) {
        received = null;
        valid.release();
      }
    }

    private boolean mayClose() {
      return CLOSED.compareAndSet(this, false, true);
    }

    private void close(Status status, Metadata trailers) {
      if (mayClose()) {
        call.close(status, trailers);
      }
    }

    private void infer(InferenceRequest request) {
      try {
        inFlight = endpoints.infer(limited(request), loop.executor(), this);
      } catch (RuntimeException e) {
        log.error("Request for model '{}' failed before it was answered", request.model(), e);
        // Not released: whoever threw may have passed the memory on. The collector finds it.
        close(Status.INTERNAL.withDescription("internal error"), new Metadata());
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

    @Override
    public void complete(InferenceResult result) {
      if (!(received instanceof InferCall.Valid valid)) {
        throw new IllegalStateException("a call is completed once, after it was handed over");
      }
      InferenceRequest request = valid.request();
      valid.release();
      try {
        switch (result) {
          case InferenceResult.Completed completed -> reply(request, completed);
          case InferenceResult.Rejected rejected ->
              close(Statuses.of(rejected.code(), rejected.detail()), trailers(rejected));
          case InferenceResult.Failed failed ->
              close(Status.INTERNAL.withDescription(failed.detail()), new Metadata());
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
      InferReply reply = replies.get();
      try (InferenceOutputs outputs = completed.outputs()) {
        if (call.isCancelled() || !mayClose()) {
          return;
        }
        try {
          reply.start(completed.servedBy(), request.id(), outputs);
        } catch (ArithmeticException e) {
          call.close(
              Status.RESOURCE_EXHAUSTED.withDescription(
                  "the answer of model '" + request.model() + "' exceeds 2 GiB"),
              new Metadata());
          return;
        }
        call.sendHeaders(new Metadata());
        call.sendMessage(reply);
      } finally {
        reply.end();
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
