package dev.skeg.runtime.http;

import dev.skeg.runtime.model.InFlight;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import org.jspecify.annotations.Nullable;

/**
 * One request and its answer's place in the connection's order. <b>Threads.</b> The connection's
 * event loop; what is final may be read by any.
 */
final class Exchange {
  /** What the client sent, without its body; null if that could not be understood. */
  final @Nullable HttpRequest head;

  final @Nullable Route route;
  final BodyBuffer body;
  final ContentCoding acceptedCoding;
  final boolean isHead;
  final @Nullable String requestId;

  /** Why the request is refused once its body has been read; null if it is not. */
  @Nullable HttpError refusal;

  ContentCoding bodyCoding = ContentCoding.IDENTITY;
  boolean keepAlive;
  boolean wantsContinue;

  /** Bytes of the body that have come, kept or not. */
  long receivedBytes;

  @Nullable Reply reply;

  /** What works on the answer. */
  InFlight inFlight = InFlight.DONE;

  Exchange(
      @Nullable HttpRequest head, @Nullable Route route, BodyBuffer body, @Nullable String id) {
    this.head = head;
    this.route = route;
    this.body = body;
    this.requestId = id;
    this.isHead = head != null && head.method().equals(HttpMethod.HEAD);
    this.acceptedCoding =
        head == null || !head.headers().contains(HttpHeaderNames.ACCEPT_ENCODING)
            ? ContentCoding.IDENTITY
            : ContentCoding.ofResponse(head.headers().getAll(HttpHeaderNames.ACCEPT_ENCODING));
    this.keepAlive = head != null && HttpUtil.isKeepAlive(head);
  }

  /** Returns the version to answer with. */
  HttpVersion version() {
    return head != null && head.protocolVersion().equals(HttpVersion.HTTP_1_0)
        ? HttpVersion.HTTP_1_0
        : HttpVersion.HTTP_1_1;
  }
}
