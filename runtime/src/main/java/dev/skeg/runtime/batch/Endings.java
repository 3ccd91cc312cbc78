package dev.skeg.runtime.batch;

import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.telemetry.FailureReason;
import dev.skeg.runtime.telemetry.ModelMetrics;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How requests end: each exactly once, in the order asked for, counted, its claim given up.
 *
 * <p><b>Threads.</b> Any.
 */
final class Endings {
  private static final Logger LOG = LoggerFactory.getLogger(Endings.class);

  static final InferenceResult.Rejected CANCELLED =
      new InferenceResult.Rejected(ErrorCode.CANCELLED, "the client gave the request up");

  private final ModelMetrics metrics;
  private final @Nullable OrderedRelease order;

  Endings(ModelMetrics metrics, boolean preservesOrder) {
    this.metrics = metrics;
    this.order = preservesOrder ? new OrderedRelease(this) : null;
  }

  /** Some rows of a request have their answer; with the last, the request ends. Never throws. */
  void ended(Entry entry, int firstRow, int rows, InferenceResult part) {
    InferenceResult result = part;
    Assembly assembly = entry.assembly();
    if (assembly != null) {
      InferenceResult whole = assembly.add(firstRow, rows, part);
      if (whole == null) {
        return;
      }
      result = whole;
    }
    int before = entry.end();
    if (before == Entry.DONE) {
      close(result); // A second end, after a mistake of ours: the client has its answer.
    } else if (before == Entry.ABANDONED) {
      end(entry, CANCELLED, !close(result));
    } else {
      end(entry, result, !(result instanceof InferenceResult.Completed));
    }
  }

  /** A request that nobody took has ended: refused, or given up by its client. Never throws. */
  void endedUntaken(Entry entry, InferenceResult.Rejected result) {
    end(entry, result, true);
  }

  /** Closes outputs that nobody will read, and the claim with them; false if there are none. */
  private static boolean close(InferenceResult result) {
    if (result instanceof InferenceResult.Completed completed) {
      completed.outputs().close();
      return true;
    }
    return false;
  }

  private void end(Entry entry, InferenceResult result, boolean holdsClaim) {
    if (order != null) {
      order.ended(entry, result, holdsClaim);
    } else {
      deliver(entry, result, holdsClaim);
    }
  }

  /**
   * Counts a result and hands it over. Never throws.
   *
   * @param holdsClaim whether the request's claim on its version is still to be given up; outputs
   *     give it up when they are closed
   */
  void deliver(Entry entry, InferenceResult result, boolean holdsClaim) {
    metrics.pendingEnded();
    switch (result) {
      case InferenceResult.Completed completed ->
          metrics.recordSuccess(
              entry.inferences(),
              System.nanoTime() - entry.request.receivedNanos(),
              completed.timings());
      case InferenceResult.Rejected rejected ->
          metrics.recordFailure(
              rejected.code() == ErrorCode.CANCELLED
                  ? FailureReason.CANCELED
                  : FailureReason.REJECTED);
      case InferenceResult.Failed _ -> metrics.recordFailure(FailureReason.BACKEND);
    }
    try {
      entry.completion.complete(result);
    } catch (RuntimeException | Error e) {
      LOG.error("An answer of model '{}' could not be handed over", entry.batcher.model(), e);
    }
    if (holdsClaim) {
      entry.handle.close();
    }
  }
}
