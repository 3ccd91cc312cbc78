package dev.skeg.runtime.http;

import java.time.Duration;

/** One client's connection, in whichever version of HTTP the client speaks. */
sealed interface HttpConnection permits Http1Connection, Http2Connection {
  /** While stopping: how long a client that has just been answered may still send a request. */
  Duration STOP_GRACE = Duration.ofMillis(250);

  /**
   * Takes no new requests, but for those on their way, and closes once all are answered. To be
   * called on the connection's event loop.
   */
  void stop();
}
