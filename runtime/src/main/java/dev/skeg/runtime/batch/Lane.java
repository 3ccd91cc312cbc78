package dev.skeg.runtime.batch;

import dev.skeg.runtime.backend.RunControl;
import dev.skeg.runtime.model.InferenceOutputs;
import dev.skeg.runtime.model.InferenceResult;
import dev.skeg.runtime.model.StageTimings;
import dev.skeg.runtime.tap.LaneTap;
import dev.skeg.runtime.tap.TapLayout;
import org.jspecify.annotations.Nullable;

/**
 * An execution slot: runs one batch at a time, for whoever holds its baton.
 *
 * <p>That is an event loop with a cheap batch, or the lane's own thread. Whatever a batch throws
 * ends that batch and nothing else.
 *
 * <p><b>Threads.</b> {@link #batch} and what it runs with belong to the baton's holder; {@link
 * #start} publishes the batch to the lane's thread.
 */
final class Lane {
  private final Batcher batcher;
  private final Scheduler scheduler;
  private final int index;
  private final Batch batch = new Batch();
  private final BatchRun runs;
  private final LaneThread thread;
  private final LaneTap tap;
  private @Nullable RunControl control;
  private int endedCount; // Requests of the batch, from the first, that have their answer.
  private long reckonedNanos; // Of the batch at hand, as far as others are to reckon with it.

  Lane(Batcher batcher, Scheduler scheduler, int index) {
    this.batcher = batcher;
    this.scheduler = scheduler;
    this.index = index;
    this.runs = new BatchRun(batch);
    this.tap = batcher.tap().lane();
    this.thread = new LaneThread("lane-" + batcher.model() + "-" + index, this::work);
  }

  int index() {
    return index;
  }

  /** Returns the lane's batch; only for the holder of the baton. */
  Batch batch() {
    return batch;
  }

  /** Notes what the batch will take, for those who ask how long they would wait. */
  void reckon(long nanos) {
    reckonedNanos = nanos;
    scheduler.runs(nanos);
  }

  /** Has the lane's thread run the batch, and gives it the baton; fails it if there is none. */
  void start() {
    try {
      thread.start();
    } catch (RuntimeException | Error e) {
      fail(e);
      done();
      scheduler.release(this);
    }
  }

  private void work() {
    boolean goesOn = true;
    while (goesOn) {
      execute(true);
      goesOn = scheduler.release(this) && scheduler.schedule(this, false);
    }
  }

  /** Frees what runs need; nothing runs any more. */
  void close() {
    thread.close();
    if (control != null) {
      control.close();
      control = null;
    }
  }

  // Running. All of it is the baton holder's.

  /**
   * Runs the batch and hands its answers over; never throws.
   *
   * @param canEndEarly whether the run ends when nobody waits for it any more
   */
  void execute(boolean canEndEarly) {
    try {
      RunControl ready = control();
      RunToken token = canEndEarly ? new RunToken(ready, batch.size()) : null;
      if (token != null) {
        for (int i = 0; i < batch.size(); i++) {
          batch.entry(i).joins(token);
        }
        if (token.isLost()) {
          token.end();
          cancelAll();
          return;
        }
      }
      run(ready, token);
    } catch (RuntimeException | Error e) {
      // Memory for a control, or a mistake of ours: those that have no answer yet get one.
      failSafely(e);
    } finally {
      clear();
      done();
    }
  }

  private void done() {
    if (reckonedNanos != 0) {
      scheduler.runs(-reckonedNanos);
      reckonedNanos = 0;
    }
  }

  private RunControl control() {
    if (control == null) {
      control = batcher.servable().openControl();
    }
    return control;
  }

