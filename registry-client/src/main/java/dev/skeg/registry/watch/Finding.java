package dev.skeg.registry.watch;

import dev.skeg.registry.RegistryException;
import dev.skeg.registry.Revision;
import java.time.Instant;

/** What a {@link Watcher} reports, and only when it is another than the last. */
public sealed interface Finding {
  /** The pointer means this now. */
  record Seen(Revision revision) implements Finding {}

  /**
   * The source cannot be asked; what is served goes on.
   *
   * @param message cause and remedy, without secrets
   * @param since the first of the failures in a row
   */
  record Failed(RegistryException.Kind kind, String message, Instant since) implements Finding {}
}
