package dev.skeg.monitor.alert;

import java.util.Optional;

/**
 * Where an alert stands, as in alarm management after ISA-18.2: what it tells of may go on or be
 * over, and somebody may have acknowledged it or not.
 *
 * <pre>
 *            acknowledged
 *    Raised ─────────────→ Acknowledged
 *      │ ↑ again                 │ over
 *      ↓ │ over                  ↓
 *    Latched ────────────────→ Cleared
 *            acknowledged, or
 *            latched for long
 * </pre>
 *
 * From {@link Cleared} an alert comes back where the same happens again within the cool-down.
 */
public sealed interface AlertState {
  /** Returns when it came to stand there, in milliseconds since the epoch. */
  long sinceMillis();

  /** Returns its name in the API and in metrics, as {@code raised}. */
  default String word() {
    return switch (this) {
      case Raised _ -> "raised";
      case Acknowledged _ -> "acknowledged";
      case Latched _ -> "latched";
      case Cleared _ -> "cleared";
    };
  }

  /** Returns whether it is not yet cleared. */
  default boolean isOpen() {
    return !(this instanceof Cleared);
  }

  /** Returns whether an alert may go from here to there, or stay. */
  default boolean canBecome(AlertState next) {
    return switch (this) {
      case Raised _ -> true;
      case Acknowledged _ -> next instanceof Acknowledged || next instanceof Cleared;
      case Latched _ -> !(next instanceof Acknowledged);
      case Cleared _ -> !(next instanceof Latched);
    };
  }

  /** It goes on, and nobody has said that they know. */
  record Raised(long sinceMillis) implements AlertState {}

  /**
   * It goes on, and somebody knows.
   *
   * @param by who, as they called themselves; may be empty
   * @param comment in their words; may be empty
   */
  record Acknowledged(long sinceMillis, String by, String comment) implements AlertState {}

  /** It is over, but nobody has said that they know: it stays to be seen. */
  record Latched(long sinceMillis) implements AlertState {}

  /**
   * It is over and dealt with.
   *
   * @param acknowledged empty if nobody ever did
   */
  record Cleared(long sinceMillis, Reason reason, Optional<Acknowledged> acknowledged)
      implements AlertState {}

  /** Why an alert was cleared. */
  enum Reason {
    /** What it told of is over, and somebody has acknowledged it. */
    RECOVERED("recovered"),
    /** It was latched for so long that nobody will look. */
    EXPIRED("expired"),
    /** Its model version has not been heard of for so long that it cannot be judged any more. */
    SILENT("silent");

    private final String word;

    Reason(String word) {
      this.word = word;
    }

    /** Returns its name in the API. */
    public String word() {
      return word;
    }
  }
}
