package dev.skeg.runtime.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http2.Http2Settings;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The way from HTTP/1.1 to HTTP/2 on an open connection, by RFC 7540, section 3.2. */
final class Http2Upgrade {
  private static final String PROTOCOL = "h2c";
  private static final String SETTINGS = "http2-settings";
  private static final int SETTING_BYTES = 6;

  private Http2Upgrade() {}

  /**
   * Returns what a client that wants to go on in HTTP/2 says of itself; null if it does not want
   * to, or does not say it the way it has to be said, which is no error: it is answered in
   * HTTP/1.1.
   */
  static @Nullable Http2Settings wanted(HttpHeaders headers) {
    if (!headers.contains(HttpHeaderNames.UPGRADE)
        || !headers.containsValue(HttpHeaderNames.UPGRADE, PROTOCOL, true)
        || !headers.containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE, true)
        || !headers.containsValue(HttpHeaderNames.CONNECTION, SETTINGS, true)) {
      return null;
    }
    List<String> settings = headers.getAll(SETTINGS);
    if (settings.size() != 1) {
      return null;
    }
    try {
      return decode(Unpooled.wrappedBuffer(Base64.getUrlDecoder().decode(settings.getFirst())));
    } catch (IllegalArgumentException notSettings) {
      return null;
    }
  }

  private static Http2Settings decode(ByteBuf payload) {
    if (payload.readableBytes() % SETTING_BYTES != 0) {
      throw new IllegalArgumentException("not a whole number of settings");
    }
    Http2Settings settings = new Http2Settings();
    while (payload.isReadable()) {
      settings.put((char) payload.readUnsignedShort(), Long.valueOf(payload.readUnsignedInt()));
    }
    return settings;
  }

  /** Returns the answer that says yes. */
  static FullHttpResponse accepted() {
    FullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, HttpResponseStatus.SWITCHING_PROTOCOLS, Unpooled.EMPTY_BUFFER);
    response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE);
    response.headers().set(HttpHeaderNames.UPGRADE, PROTOCOL);
    return response;
  }
}
