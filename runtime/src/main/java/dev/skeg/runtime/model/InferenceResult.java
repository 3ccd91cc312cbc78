package dev.skeg.runtime.model;

/** What became of a request. Every request ends in exactly one of these. */
public sealed interface InferenceResult {
  /** The model answered; {@code outputs} belongs to the receiver, which closes it. */
  record Completed(ModelVersion servedBy, InferenceOutputs outputs, StageTimings timings)
      implements InferenceResult {}

  /**
   * Refused before any work was done, so sending it again cannot do the work twice.
   *
   * @param detail for the wire: what came and what would do
   * @param retryAfterNanos when sending it again may succeed; 0 if it would not or nobody can tell
   */
  record Rejected(ErrorCode code, String detail, long retryAfterNanos) implements InferenceResult {
    public Rejected(ErrorCode code, String detail) {
      this(code, detail, 0);
    }
  }

  /**
   * The backend failed on a valid request.
   *
   * @param detail for the wire; the cause has been logged, and is in it only if it is {@linkplain
   *     ServingException#isForClients for clients}
   */
  record Failed(ModelVersion servedBy, String detail) implements InferenceResult {}
}
