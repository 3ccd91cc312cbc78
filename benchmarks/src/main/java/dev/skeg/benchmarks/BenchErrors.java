package dev.skeg.benchmarks;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** Says what went wrong, in one line. */
final class BenchErrors {
  private BenchErrors() {}

  static String text(Throwable failure) {
    Throwable cause = failure;
    while ((cause instanceof ExecutionException || cause instanceof CompletionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return switch (cause) {
      case StatusRuntimeException status -> text(status.getStatus());
      case StatusException status -> text(status.getStatus());
      default -> {
        String message = Objects.requireNonNullElse(cause.getMessage(), "");
        yield message.isBlank()
            ? cause.getClass().getSimpleName()
            : withoutCall(message.lines().findFirst().orElse("").strip());
      }
    };
  }

  /** Netty's native sockets begin with the system call and its error number. */
  private static String withoutCall(String message) {
    return message.replaceFirst("^\\w+\\(\\.\\.\\) failed with error\\(-?\\d+\\): ", "");
  }

  static String text(Status status) {
    String description = Objects.requireNonNullElse(status.getDescription(), "");
    String first = description.lines().findFirst().orElse("").strip();
    if (first.startsWith("CallOptions deadline exceeded")) {
      return status.getCode() + " on the client's side"; // What follows differs for each call.
    }
    boolean isVague = first.equals("io exception") || first.equals("http2 exception");
    String cause = isVague && status.getCause() != null ? ": " + text(status.getCause()) : "";
    return (status.getCode() + " " + first).strip() + cause;
  }
}
