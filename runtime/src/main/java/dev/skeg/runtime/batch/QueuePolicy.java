package dev.skeg.runtime.batch;

import inference.ModelConfigOuterClass.ModelQueuePolicy;

/**
 * How requests of one priority wait.
 *
 * @param delaysLate whether a request that has waited too long goes behind all that have not,
 *     instead of being refused
 * @param timeoutNanos longest wait for the start of a run; 0 for ever
 * @param allowsOverride whether a request may choose a shorter wait than that, or one where there
 *     is none
 * @param maxRequests waiting at most; 0 for no limit but the version's
 */
record QueuePolicy(boolean delaysLate, long timeoutNanos, boolean allowsOverride, int maxRequests) {
  /** Where config.pbtxt says nothing: a client's own limit holds. */
  static final QueuePolicy DEFAULT = new QueuePolicy(false, 0, true, 0);

  static QueuePolicy of(ModelQueuePolicy policy) {
    long micros = policy.getDefaultTimeoutMicroseconds();
    return new QueuePolicy(
        policy.getTimeoutAction() == ModelQueuePolicy.TimeoutAction.DELAY,
        micros < 0 || micros > Long.MAX_VALUE / 1_000 ? 0 : micros * 1_000,
        policy.getAllowTimeoutOverride(),
        (int) Math.min(Integer.MAX_VALUE, Integer.toUnsignedLong(policy.getMaxQueueSize())));
  }

  /** Returns how long a request may wait that asked for {@code askedNanos}; 0 for ever. */
  long waitNanos(long askedNanos) {
    if (askedNanos == 0 || !allowsOverride) {
      return timeoutNanos;
    }
    return timeoutNanos == 0 ? askedNanos : Math.min(askedNanos, timeoutNanos);
  }
}
