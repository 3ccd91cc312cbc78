package dev.skeg.runtime.http;

import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http2.Http2Settings;
import org.jspecify.annotations.Nullable;

/**
 * An exchange's place in the order of an HTTP/1.1 connection. <b>Threads.</b> The connection's
 * event loop.
 */
final class PipelinedExchange {
  final Exchange exchange;

  /** To answer with. */
  final HttpVersion version;

  /** What the client, which wants to go on in HTTP/2, says of itself; null if it does not. */
  @Nullable Http2Settings upgrade;

  boolean keepAlive;
  boolean wantsContinue;

  /** The answer, until its turn has come. */
  @Nullable Reply reply;

  PipelinedExchange(Exchange exchange, HttpVersion version) {
    this.exchange = exchange;
    this.version = version;
  }
}
