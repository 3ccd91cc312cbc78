package dev.skeg.runtime.batch;

import inference.ModelConfigOuterClass.ModelConfig;
import inference.ModelConfigOuterClass.ModelDynamicBatching;
import inference.ModelConfigOuterClass.ModelQueuePolicy;
import java.util.ArrayList;
import java.util.List;

/**
 * How the requests of one version are batched and how they wait: config.pbtxt's {@code
 * max_batch_size} and {@code dynamic_batching}. Without the latter a batch is whatever waits when a
 * lane is free.
 *
 * @param maxRows in one batch; 1 where the version is not batchable
 * @param preferredRows sizes to prefer, smallest first; may be empty
 * @param maxDelayNanos longest wait for a batch of preferred size while a lane is free; 0 for none
 * @param preservesOrder whether answers leave in the order in which requests came
 * @param levels a queue's policy for each priority, the highest first; at least one
 * @param defaultLevel index of the level of requests that name none
 */
public record BatchPolicy(
    int maxRows,
    List<Integer> preferredRows,
    long maxDelayNanos,
    boolean preservesOrder,
    List<QueuePolicy> levels,
    int defaultLevel) {
  public BatchPolicy {
    if (maxRows < 1 || levels.isEmpty() || defaultLevel < 0 || defaultLevel >= levels.size()) {
      throw new IllegalArgumentException(
          "maxRows: "
              + maxRows
              + ", levels: "
              + levels.size()
              + ", defaultLevel: "
              + defaultLevel
              + " (expected: 1 or more, 1 or more, one of the levels)");
    }
    preferredRows = preferredRows.stream().sorted().toList();
    levels = List.copyOf(levels);
  }

  /** Reads the policy of a configuration that has been checked and completed. */
  public static BatchPolicy of(ModelConfig config) {
    int maxRows = Math.max(1, config.getMaxBatchSize());
    if (!config.hasDynamicBatching() || config.getMaxBatchSize() == 0) {
      return new BatchPolicy(maxRows, List.of(), 0, false, List.of(QueuePolicy.DEFAULT), 0);
    }
    ModelDynamicBatching batching = config.getDynamicBatching();
    ModelQueuePolicy common = batching.getDefaultQueuePolicy();
    List<QueuePolicy> levels = new ArrayList<>();
    long count = Math.max(1, batching.getPriorityLevels());
    for (long level = 1; level <= count; level++) {
      boolean isGiven =
          batching.hasDefaultQueuePolicy() || batching.containsPriorityQueuePolicy(level);
      levels.add(
          isGiven
              ? QueuePolicy.of(batching.getPriorityQueuePolicyOrDefault(level, common))
              : QueuePolicy.DEFAULT);
    }
    int chosen = (int) Math.clamp(batching.getDefaultPriorityLevel(), 1, count);
    return new BatchPolicy(
        maxRows,
        batching.getPreferredBatchSizeList(),
        batching.getMaxQueueDelayMicroseconds() * 1_000,
        batching.getPreserveOrdering(),
        levels,
        chosen - 1);
  }

  /** Returns whether a request may have to be started in time though it says nothing of it. */
  boolean limitsWaiting() {
    for (QueuePolicy level : levels) {
      if (level.timeoutNanos() > 0) {
        return true;
      }
    }
    return false;
  }

  /** Returns the level of a request with that priority: 1 is the highest, 0 none. */
  int level(long priority) {
    return priority >= 1 && priority <= levels.size() ? (int) priority - 1 : defaultLevel;
  }

  /**
   * Returns how many of the rows that wait make a batch now: the largest preferred size there is;
   * once the first of them has waited long enough, or there can be no more, all.
   *
   * @param waiting 1 or more
   * @param isDue whether the first of them has waited for {@link #maxDelayNanos}
   * @param most rows in a batch of that shape
   * @return 0 to wait for more
   */
  int rowsToRun(int waiting, boolean isDue, int most) {
    int best = 0;
    for (int preferred : preferredRows) {
      if (preferred <= Math.min(waiting, most)) {
        best = preferred;
      }
    }
    if (best > 0 && (!isDue || maxDelayNanos == 0)) {
      return best;
    }
    return isDue || waiting >= most ? Math.min(waiting, most) : 0;
  }
}
