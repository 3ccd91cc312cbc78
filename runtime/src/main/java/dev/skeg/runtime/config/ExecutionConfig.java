package dev.skeg.runtime.config;

/**
 * How models run.
 *
 * @param lanes batches of one model that may run at once
 * @param intraOpThreads threads that one run may use, 1 to 256
 */
public record ExecutionConfig(Lanes lanes, int intraOpThreads) {
  static final int MAX_INTRA_OP_THREADS = 256;

  public ExecutionConfig {
    if (intraOpThreads < 1 || intraOpThreads > MAX_INTRA_OP_THREADS) {
      throw new IllegalArgumentException(
          "intraOpThreads: " + intraOpThreads + " (expected: 1 to " + MAX_INTRA_OP_THREADS + ")");
    }
  }
}
