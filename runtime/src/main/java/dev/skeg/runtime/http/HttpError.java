package dev.skeg.runtime.http;

import dev.skeg.runtime.model.ErrorCode;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.util.AsciiString;

/** A request that cannot be answered as asked; the message is for the client. */
final class HttpError extends RuntimeException {
  private final HttpResponseStatus status;
  private final AsciiString headerName;
  private final String headerValue;

  HttpError(HttpResponseStatus status, String message) {
    this(status, message, AsciiString.EMPTY_STRING, "");
  }

  /**
   * @param headerName of a header that goes with the status
   */
  HttpError(HttpResponseStatus status, String message, AsciiString headerName, String headerValue) {
    super(message, null, false, false); // No stack trace: it is an answer, not a fault of ours.
    this.status = status;
    this.headerName = headerName;
    this.headerValue = headerValue;
  }

  /** Returns a 400. */
  static HttpError badRequest(String message) {
    return new HttpError(HttpResponseStatus.BAD_REQUEST, message);
  }

  /** Returns the status that the protocol gives to {@code code}. */
  static HttpResponseStatus statusOf(ErrorCode code) {
    return switch (code) {
      case INVALID_ARGUMENT, ALREADY_EXISTS, CANCELLED -> HttpResponseStatus.BAD_REQUEST;
      case NOT_FOUND -> HttpResponseStatus.NOT_FOUND;
      case UNAVAILABLE -> HttpResponseStatus.SERVICE_UNAVAILABLE;
      case UNSUPPORTED -> HttpResponseStatus.NOT_IMPLEMENTED;
      case INTERNAL -> HttpResponseStatus.INTERNAL_SERVER_ERROR;
    };
  }

  HttpResponseStatus status() {
    return status;
  }

  /** Adds the header that goes with the status, if there is one. */
  void addHeader(HttpHeaders headers) {
    if (!headerName.isEmpty()) {
      headers.set(headerName, headerValue);
    }
  }

  /** Returns the message, which is never null. */
  String detail() {
    return String.valueOf(getMessage());
  }
}
