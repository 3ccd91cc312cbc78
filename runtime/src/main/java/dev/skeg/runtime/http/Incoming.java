package dev.skeg.runtime.http;

import dev.skeg.runtime.model.InFlight;
import dev.skeg.runtime.socket.AnswerLoop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.RejectedExecutionException;
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
    AnswerLoop loop,
    ByteBufAllocator allocator,
    Consumer<InFlight> started,
    long receivedNanos) {

  /**
   * Runs {@code task} on the connection's event loop, at once if that is the caller. If the loop is
   * gone, and the connection with it, the caller runs it: what an answer holds must be freed.
   */
  void onEventLoop(Runnable task) {
    EventExecutor eventLoop = loop.eventLoop();
    if (eventLoop.inEventLoop()) {
      task.run();
      return;
    }
    try {
      eventLoop.execute(task);
    } catch (RejectedExecutionException over) {
      task.run();
    }
  }
}
