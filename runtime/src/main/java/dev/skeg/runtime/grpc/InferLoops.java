package dev.skeg.runtime.grpc;

import dev.skeg.runtime.endpoint.Endpoints;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.FastThreadLocal;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;

/**
 * What serves {@code ModelInfer}, one {@link InferLoop} for each event loop.
 *
 * <p><b>Threads.</b> Any.
 */
final class InferLoops {
  private final Endpoints endpoints;
  private final int maxMessageBytes;
  private final Duration messageTimeout;
  private final List<InferLoop> loops = new CopyOnWriteArrayList<>();
  private final FastThreadLocal<InferLoop> own = new FastThreadLocal<>();
  private volatile boolean stopped;

  /**
   * @param maxMessageBytes of one request, as sent, decompressed, and as tensors
   * @param messageTimeout longest pause inside a message, and before it
   */
  InferLoops(Endpoints endpoints, int maxMessageBytes, Duration messageTimeout) {
    this.endpoints = endpoints;
    this.maxMessageBytes = maxMessageBytes;
    this.messageTimeout = messageTimeout;
  }

  Endpoints endpoints() {
    return endpoints;
  }

  int maxMessageBytes() {
    return maxMessageBytes;
  }

  Duration messageTimeout() {
    return messageTimeout;
  }

  /** Returns what belongs to an event loop, which calls. */
  InferLoop of(EventLoop eventLoop) {
    InferLoop loop = own.get();
    if (loop == null) {
      loop = new InferLoop(eventLoop, this);
      own.set(loop);
      loops.add(loop);
    }
    return loop;
  }

  /** Returns whether calls are no longer taken. */
  boolean isStopped() {
    return stopped;
  }

  /** Ends all calls that there are, each on its event loop, and every later one. */
  void endAll() {
    stopped = true;
    for (InferLoop loop : loops) {
      try {
        loop.eventLoop().execute(loop::endAll);
      } catch (RejectedExecutionException over) {
        // The loop is gone, and its connections with it.
      }
    }
  }
}
