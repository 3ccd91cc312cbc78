package dev.skeg.runtime.model;

import org.jspecify.annotations.Nullable;

/** Disk, network or an engine failed, or what was asked of them cannot be done. */
public final class ServingException extends RuntimeException {
  private final ErrorCode code;

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
    super(message, cause);
    this.code = code;
  }

  public ErrorCode code() {
    return code;
  }
}
