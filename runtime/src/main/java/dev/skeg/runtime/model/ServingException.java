package dev.skeg.runtime.model;

import org.jspecify.annotations.Nullable;

/** Disk, network or an engine failed, or what was asked of them cannot be done. */
public final class ServingException extends RuntimeException {
  private final ErrorCode code;
  private final boolean isForClients;

  /**
   * @param message complete in itself: what was being done, with what, and what came
   */
  public ServingException(ErrorCode code, String message) {
    this(code, message, null);
  }

  /**
   * @param cause for the log, never for the wire
   */
  public ServingException(ErrorCode code, String message, @Nullable Throwable cause) {
    this(code, message, cause, false);
  }

  private ServingException(
      ErrorCode code, String message, @Nullable Throwable cause, boolean isForClients) {
    super(message, cause);
    this.code = code;
    this.isForClients = isForClients;
  }

  /**
   * Returns a failure of a run that its client is told of.
   *
   * @param message says nothing that the client does not know: names and shapes of tensors
   */
  public static ServingException forClients(ErrorCode code, String message) {
    return new ServingException(code, message, null, true);
  }

  public ErrorCode code() {
    return code;
  }

  /** Returns whether the client of the run that failed is to be told the message. */
  public boolean isForClients() {
    return isForClients;
  }
}
