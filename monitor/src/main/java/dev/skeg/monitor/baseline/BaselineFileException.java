package dev.skeg.monitor.baseline;

/** A file is no baseline, or a broken one; the message names file and field. */
public final class BaselineFileException extends RuntimeException {
  BaselineFileException(String message) {
    super(message);
  }

  BaselineFileException(String message, Throwable cause) {
    super(message, cause);
  }
}
