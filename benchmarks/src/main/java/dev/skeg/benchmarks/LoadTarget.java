package dev.skeg.benchmarks;

/**
 * Connections to a server, over which requests are sent. <b>Threads.</b> One event loop, also for
 * the answers.
 */
interface LoadTarget extends AutoCloseable {
  /** Takes the end of one request. */
  @FunctionalInterface
  interface Listener {
    /**
     * The request has ended.
     *
     * @param error what kind of failure; empty if it was answered
     */
    void ended(String error);
  }

  /** Returns whether a request can be sent now. */
  boolean isFree();

  /** Sends a request; only while {@link #isFree}. */
  void send(Listener listener);

  @Override
  void close();
}
