package dev.skeg.registry;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A source of models, or what came from it, cannot be used; the message names what, why and what
 * would do. {@link #kind()} decides what the caller does next.
 */
public final class RegistryException extends RuntimeException {
  /** What a failure means for whoever asked. */
  public enum Kind {
    /** May go away by itself: try again, later each time. */
    TRANSIENT,
    /** The source knows us not, or grants it not: an operator must act. */
    DENIED,
    /** There is no such thing at the source, at least not yet. */
    NOT_FOUND,
    /** What came is corrupt, unsafe or refused: the same bytes will never do. */
    INVALID,
    /** Somebody else wrote in between. */
    CONFLICT
  }

  /** A registry's word is not taken for longer: it may be a mistake of its own. */
  private static final Duration LONGEST_RETRY_AFTER = Duration.ofHours(1);

  private final Kind kind;
  private final @Nullable Duration retryAfter;

  /** A failure of kind {@link Kind#INVALID}. */
  public RegistryException(String message) {
    this(message, null);
  }

  /** A failure of kind {@link Kind#INVALID}. */
  public RegistryException(String message, @Nullable Throwable cause) {
    this(Kind.INVALID, message, cause);
  }

  public RegistryException(Kind kind, String message) {
    this(kind, message, null);
  }

  public RegistryException(Kind kind, String message, @Nullable Throwable cause) {
    this(kind, message, cause, null);
  }

  /**
   * A failure with all that is known of it.
   *
   * @param retryAfter how long the source asks to be left alone, of which an hour counts; null if
   *     it does not say
   */
  public RegistryException(
      Kind kind, String message, @Nullable Throwable cause, @Nullable Duration retryAfter) {
    super(message, cause);
    this.kind = kind;
    this.retryAfter =
        retryAfter != null && retryAfter.compareTo(LONGEST_RETRY_AFTER) > 0
            ? LONGEST_RETRY_AFTER
            : retryAfter;
  }

  public Kind kind() {
    return kind;
  }

  /** Returns how long the source asks to be left alone; empty if it does not say. */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }
}
