package dev.skeg.registry;

import java.util.List;
import java.util.Optional;

/** Opens the sources of some schemes; found by {@link java.util.ServiceLoader}. */
public interface SourceProvider {
  /** Returns the schemes, lower case. */
  List<String> schemes();

  /**
   * Opens a source; no connection is made yet.
   *
   * @throws IllegalArgumentException if the URI or the settings do not fit
   */
  Source open(SourceUri uri, SourceSettings settings);

  /** Returns what writes to the source; empty if it is read only by its nature. */
  Optional<Publisher> publisher(SourceUri uri, SourceSettings settings);
}
