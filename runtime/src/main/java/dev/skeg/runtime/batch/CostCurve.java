package dev.skeg.runtime.batch;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * What a run costs by its number of rows: measured at load, then kept up to date by every run.
 *
 * <p>Kept for the powers of two and read between them by straight lines. A run of another size
 * tells what the sizes beside it would have cost, by the curve's own proportions.
 *
 * <p>What makes runs dearer for a while, such as other threads on the same processors, does so for
 * all sizes: a factor of {@link #load} follows it quickly, and the sizes' proportions only slowly.
 * So a size that has not been run for long can still be compared with one that has. The longer it
 * has not been run while others were, the more of what it misses by is its own, and the less the
 * load's. One sample moves a prediction by about an eighth, and counts as four times that
 * prediction at most: a thread that was preempted says nothing about the model.
 *
 * <p><b>Threads.</b> Any. Two samples at once may lose one; a prediction is none the worse.
 */
final class CostCurve {
  private static final int SIZES = 21; // 1 to 2^20 rows.
  private static final int NONE = -1;
  private static final double LOAD_RATE = 1.0 / 12;
  private static final double SIZE_RATE = 1.0 / 24;
  private static final double MOST_SIZE_RATE = 1.0 / 8;
  private static final double SPREAD_RATE = 1.0 / 32;

  /** As many runs of others make twice as much of a miss the size's own. */
  private static final double RUNS_APART = 8;

  private static final double OUTLIER = 4;

  /** Of runs that miss by so many times the mean, few miss by more. */
  private static final double SPREADS = 3;

  /** A larger batch that costs less by no more than this is not worth what it makes wait. */
  private static final double NEARLY = 1.01;

  /** A larger batch that seems to cost more by no more than this may do so by chance. */
  private static final double NEARLY_LARGE = 1.05;

  /** A run that takes no longer may be tried eight times as large. */
  private static final long CHEAP_NANOS = 2_000_000;

  private final AtomicLongArray nanos = new AtomicLongArray(SIZES); // 0: not known.
  private final AtomicLongArray lastRun = new AtomicLongArray(SIZES); // Numbers of runs.
  private volatile long runs;
  private volatile double load = 1;
  private volatile double spread; // The mean of by how much runs miss their prediction, relative.

  /** Returns the nanoseconds that a run of so many rows will take; 0 if nothing is known. */
  long predict(int rows) {
    double expected = unloaded(rows) * load;
    return expected == 0 ? 0 : Math.max(1, (long) expected);
  }

  /**
   * Returns the nanoseconds within which nearly every run of so many rows ends, for whom a late
   * answer is none; 0 if nothing is known.
   */
  long predictAtMost(int rows) {
    return (long) (predict(rows) * (1 + SPREADS * spread));
  }

  private double unloaded(int rows) {
    int size = floorSize(rows);
    int below = knownUpTo(size);
    if (below == size && rows == 1 << size) {
      return nanos.get(size);
    }
    int above = knownFrom(size + 1);
    if (below == NONE) {
      return above == NONE ? 0 : nanos.get(above); // As it is: a run has a cost of its own.
    }
    double from = nanos.get(below);
    int base = 1 << below;
    if (above == NONE) {
      return from / base * rows;
    }
    double slope = Math.max(0, nanos.get(above) - from) / ((1 << above) - base);
    return from + slope * (rows - base);
  }

  /** Returns the largest size known up to one. */
  private int knownUpTo(int size) {
    int i = size;
    while (i >= 0 && nanos.get(i) == 0) {
      i--;
    }
    return i;
  }

  private int knownFrom(int size) {
    for (int i = size; i < SIZES; i++) {
      if (nanos.get(i) > 0) {
        return i;
      }
    }
    return NONE;
  }

  /** Sets what a run of so many rows takes, a power of two. */
  void set(int rows, long value) {
    nanos.set(floorSize(rows), Math.max(1, value));
  }

  /** Learns from a run. */
  void learn(int rows, long measured) {
    int size = floorSize(rows);
    int base = 1 << size;
    int nearest = size + 1 < SIZES && rows - base > base / 2 ? size + 1 : size;
    double factor = load;
    double predicted = unloaded(rows) * factor;
    if (predicted == 0) {
      learn(nearest, (double) measured / rows * (1 << nearest));
      return;
    }
    double off = Math.min(measured / predicted, OUTLIER) - 1;
    double apart = 1 + runsOfOthers(nearest) / RUNS_APART;
    load = factor * (1 + off * LOAD_RATE / apart);
    double missed = spread;
    spread = missed + (Math.abs(off) - missed) * SPREAD_RATE;
    long known = nanos.get(nearest);
    learn(
        nearest,
        known > 0
            ? known * (1 + off * Math.min(SIZE_RATE * apart, MOST_SIZE_RATE))
            : predicted * (1 + off) / factor / rows * (1 << nearest));
  }

  /** Counts a run of a size; returns how many of others there were since its last one. */
  private long runsOfOthers(int size) {
    long run = runs + 1;
    runs = run;
    return Math.max(0, run - lastRun.getAndSet(size, run) - 1);
  }

  private void learn(int size, double value) {
    nanos.set(size, Math.max(1, Math.round(value)));
  }

  /**
   * Returns the smallest power of two of at most {@code most} rows whose cost a row is nearly the
   * best known. At the end of what is known it may be a larger one, so that it becomes known: eight
   * times as large where that costs little, else twice; {@code most} if nothing is.
   */
  int bestRows(int most) {
    double best = leastPerRow(most);
    for (int i = 0; i < SIZES && 1 << i <= most; i++) {
      long known = nanos.get(i);
      if (known > 0 && (double) known / (1 << i) <= best * NEARLY) {
        boolean goesOn = knownFrom(i + 1) == NONE && isFalling(i);
        return goesOn ? Math.min(most, 1 << (i + (known <= CHEAP_NANOS ? 3 : 1))) : 1 << i;
      }
    }
    return most;
  }

  /**
   * Returns the largest power of two of at most {@code most} rows whose cost a row is about the
   * best known up to there; 1 if nothing is known.
   */
  int largestRows(int most) {
    double best = leastPerRow(most);
    for (int i = floorSize(most); i > 0; i--) {
      long known = nanos.get(i);
      if (known > 0 && (double) known / (1 << i) <= best * NEARLY_LARGE) {
        return 1 << i;
      }
    }
    return 1;
  }

  private double leastPerRow(int most) {
    double best = Double.POSITIVE_INFINITY;
    for (int i = 0; i < SIZES && 1 << i <= most; i++) {
      long known = nanos.get(i);
      if (known > 0) {
        best = Math.min(best, (double) known / (1 << i));
      }
    }
    return best;
  }

  /** At the end of what is known, more may be better still: if the last step was, or is unknown. */
  private boolean isFalling(int size) {
    long known = nanos.get(size);
    long half = size == 0 ? 0 : nanos.get(size - 1);
    return half == 0 || known < 2 * half * 0.99;
  }

  private static int floorSize(int rows) {
    return Math.min(SIZES - 1, 31 - Integer.numberOfLeadingZeros(Math.max(1, rows)));
  }
}
