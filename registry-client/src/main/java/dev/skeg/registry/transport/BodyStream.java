package dev.skeg.registry.transport;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A response body whose reader gives up after a silence: the JDK's own stream would wait for ever.
 *
 * <p>One item is asked for at a time, so at most one chunk and the end wait in the queue.
 * <b>Threads.</b> The HTTP client puts into the queue; one reader owns everything else.
 */
final class BodyStream extends InputStream implements BodySubscriber<InputStream> {
  /** What the client hands over: a chunk, or the end with its cause. */
  private record Item(List<ByteBuffer> chunk, boolean end, @Nullable Throwable failure) {}

  private static final Flow.Subscription NOTHING =
      new Flow.Subscription() {
        @Override
        public void request(long count) {}

        @Override
        public void cancel() {}
      };

  private final Duration readTimeout;
  private final LinkedBlockingQueue<Item> items = new LinkedBlockingQueue<>();
  private final AtomicReference<Flow.@Nullable Subscription> subscription = new AtomicReference<>();
  private final ArrayDeque<ByteBuffer> ready = new ArrayDeque<>();
  private boolean ended;
  private boolean closed;

  BodyStream(Duration readTimeout) {
    this.readTimeout = readTimeout;
  }

  @Override
  public CompletionStage<InputStream> getBody() {
    return CompletableFuture.completedFuture(this);
  }

  @Override
  public void onSubscribe(Flow.Subscription value) {
    if (subscription.compareAndSet(null, value)) {
      value.request(1);
    } else {
      value.cancel(); // Closed before it began.
    }
  }

  @Override
  public void onNext(List<ByteBuffer> chunk) {
    items.add(new Item(chunk, false, null));
  }

  @Override
  public void onError(Throwable failure) {
    items.add(new Item(List.of(), true, failure));
  }

  @Override
  public void onComplete() {
    items.add(new Item(List.of(), true, null));
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (closed) {
      throw new IOException("closed");
    }
    if (length == 0) {
      return 0;
    }
    while (true) {
      ByteBuffer head = ready.peek();
      if (head != null) {
        int count = Math.min(length, head.remaining());
        head.get(target, offset, count);
        if (!head.hasRemaining()) {
          ready.remove();
        }
        return count;
      }
      if (ended) {
        return -1;
      }
      await();
    }
  }

  private void await() throws IOException {
    Item item;
    try {
      item = items.poll(readTimeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      close();
      throw new IOException("interrupted", e);
    }
    if (item == null) {
      close();
      throw new HttpTimeoutException("no bytes for " + readTimeout.toMillis() + " ms");
    }
    if (item.failure() != null) {
      close();
      throw new IOException(String.valueOf(item.failure().getMessage()), item.failure());
    }
    ended = item.end();
    for (ByteBuffer buffer : item.chunk()) {
      if (buffer.hasRemaining()) {
        ready.add(buffer);
      }
    }
    if (!ended) {
      Flow.Subscription current = subscription.get();
      if (current != null) {
        current.request(1);
      }
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      ready.clear();
      Flow.Subscription current = subscription.getAndSet(NOTHING);
      if (current != null) {
        current.cancel();
      }
    }
  }
}
