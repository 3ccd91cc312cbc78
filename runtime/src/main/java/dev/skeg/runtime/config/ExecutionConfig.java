package dev.skeg.runtime.config;

/**
 * How models run.
 *
 * @param lanes batches of one model that may run at once
 * @param intraOpThreads threads that one run may use, 1 to 256
 * @param maxQueued requests that wait for one version at most, 1 to 1048576; one more is refused
 */
public record ExecutionConfig(Lanes lanes, int intraOpThreads, int maxQueued) {
  static final int MAX_INTRA_OP_THREADS = 256;
  static final int MAX_QUEUED = 1 << 20;

  public ExecutionConfig {
    if (intraOpThreads < 1 || intraOpThreads > MAX_INTRA_OP_THREADS) {
      throw new IllegalArgumentException(
          "intraOpThreads: " + intraOpThreads + " (expected: 1 to " + MAX_INTRA_OP_THREADS + ")");
    }
    if (maxQueued < 1 || maxQueued > MAX_QUEUED) {
      throw new IllegalArgumentException(
          "maxQueued: " + maxQueued + " (expected: 1 to " + MAX_QUEUED + ")");
    }
  }
}
