package dev.skeg.runtime.http;

import io.netty.handler.codec.http2.Http2FrameStream;

/** An exchange on a stream of an HTTP/2 connection. <b>Threads.</b> The connection's event loop. */
final class StreamExchange {
  final Exchange exchange;
  final Http2FrameStream stream;

  /** Whether more of the request is to come. */
  boolean reading = true;

  /** Whether the request was given away to be answered. */
  boolean dispatched;

  /** Whether the answer is being written. */
  boolean writing;

  /** Whether the answer is out, though the client may still be sending. */
  boolean answered;

  /** Bytes that the client has sent and not been given room for again. */
  int owedBytes;

  /** When the client last sent some of the body, or took some of the answer. */
  long activeNanos;

  /** The client's room for the answer, as of the last look. */
  int window;

  StreamExchange(Exchange exchange, Http2FrameStream stream, long nowNanos) {
    this.exchange = exchange;
    this.stream = stream;
    this.activeNanos = nowNanos;
  }
}
