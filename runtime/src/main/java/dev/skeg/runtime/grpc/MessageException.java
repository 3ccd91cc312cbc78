package dev.skeg.runtime.grpc;

import io.grpc.Status;

/**
 * A message that is not framed or compressed as it should be. Has no stack trace: a client can
 * cause it at will.
 */
final class MessageException extends Exception {
  private final transient Status status;

  MessageException(Status code, String description) {
    super(description, null, false, false);
    this.status = code.withDescription(description);
  }

  Status status() {
    return status;
  }
}
