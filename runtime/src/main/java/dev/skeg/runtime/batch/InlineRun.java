package dev.skeg.runtime.batch;

import org.jspecify.annotations.Nullable;

/**
 * Runs what an event loop has read on that loop, as far as it is cheap and a lane is idle.
 *
 * <p><b>Threads.</b> Event loops; each call holds a lane's baton while it runs.
 */
final class InlineRun {
  /** Batches that an event loop runs one after the other before it reads again. */
  private static final int MAX_ROUNDS = 4;

  private final Batcher batcher;
  private final Scheduler scheduler;

  InlineRun(Batcher batcher, Scheduler scheduler) {
    this.batcher = batcher;
    this.scheduler = scheduler;
  }

  /** Returns how many of the requests, from the first on, an event loop may run by itself. */
  static int cheapPrefix(@Nullable Entry[] entries, int count) {
    long spent = 0;
    ShapeClass last = null;
    long rowNanos = 0;
    for (int i = 0; i < count; i++) {
      Entry entry = entries[i];
      if (entry == null) {
        return i;
      }
      ShapeClass shape = entry.shape;
      if (shape != last) {
        int most = shape.capacity();
        long one = shape.cost().predict(1);
        if (one == 0) {
          return i;
        }
        rowNanos = shape.cost().predict(most) / most;
        spent += one;
        last = shape;
      }
      if (entry.rows > shape.capacity()) {
        return i;
      }
      spent += rowNanos * entry.rows;
      if (spent > Batcher.INLINE_NANOS) {
        return i;
      }
    }
    return count;
  }

  /**
   * Runs requests, then what has come to wait meanwhile, and gives the baton back.
   *
   * @param lane whose baton the caller holds
   * @param entries the first {@code count} are run and taken out
   */
  void run(Lane lane, @Nullable Entry[] entries, int count) {
    try {
      int first = 0;
      while (first < count) {
        first = fill(lane.batch(), entries, first, count);
        if (lane.batch().size() > 0) {
          lane.execute(false);
        }
      }
    } catch (RuntimeException | Error e) {
      lane.fail(e); // Those that are left are the turn's to end; the baton must be given back.
    }
    int rounds = 0;
    while (scheduler.release(lane) && scheduler.schedule(rounds < MAX_ROUNDS ? lane : null, true)) {
      lane.execute(false);
      rounds++;
    }
  }

  /** Takes the requests that run together; returns the first that is left. */
  private int fill(Batch batch, @Nullable Entry[] entries, int first, int count) {
    ShapeClass shape = null;
    int next = count;
    for (int i = first; i < count; i++) {
      Entry entry = entries[i];
      if (entry == null) {
        continue;
      }
      boolean joins =
          shape == null
              || (entry.shape == shape
                  && shape.isBatchable()
                  && batch.rows() + entry.rows <= shape.capacity());
      if (!joins) {
        next = Math.min(next, i);
        continue;
      }
      batch.makeRoom();
      if (batcher.takes(entry)) {
        shape = entry.shape;
        batch.add(entry, 0, entry.rows);
      }
      entries[i] = null;
    }
    return next;
  }
}
