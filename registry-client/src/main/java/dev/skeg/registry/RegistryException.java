package dev.skeg.registry;

import org.jspecify.annotations.Nullable;

/** A source of models cannot be read; the message names what, why and what would do. */
public final class RegistryException extends RuntimeException {
  public RegistryException(String message) {
    this(message, null);
  }

  public RegistryException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
