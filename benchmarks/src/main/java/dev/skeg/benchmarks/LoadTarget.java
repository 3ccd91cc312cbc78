package dev.skeg.benchmarks;

import java.nio.ByteBuffer;

/**
 * Connections to a server, over which requests are sent. One that breaks is made anew for as long
 * as it takes, and is not free meanwhile. <b>Threads.</b> One event loop, also for the answers; but
 * for {@link #close}, which any other thread calls.
 */
interface LoadTarget extends AutoCloseable {
  /** Takes the end of one request. */
  @FunctionalInterface
  interface Listener {
    /**
     * Takes the body or message of an answer, before its end; only valid in the call.
     *
     * @param body not to be written to
     */
    default void answer(ByteBuffer body) {}

    /**
     * The request has ended. Never called from within {@link LoadTarget#send}.
     *
     * @param error what kind of failure; empty if it was answered
     */
    void ended(String error);
  }

  /** Returns whether a request can be sent now. */
  boolean isFree();

  /** Sends a request; only while {@link #isFree}. */
  void send(Listener listener);

  /** Has a task called whenever a connection has been made anew. */
  void onReconnected(Runnable task);

  /** Returns why no connection stands, or nothing if one does. */
  String lost();

  @Override
  void close();
}
