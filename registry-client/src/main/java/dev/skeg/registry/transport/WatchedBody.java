package dev.skeg.registry.transport;

import java.net.http.HttpRequest.BodyPublisher;
import java.nio.ByteBuffer;
import java.util.concurrent.Flow;

/**
 * A request's body that knows when the connection last took some of it. <b>Threads.</b> The HTTP
 * client takes; whoever waits for the answer asks.
 */
final class WatchedBody implements BodyPublisher {
  private final BodyPublisher body;
  private volatile long takenNanos = System.nanoTime();

  WatchedBody(BodyPublisher body) {
    this.body = body;
  }

  /** Returns for how long nothing was taken: the body is through, or the connection is stuck. */
  long silentNanos(long nowNanos) {
    return nowNanos - takenNanos;
  }

  @Override
  public long contentLength() {
    return body.contentLength();
  }

  @Override
  public void subscribe(Flow.Subscriber<? super ByteBuffer> connection) {
    body.subscribe(
        new Flow.Subscriber<>() {
          @Override
          public void onSubscribe(Flow.Subscription subscription) {
            connection.onSubscribe(
                new Flow.Subscription() {
                  @Override
                  public void request(long count) {
                    takenNanos = System.nanoTime(); // What it had is written.
                    subscription.request(count);
                  }

                  @Override
                  public void cancel() {
                    subscription.cancel();
                  }
                });
          }

          @Override
          public void onNext(ByteBuffer piece) {
            takenNanos = System.nanoTime();
            connection.onNext(piece);
          }

          @Override
          public void onError(Throwable failure) {
            connection.onError(failure);
          }

          @Override
          public void onComplete() {
            connection.onComplete();
          }
        });
  }
}
