package dev.skeg.runtime.source;

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
 * @param since when {@code problem} came or went
 */
public record SourceStatus(
    String source, String pointer, String revision, Optional<String> problem, Instant since) {}
