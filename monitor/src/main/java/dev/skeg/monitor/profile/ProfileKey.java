package dev.skeg.monitor.profile;

/**
 * Whose rows a profile is of.
 *
 * @param model not empty
 * @param version the number that clients call it by
 * @param arm which the requests took: {@link #STABLE} where there is no rollout
 * @param segment one of those the user declared, or {@link #OTHER}; {@link #ALL} for all rows
 */
public record ProfileKey(String model, long version, String arm, String segment) {
  public static final String STABLE = "stable";
  public static final String CANDIDATE = "candidate";

  /** All segments together. */
  public static final String ALL = "";

  /** Rows of no declared segment. */
  public static final String OTHER = "other";

  /** Returns the key of a version's rows without a rollout and of all segments. */
  public static ProfileKey of(String model, long version) {
    return new ProfileKey(model, version, STABLE, ALL);
  }

  /** Returns the same key of another segment. */
  public ProfileKey withSegment(String other) {
    return new ProfileKey(model, version, arm, other);
  }
}
