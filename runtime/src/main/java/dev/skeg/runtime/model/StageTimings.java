package dev.skeg.runtime.model;

/**
 * Where the time of an answered request went; nanoseconds, each 0 or more.
 *
 * @param queueNanos from received to the start of its batch
 * @param inputNanos preparing the input tensors
 * @param inferNanos inside the backend
 * @param outputNanos preparing the output tensors
 */
public record StageTimings(long queueNanos, long inputNanos, long inferNanos, long outputNanos) {}
