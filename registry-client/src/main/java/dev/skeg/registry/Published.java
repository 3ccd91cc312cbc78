package dev.skeg.registry;

import java.util.List;

/**
 * A version that was published.
 *
 * @param number 1 or more; 0 if the source has none
 * @param revision as {@link Source#resolve} names it
 * @param digest content digest, {@code sha256:} and 64 hexadecimal digits
 * @param pointers those that mean it now
 */
public record Published(long number, String revision, String digest, List<Pointer> pointers) {
  public Published {
    pointers = List.copyOf(pointers);
  }
}
