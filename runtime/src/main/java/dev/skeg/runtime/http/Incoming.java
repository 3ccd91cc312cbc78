package dev.skeg.runtime.http;

import dev.skeg.runtime.model.InFlight;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.function.Consumer;

/**
 * A request whose last byte has been read.
 *
 * @param coding of the body
 * @param body as sent; becomes the receiver's
 * @param loop of the connection
 * @param started given the request's hold on what runs it, on the event loop
 * @param receivedNanos when its last byte had been read, as of {@link System#nanoTime()}
 */
record Incoming(
    Route route,
    HttpHeaders headers,
    ContentCoding coding,
    ByteBuf body,
    EventLoop loop,
    ByteBufAllocator allocator,
    Consumer<InFlight> started,
    long receivedNanos) {

  /** Runs {@code task} on the connection's event loop, at once if that is the caller. */
  void onEventLoop(Runnable task) {
    if (loop.inEventLoop() || loop.isShutdown()) {
      task.run();
    } else {
      loop.execute(task);
    }
  }
}
