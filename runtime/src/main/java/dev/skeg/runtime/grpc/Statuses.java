package dev.skeg.runtime.grpc;

import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import io.grpc.Status;

/** The one table from error codes to gRPC's. */
final class Statuses {
  private Statuses() {}

  static Status of(ErrorCode code, String description) {
    Status status =
        switch (code) {
          case INVALID_ARGUMENT -> Status.INVALID_ARGUMENT;
          case NOT_FOUND -> Status.NOT_FOUND;
          case UNAVAILABLE -> Status.UNAVAILABLE;
          case UNSUPPORTED -> Status.UNIMPLEMENTED;
          case ALREADY_EXISTS -> Status.ALREADY_EXISTS;
          case CANCELLED -> Status.CANCELLED;
          case INTERNAL -> Status.INTERNAL;
        };
    return status.withDescription(description);
  }

  /** Returns the status of what went wrong, without the cause, which is for the log. */
  static Status of(ServingException e) {
    return of(e.code(), String.valueOf(e.getMessage()));
  }
}
