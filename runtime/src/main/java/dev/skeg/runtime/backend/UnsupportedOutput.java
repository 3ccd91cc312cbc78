package dev.skeg.runtime.backend;

/**
 * An output that cannot be returned.
 *
 * @param reason what it is, as {@code "a sequence of maps from INT64 to FP32"}
 */
public record UnsupportedOutput(String name, String reason) {}
