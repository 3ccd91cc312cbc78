package dev.skeg.runtime.grpc;

import dev.skeg.runtime.model.ServingException;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.InputStream;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A rare call as a function from generated request to generated response, which says what is wrong
 * by {@link ServingException}.
 *
 * <p>It differs from gRPC's own stubs in that a request that is not protobuf ends in {@code
 * INVALID_ARGUMENT}.
 */
final class UnaryMethod<Q, R> implements ServerCallHandler<UnaryMethod.Decoded<Q>, R> {
  private static final Logger log = LoggerFactory.getLogger(UnaryMethod.class);

  /** A request, or why there is none. */
  sealed interface Decoded<Q> {
    record Message<Q>(Q message) implements Decoded<Q> {}

    record Malformed<Q>(Status status) implements Decoded<Q> {}
  }

  private final String name;
  private final Function<Q, R> function;
  private final Executor executor;

  private UnaryMethod(String name, Function<Q, R> function, Executor executor) {
    this.name = name;
    this.function = function;
    this.executor = executor;
  }

  /** Returns a method that answers at once, on its event loop. */
  static <Q, R> ServerMethodDefinition<?, ?> of(
      MethodDescriptor<Q, R> method, Function<Q, R> function) {
    return of(method, function, Runnable::run);
  }

  /** Returns a method that may take its time, on a virtual thread for each call. */
  static <Q, R> ServerMethodDefinition<?, ?> blocking(
      MethodDescriptor<Q, R> method, Function<Q, R> function) {
    String name = "grpc-" + method.getBareMethodName();
    return of(method, function, task -> Thread.ofVirtual().name(name).start(task));
  }

  private static <Q, R> ServerMethodDefinition<?, ?> of(
      MethodDescriptor<Q, R> method, Function<Q, R> function, Executor executor) {
    String name = String.valueOf(method.getBareMethodName());
    return ServerMethodDefinition.create(
        method.toBuilder(
                new DecodingMarshaller<>(name, method.getRequestMarshaller()),
                method.getResponseMarshaller())
            .build(),
        new UnaryMethod<>(name, function, executor));
  }

  /** Returns a method that answers that it is not implemented, whatever is sent. */
  static <Q, R> ServerMethodDefinition<Q, R> unimplemented(MethodDescriptor<Q, R> method) {
    return ServerMethodDefinition.create(
        method,
        (call, headers) -> {
          call.close(
              Status.UNIMPLEMENTED.withDescription(
                  method.getBareMethodName() + " is not implemented by this server"),
              new Metadata());
          return new ServerCall.Listener<>() {};
        });
  }

  @Override
  public ServerCall.Listener<Decoded<Q>> startCall(
      ServerCall<Decoded<Q>, R> call, Metadata headers) {
    call.request(2);
    return new ServerCall.Listener<>() {
      private @Nullable Decoded<Q> received;
      private boolean twice;

      @Override
      public void onMessage(Decoded<Q> message) {
        twice = received != null;
        received = message;
      }

      @Override
      public void onHalfClose() {
        if (received == null || twice) {
          call.close(
              Status.INVALID_ARGUMENT.withDescription(
                  name + " takes one message, got " + (twice ? "more" : "0")),
              new Metadata());
          return;
        }
        switch (received) {
          case Decoded.Malformed<Q>(Status status) -> call.close(status, new Metadata());
          case Decoded.Message<Q>(Q message) -> executor.execute(() -> answer(call, message));
        }
      }
    };
  }

  private void answer(ServerCall<Decoded<Q>, R> call, Q request) {
    R response;
    try {
      response = function.apply(request);
    } catch (ServingException e) {
      call.close(Statuses.of(e), new Metadata());
      return;
    } catch (RuntimeException e) {
      log.error("{} failed", name, e);
      call.close(Status.INTERNAL.withDescription("internal error"), new Metadata());
      return;
    }
    call.sendHeaders(new Metadata());
    call.sendMessage(response);
    call.close(Status.OK, new Metadata());
  }

  private record DecodingMarshaller<Q>(String name, Marshaller<Q> generated)
      implements Marshaller<Decoded<Q>> {
    @Override
    public Decoded<Q> parse(InputStream stream) {
      try {
        return new Decoded.Message<>(generated.parse(stream));
      } catch (StatusRuntimeException e) {
        return new Decoded.Malformed<>(
            e.getStatus().getCode() == Status.Code.INTERNAL
                ? Status.INVALID_ARGUMENT.withDescription("malformed message to " + name)
                : e.getStatus());
      }
    }

    @Override
    public InputStream stream(Decoded<Q> value) {
      throw new UnsupportedOperationException("a server writes no requests");
    }
  }
}
