package dev.skeg.registry.store;

import dev.skeg.registry.Network;
import dev.skeg.registry.SizeCaps;

/**
 * Limits of a store.
 *
 * @param maxBytes disk budget for all versions; what is held counts, but is never removed
 * @param caps on one version
 * @param retries of a transfer that breaks off
 */
public record StoreConfig(long maxBytes, SizeCaps caps, Network.Retries retries) {
  public StoreConfig {
    if (maxBytes < 1) {
      throw new IllegalArgumentException("maxBytes: " + maxBytes + " (expected: 1 or more)");
    }
  }

  /** No budget; the usual caps and retries. */
  public static StoreConfig defaults() {
    return new StoreConfig(Long.MAX_VALUE, SizeCaps.defaults(), Network.defaults().retries());
  }
}
