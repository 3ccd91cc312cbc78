package dev.skeg.registry.mlflow;

import java.io.Serial;

/** An error as MLflow answers it: a code, whose HTTP status is fixed, and a message. */
final class MlflowError extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  private final String code;

  MlflowError(String code, String message) {
    super(message);
    this.code = code;
  }

  String code() {
    return code;
  }

  int status() {
    return switch (code) {
      case "RESOURCE_DOES_NOT_EXIST", "ENDPOINT_NOT_FOUND" -> 404;
      case "INVALID_PARAMETER_VALUE", "RESOURCE_ALREADY_EXISTS", "MALFORMED_REQUEST" -> 400;
      case "NOT_IMPLEMENTED" -> 501;
      case "INTERNAL_ERROR" -> 500;
      default -> throw new IllegalStateException("status of " + code);
    };
  }
}
