package dev.skeg.runtime.http;

import dev.skeg.runtime.model.Text;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import org.jspecify.annotations.Nullable;

/** What to answer to what is not HTTP/1.1, or too much of it. */
final class MalformedHttp {
  private MalformedHttp() {}

  static HttpError head(@Nullable Throwable cause) {
    return switch (cause) {
      case TooLongHttpLineException _ ->
          new HttpError(
              HttpResponseStatus.REQUEST_URI_TOO_LONG,
              "the request line is too long (expected: at most "
                  + HttpServer.MAX_LINE_BYTES
                  + " bytes)");
      case TooLongHttpHeaderException _ ->
          new HttpError(
              HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
              "the request's headers are too large (expected: at most "
                  + HttpServer.MAX_HEADER_BYTES
                  + " bytes)");
      case null, default -> HttpError.badRequest("malformed HTTP request: " + detail(cause));
    };
  }

  static HttpError body(@Nullable Throwable cause) {
    return HttpError.badRequest("malformed chunked body: " + detail(cause));
  }

  static HttpError version(HttpVersion version) {
    return new HttpError(
        HttpResponseStatus.HTTP_VERSION_NOT_SUPPORTED,
        "protocol " + Text.excerpt(version.text()) + " (expected: HTTP/1.0, HTTP/1.1 or HTTP/2)");
  }

  private static String detail(@Nullable Throwable cause) {
    String message = cause == null ? "" : String.valueOf(cause.getMessage());
    StringBuilder text = new StringBuilder(message.length());
    for (int i = 0; i < message.length(); i++) {
      char c = message.charAt(i);
      text.append(Character.isISOControl(c) ? '?' : c);
    }
    return Text.excerpt(text.toString());
  }
}
