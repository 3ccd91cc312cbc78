package dev.skeg.monitor.alert;

/**
 * Something that happened to an alert.
 *
 * @param alert as it is now
 */
public record AlertChange(Kind kind, Alert alert) {
  /** What happened. */
  public enum Kind {
    /** It is new: this is what tells people. */
    RAISED,
    /** It is about more than before. */
    WIDENED,
    /** It had been over and has come back. */
    RETURNED,
    /** It has been held against a window, and nothing of note is new. */
    SEEN,
    /** What it tells of is over. */
    LATCHED,
    CLEARED,
    ACKNOWLEDGED
  }
}
