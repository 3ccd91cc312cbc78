package dev.skeg.runtime.model;

/** Takes the result of one request. */
@FunctionalInterface
public interface Completion {
  /**
   * Called exactly once, on any thread, possibly before the call that was given this completion
   * returns. Must not block. From here on the request's input memory is the transport's again.
   */
  void complete(InferenceResult result);
}
