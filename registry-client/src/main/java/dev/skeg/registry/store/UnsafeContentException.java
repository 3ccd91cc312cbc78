package dev.skeg.registry.store;

import dev.skeg.registry.RegistryException;

/** What a revision consists of was refused for good: the same revision will never do. */
final class UnsafeContentException extends Exception {
  UnsafeContentException(String message, RegistryException cause) {
    super(message, cause);
  }
}
