package dev.skeg.runtime.model;

/**
 * When a request is to be answered, as far as its client says.
 *
 * @param timeoutNanos from received, after which nobody waits for the answer; 0 for ever
 * @param queueTimeoutNanos from received, the longest wait for the start of a run, which a model's
 *     queue policy may overrule; 0 for the policy's own
 * @param priority 1 is the highest; 0 for the model's default
 */
public record RequestTerms(long timeoutNanos, long queueTimeoutNanos, long priority) {
  /** Whenever it can be. */
  public static final RequestTerms NONE = new RequestTerms(0, 0, 0);

  /** Returns microseconds in nanoseconds; the largest long where that is more. */
  public static long microsToNanos(long micros) {
    return micros > Long.MAX_VALUE / 1_000 ? Long.MAX_VALUE : micros * 1_000;
  }

  public RequestTerms {
    if (timeoutNanos < 0 || queueTimeoutNanos < 0 || priority < 0) {
      throw new IllegalArgumentException(
          "timeoutNanos: "
              + timeoutNanos
              + ", queueTimeoutNanos: "
              + queueTimeoutNanos
              + ", priority: "
              + priority
              + " (expected: each 0 or more)");
    }
  }
}
