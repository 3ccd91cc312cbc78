package dev.skeg.runtime.http;

import dev.skeg.runtime.model.InferenceResult;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;

/**
 * An answer, not yet in the connection's order.
 *
 * @param headers those that the connection does not add by itself
 * @param body becomes the one's who writes it
 * @param written run once the body has been written or thrown away
 * @param compressible whether the client's Accept-Encoding is to be heeded
 */
record Reply(
    HttpResponseStatus status,
    HttpHeaders headers,
    ByteBuf body,
    Runnable written,
    boolean compressible) {

  /** What an answer's head has on the wire, about. */
  static final long HEAD_BYTES = 256;

  /** Returns headers for values of this server's own, which need no check. */
  static HttpHeaders newHeaders() {
    return DefaultHttpHeadersFactory.headersFactory().withValidation(false).newHeaders();
  }

  /** Returns a JSON answer. */
  static Reply json(HttpResponseStatus status, ByteBuf body) {
    HttpHeaders headers = new DefaultHttpHeaders();
    headers.set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.APPLICATION_JSON);
    return new Reply(status, headers, body, () -> {}, false);
  }

  /** Returns {@code {"error": message}} with the headers that go with {@code status}. */
  static Reply error(HttpResponseStatus status, String message) {
    ByteBuf body =
        Unpooled.wrappedBuffer(
            JsonDocuments.bytes(json -> {
              json.writeStartObject();
              json.writeStringField("error", message);
              json.writeEndObject();
            }));
    Reply reply = json(status, body);
    if (status.equals(HttpResponseStatus.SERVICE_UNAVAILABLE)) {
      reply.headers.set(HttpHeaderNames.RETRY_AFTER, "1");
    }
    return reply;
  }

  /** Returns the answer to a request that was refused. */
  static Reply rejected(InferenceResult.Rejected rejected) {
    Reply reply = error(HttpError.statusOf(rejected.code()), rejected.detail());
    if (rejected.retryAfterNanos() > 0) {
      long seconds = (rejected.retryAfterNanos() - 1) / 1_000_000_000 + 1;
      reply.headers.set(HttpHeaderNames.RETRY_AFTER, Long.toString(seconds));
    }
    return reply;
  }

  /** Returns the answer to a request that failed. */
  static Reply error(HttpError error) {
    Reply reply = error(error.status(), error.detail());
    error.addHeader(reply.headers);
    return reply;
  }

  /** Frees what the answer holds, instead of writing it. */
  void discard() {
    body.release();
    written.run();
  }
}
