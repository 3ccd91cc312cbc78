package dev.skeg.registry;

/**
 * One file of an {@link Artifact}.
 *
 * @param path relative to the version's directory, with {@code /} between its names
 * @param sizeBytes 0 or more
 * @param sha256 64 lower-case hexadecimal digits
 */
public record ArtifactFile(String path, long sizeBytes, String sha256) {}
