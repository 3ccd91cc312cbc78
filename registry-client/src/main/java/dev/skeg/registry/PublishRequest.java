package dev.skeg.registry;

import java.util.List;

/**
 * How to publish a version.
 *
 * @param number the version's number; 0 for the next one
 * @param pointers to be moved to it once it is complete; {@code latest} moves by itself
 * @param force replace a version of that number
 */
public record PublishRequest(long number, List<Pointer> pointers, boolean force) {
  public PublishRequest {
    if (number < 0) {
      throw new IllegalArgumentException("number: " + number + " (expected: 0 or more)");
    }
    pointers = List.copyOf(pointers);
  }

  /** The next number, no pointer but {@code latest}. */
  public static PublishRequest next() {
    return new PublishRequest(0, List.of(), false);
  }
}
