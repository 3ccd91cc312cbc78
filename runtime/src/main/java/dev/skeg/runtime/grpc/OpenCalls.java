package dev.skeg.runtime.grpc;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The calls there are of services that are not ours, so that a stop can end those that will not end
 * by themselves: with a status that tells the client to go elsewhere, where a connection that is
 * merely closed tells it nothing. {@link InferLoops} does so for the calls that must cost nothing.
 *
 * <p><b>Threads.</b> Any; a call is locked while a message is written to it or it is closed, since
 * the stop is one more thread than gRPC reckons with. Nobody ever waits for that lock but at a
 * stop.
 */
final class OpenCalls implements ServerInterceptor {
  private final Set<OpenCall<?, ?>> open = ConcurrentHashMap.newKeySet();
  private volatile boolean stopped;

  /** Ends all of them, and every later one. */
  void endAll() {
    stopped = true;
    open.forEach(OpenCall::end);
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    OpenCall<Q, R> tracked = new OpenCall<>(call);
    open.add(tracked);
    ServerCall.Listener<Q> listener =
        new SimpleForwardingServerCallListener<>(next.startCall(tracked, headers)) {
          @Override
          public void onCancel() {
            open.remove(tracked);
            super.onCancel();
          }

          @Override
          public void onComplete() {
            open.remove(tracked);
            super.onComplete();
          }
        };
    if (stopped) {
      tracked.end();
    }
    return listener;
  }

  private static final class OpenCall<Q, R> extends SimpleForwardingServerCall<Q, R> {
    private boolean closed;

    OpenCall(ServerCall<Q, R> call) {
      super(call);
    }

    synchronized void end() {
      close(Status.UNAVAILABLE.withDescription("the server is shutting down"), new Metadata());
    }

    @Override
    public synchronized void sendHeaders(Metadata headers) {
      if (!closed) {
        super.sendHeaders(headers);
      }
    }

    @Override
    public synchronized void sendMessage(R message) {
      if (!closed) {
        super.sendMessage(message);
      }
    }

    @Override
    public synchronized void close(Status status, Metadata trailers) {
      if (!closed) {
        closed = true;
        super.close(status, trailers);
      }
    }
  }
}
