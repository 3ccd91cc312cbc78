package dev.skeg.registry;

import java.util.Map;

/**
 * What a pointer meant at one moment: an immutable state of the source.
 *
 * @param revision names it for good, in the source's own words
 * @param number version number, 1 or more; 0 if the source has none
 * @param etag validator for the next conditional look; may be empty
 * @param properties what else the source knows of it, for people: no secrets
 */
public record Revision(String revision, long number, String etag, Map<String, String> properties) {
  public Revision {
    if (revision.isEmpty() || revision.length() > 1024) {
      throw new IllegalArgumentException(
          "revision: '" + revision + "' (expected: 1 to 1024 characters)");
    }
    if (number < 0) {
      throw new IllegalArgumentException("number: " + number + " (expected: 0 or more)");
    }
    properties = Map.copyOf(properties);
  }

  /** Whether both name the same state, whatever their validators. */
  public boolean sameAs(Revision other) {
    return revision.equals(other.revision);
  }
}
