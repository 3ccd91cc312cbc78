package dev.skeg.runtime.endpoint;

/**
 * One line of the repository index.
 *
 * @param version the version's number in decimal; empty for a model of which no version is known
 * @param state {@code READY}, {@code LOADING}, {@code UNLOADING} or {@code UNAVAILABLE}
 * @param reason why it is in that state; empty when ready
 */
public record IndexEntry(String model, String version, String state, String reason) {}
