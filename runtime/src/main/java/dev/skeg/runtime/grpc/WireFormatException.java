package dev.skeg.runtime.grpc;

import java.io.IOException;

/** Bytes that are not a protobuf message. Has no stack trace: a client can cause it at will. */
final class WireFormatException extends IOException {
  WireFormatException(String message) {
    super(message);
  }

  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
