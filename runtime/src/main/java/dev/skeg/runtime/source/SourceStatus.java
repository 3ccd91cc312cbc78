package dev.skeg.runtime.source;

import dev.skeg.registry.RegistryException.Kind;
import java.time.Instant;
import java.util.Optional;

/**
 * How a model's source is doing, for people.
 *
 * @param source its URI
 * @param pointer what is followed there
 * @param revision what the pointer meant at the last look; empty if there was none yet
 * @param problem why the version that the pointer means is not served yet; empty if nothing is
 *     known against it
 * @param kind of the problem, as {@code TRANSIENT} or {@code DENIED}; empty if there is none
 * @param since when {@code problem} came or went
 * @param lastSuccess when the pointer was last looked up; empty if it never was
 */
public record SourceStatus(
    String source,
    String pointer,
    String revision,
    Optional<String> problem,
    Optional<Kind> kind,
    Instant since,
    Optional<Instant> lastSuccess) {
  /** Returns the same with the time of the last look that succeeded. */
  SourceStatus lookedAt(Optional<Instant> time) {
    return new SourceStatus(source, pointer, revision, problem, kind, since, time);
  }
}
