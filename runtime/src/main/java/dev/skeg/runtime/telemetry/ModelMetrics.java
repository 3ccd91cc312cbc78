package dev.skeg.runtime.telemetry;

import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.StageTimings;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** What is counted of one version. <b>Threads.</b> Any may record; no locks, no allocation. */
public final class ModelMetrics {
  private final ModelVersion version;
  private final SuccessCounts successes = new SuccessCounts();
  private final LongAdder pending = new LongAdder();
  private final Map<FailureReason, LongAdder> failures = new EnumMap<>(FailureReason.class);

  ModelMetrics(ModelVersion version) {
    this.version = version;
    for (FailureReason reason : FailureReason.values()) {
      failures.put(reason, new LongAdder());
    }
  }

  /**
   * Counts a request that was answered.
   *
   * @param rowCount its rows, 1 or more
   * @param requestNanos from the last byte read to the answer
   */
  public void recordSuccess(long rowCount, long requestNanos, StageTimings timings) {
    successes.record(rowCount, requestNanos, timings);
  }

  /**
   * Counts a run of the model.
   *
   * @param rowCount of the whole batch, 1 or more
   */
  public void recordExecution(long rowCount) {
    successes.recordExecution(rowCount);
  }

  /** Counts a request that was not answered. */
  public void recordFailure(FailureReason reason) {
    counter(reason).increment();
  }

  /** A request has been queued. */
  public void pendingStarted() {
    pending.increment();
  }

  /** A request that had been queued has ended. */
  public void pendingEnded() {
    pending.decrement();
  }

  ModelVersion version() {
    return version;
  }

  SuccessCounts.Totals successes() {
    return successes.totals();
  }

  long failures(FailureReason reason) {
    return counter(reason).sum();
  }

  long pending() {
    return pending.sum();
  }

  private LongAdder counter(FailureReason reason) {
    LongAdder counter = failures.get(reason);
    if (counter == null) {
      throw new IllegalStateException("no counter of " + reason);
    }
    return counter;
  }
}