  private void run(RunControl ready, @Nullable RunToken token) {
    boolean ended = false;
    Throwable failure = null;
    Answers answers = null;
    long startNanos = System.nanoTime();
    try {
      answers = runs.run(ready, startNanos);
    } catch (RuntimeException | Error e) {
      failure = e;
    } finally {
      ended = token != null && token.end();
    }
    if (answers != null) {
      batcher.succeeded(batch, 0);
      batch.shape().learn(batch.rows(), answers.endNanos() - startNanos);
      batcher.metrics().recordExecution(batch.inferences());
      hand(answers, startNanos);
    } else if (ended) {
      cancelAll();
    } else if (batch.size() > 1) {
      isolate();
    } else if (failure != null) {
      fail(failure);
    }
  }

  private void hand(Answers answers, long startNanos) {
    try (answers) {
      TapLayout watched = tap.watched();
      if (watched != null) {
        record(answers, watched, false, -1);
      }
      for (int i = 0; i < batch.size(); i++) {
        hand(i, answers, startNanos);
      }
      if (watched != null) {
        record(answers, watched, true, -1);
      }
    }
  }

  /** Records rows; whatever goes wrong there, the answers are not touched by it. */
  private void record(Answers answers, TapLayout watched, boolean isHandedOver, int index) {
    try {
      answers.record(tap, watched, isHandedOver, index);
    } catch (RuntimeException | Error e) {
      batcher.tap().failed(e, index < 0 ? batch.rows() : batch.rowCount(index));
    }
    tap.publish();
  }

  private void hand(int index, Answers answers, long startNanos) {
    InferenceResult result;
    try {
      result = completed(answers, index, startNanos);
    } catch (RuntimeException | Error e) {
      batcher.failures().failed(e);
      result = batcher.failed();
    }
    end(index, result);
  }

  private InferenceResult completed(Answers answers, int index, long startNanos) {
    long receivedNanos = batch.entry(index).request.receivedNanos();
    InferenceOutputs outputs = answers.part(index);
    StageTimings timings =
        new StageTimings(
            Math.max(0, startNanos - receivedNanos),
            answers.inputNanos(),
            answers.inferNanos(),
            outputs.outputNanos());
    return new InferenceResult.Completed(batcher.servable().version(), outputs, timings);
  }

  /** Ends what the batch has of a request; in the batch's order. */
  private void end(int index, InferenceResult result) {
    endedCount = index + 1;
    batcher
        .endings()
        .ended(batch.entry(index), batch.firstRow(index), batch.rowCount(index), result);
  }

  private void cancelAll() {
    for (int i = 0; i < batch.size(); i++) {
      end(i, Endings.CANCELLED);
    }
  }

  /**
   * One request may have spoilt the batch: each that somebody still waits for runs again by itself,
   * so that only that one fails.
   */
  private void isolate() {
    for (int i = 0; i < batch.size(); i++) {
      if (batch.entry(i).isAbandoned()) {
        end(i, Endings.CANCELLED);
        continue;
      }
      long startNanos = System.nanoTime();
      Answers answers;
      try {
        answers = runs.runAlone(i, startNanos);
      } catch (RuntimeException | Error e) {
        batcher.failures().failed(e);
        end(i, batcher.failed(e));
        continue;
      }
      batcher.succeeded(batch, i);
      batcher.metrics().recordExecution(batch.rowCount(i));
      try (answers) {
        TapLayout watched = tap.watched();
        if (watched != null) {
          record(answers, watched, false, i);
        }
        hand(i, answers, startNanos);
      }
    }
  }

  /** Fails those that have no answer yet; the lane goes on even if that fails too. */
  private void failSafely(Throwable cause) {
    try {
      fail(cause);
    } catch (RuntimeException | Error noMemoryEither) {
      cause.addSuppressed(noMemoryEither);
    }
  }

  /** Fails those of the batch's requests that have no answer yet. */
  void fail(Throwable cause) {
    try {
      batcher.failures().failed(cause);
    } finally {
      InferenceResult failed = batcher.failed(cause);
      for (int i = endedCount; i < batch.size(); i++) {
        end(i, failed);
      }
      clear();
    }
  }

  private void clear() {
    batch.clear();
    endedCount = 0;
  }
}
