package dev.skeg.runtime.grpc;

import dev.skeg.runtime.model.ErrorCode;

/**
 * A request that is well-formed protobuf and yet refused; the message continues a sentence about
 * the request. Never leaves the decoder. Has no stack trace: a client can cause it at will.
 */
final class RequestException extends Exception {
  private final ErrorCode code;

  RequestException(ErrorCode code, String message) {
    super(message, null, false, false);
    this.code = code;
  }

  static RequestException invalid(String message) {
    return new RequestException(ErrorCode.INVALID_ARGUMENT, message);
  }

  static RequestException unsupported(String message) {
    return new RequestException(ErrorCode.UNSUPPORTED, message);
  }

  ErrorCode code() {
    return code;
  }
}
