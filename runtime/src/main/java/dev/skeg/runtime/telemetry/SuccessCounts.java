package dev.skeg.runtime.telemetry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.skeg.runtime.model.StageTimings;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * Counts of answered requests and of where their time went.
 *
 * <p><b>Threads.</b> Every thread that records has cells of its own, which it alone writes: so a
 * record is a few plain additions, with no atomic instruction and no cache line that two threads
 * fight for. Readers add the cells of all threads up; what a thread recorded before it was joined
 * or handed something over is seen. Cells of threads that have ended are folded into one array.
 *
 * <p><b>Layout.</b> {@code [rows, executions]}, runs by batch size, then for each stage its buckets
 * and its sum in nanoseconds, in longs.
 */
final class SuccessCounts {
  private static final int ROWS = 0;
  private static final int EXECUTIONS = 1;
  private static final int BATCHES = 2;

  /** Batches of up to 1, 2, 4 … 4096 rows, and more. */
  static final int BATCH_SIZES = 14;

  private static final int STAGES = BATCHES + BATCH_SIZES;
  private static final int STAGE_LENGTH = LatencyBuckets.COUNT + 1;
  private static final int LENGTH = STAGES + Stage.values().length * STAGE_LENGTH;

  /** Longs at both ends that keep two threads' cells off one cache line, and its neighbour. */
  private static final int PADDING = 16;

  private static final VarHandle CELLS = MethodHandles.arrayElementVarHandle(long[].class);

  /** One thread's cells; the thread is only looked at to learn that it has ended. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  private record Owned(WeakReference<Thread> owner, long[] cells) {
    boolean isOver() {
      Thread thread = owner.get();
      return thread == null || !thread.isAlive();
    }
  }

  private final ThreadLocal<long[]> own = ThreadLocal.withInitial(this::register);

  @GuardedBy("this")
  private final List<Owned> registered = new ArrayList<>();

  @GuardedBy("this")
  private final long[] ended = new long[LENGTH];

  /** Counts one run, of as many requests as were in the batch. */
  void recordExecution(long batchRows) {
    long[] cells = own.get();
    add(cells, EXECUTIONS, 1);
    add(cells, BATCHES + batchSize(batchRows), 1);
  }

  /** Returns which of the batch sizes that is: 0 for one row, then up to each power of two. */
  private static int batchSize(long rows) {
    int size = rows <= 1 ? 0 : 64 - Long.numberOfLeadingZeros(rows - 1);
    return Math.min(size, BATCH_SIZES - 1);
  }

  /** Counts one request that was answered. */
  void record(long rows, long requestNanos, StageTimings timings) {
    long[] cells = own.get();
    add(cells, ROWS, rows);
    time(cells, Stage.QUEUE, timings.queueNanos());
    time(cells, Stage.INPUT, timings.inputNanos());
    time(cells, Stage.INFER, timings.inferNanos());
    time(cells, Stage.OUTPUT, timings.outputNanos());
    time(cells, Stage.TOTAL, requestNanos);
  }

  private static void time(long[] cells, Stage stage, long nanos) {
    int start = stage.position() * STAGE_LENGTH + STAGES;
    add(cells, start + LatencyBuckets.of(nanos), 1);
    add(cells, start + LatencyBuckets.COUNT, nanos);
  }

  /** Only the owner writes, so reading plainly and writing opaquely loses nothing. */
  private static void add(long[] cells, int cell, long value) {
    int index = PADDING + cell;
    CELLS.setOpaque(cells, index, cells[index] + value);
  }

  private synchronized long[] register() {
    foldEnded();
    long[] cells = new long[LENGTH + 2 * PADDING];
    registered.add(new Owned(new WeakReference<>(Thread.currentThread()), cells));
    return cells;
  }

  @GuardedBy("this")
  private void foldEnded() {
    for (Iterator<Owned> all = registered.iterator(); all.hasNext(); ) {
      Owned each = all.next();
      if (each.isOver()) {
        addTo(ended, each.cells());
        all.remove();
      }
    }
  }

  private static void addTo(long[] sum, long[] cells) {
    for (int i = 0; i < LENGTH; i++) {
      sum[i] += (long) CELLS.getOpaque(cells, PADDING + i);
    }
  }

  /** Returns all that has been counted so far. */
  synchronized Totals totals() {
    foldEnded();
    long[] sum = ended.clone();
    for (Owned each : registered) {
      addTo(sum, each.cells());
    }
    return new Totals(sum);
  }

  /** Counts at one moment. */
  static final class Totals {
    private final long[] sums;

    private Totals(long[] sums) {
      this.sums = sums;
    }

    long rows() {
      return sums[ROWS];
    }

    long executions() {
      return sums[EXECUTIONS];
    }

    /** Returns how many runs had so many rows: more than 2^(size - 1), at most 2^size. */
    long executions(int size) {
      return sums[BATCHES + size];
    }

    /** Returns how many requests were answered. */
    long requests() {
      long requests = 0;
      for (int bucket = 0; bucket < LatencyBuckets.COUNT; bucket++) {
        requests += count(Stage.TOTAL, bucket);
      }
      return requests;
    }

    /** Returns how many times fell into that bucket alone. */
    long count(Stage stage, int bucket) {
      return sums[STAGES + stage.position() * STAGE_LENGTH + bucket];
    }

    /** Returns all times of a stage together. */
    long nanos(Stage stage) {
      return count(stage, LatencyBuckets.COUNT);
    }
  }
}
