package dev.skeg.runtime.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.AsciiString;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How requests and answers look in HTTP/2, and within which limits they are read. */
final class Http2Messages {
  static final int MAX_STREAMS = 128;
  static final int STREAM_WINDOW_BYTES = 256 << 10;

  /**
   * Resets, by either side, in {@link #RESET_SECONDS}. Clients with deadlines cancel much when a
   * server is slow, but no faster than they are answered in good times.
   */
  static final int MAX_RESETS = 2000;

  private static final int RESET_SECONDS = 10;

  private Http2Messages() {}

  /** Returns the codec to put in front. Limits that are not set here have Netty's defaults. */
  static Http2FrameCodec newCodec() {
    return Http2FrameCodecBuilder.forServer()
        .initialSettings(
            Http2Settings.defaultSettings()
                .maxConcurrentStreams(MAX_STREAMS)
                .initialWindowSize(STREAM_WINDOW_BYTES)
                .maxHeaderListSize(HttpServer.MAX_HEADER_BYTES))
        .decoderEnforceMaxRstFramesPerWindow(MAX_RESETS, RESET_SECONDS)
        .encoderEnforceMaxRstFramesPerWindow(MAX_RESETS, RESET_SECONDS)
        .gracefulShutdownTimeoutMillis(0) // Whoever closes has waited already.
        .build();
  }

  /** Returns what a request's head says; null if that is no request. */
  static @Nullable HttpHead head(Http2Headers from, RecentRoute routes) {
    CharSequence method = from.method();
    CharSequence path = from.path();
    if (method == null || path == null) {
      return null;
    }
    HttpHeaders headers = Reply.newHeaders();
    for (Map.Entry<CharSequence, CharSequence> header : from) {
      if (!Http2Headers.PseudoHeaderName.hasPseudoHeaderFormat(header.getKey())) {
        headers.add(header.getKey(), header.getValue());
      }
    }
    try {
      String length = headers.get(HttpHeaderNames.CONTENT_LENGTH);
      return HttpHead.read(
          HttpMethod.valueOf(method.toString()),
          path.toString(),
          headers,
          length == null ? -1 : Long.parseLong(length),
          routes);
    } catch (IllegalArgumentException malformed) { // The method, or the length.
      return null;
    }
  }

  /** Returns the head of an answer. */
  static Http2Headers head(Reply reply) {
    Http2Headers headers = new DefaultHttp2Headers(false).status(reply.status().codeAsText());
    Iterator<Map.Entry<CharSequence, CharSequence>> each = reply.headers().iteratorCharSequence();
    while (each.hasNext()) {
      Map.Entry<CharSequence, CharSequence> header = each.next();
      headers.add(AsciiString.of(header.getKey()).toLowerCase(), header.getValue());
    }
    return headers;
  }
}
