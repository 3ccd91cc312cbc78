package dev.skeg.runtime.batch;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * What a run costs by its number of rows: measured at load, then kept up to date by every run.
 *
 * <p>Kept for the powers of two and read between them by straight lines. A run of another size
 * tells what the sizes beside it would have cost, by the curve's own proportions. One sample moves
 * the curve by an eighth, and counts as four times the prediction at most: a thread that was
 * preempted says nothing about the model.
 *
 * <p><b>Threads.</b> Any. Two samples at once may lose one; a prediction is none the worse.
 */
final class CostCurve {
  private static final int SIZES = 21; // 1 to 2^20 rows.
  private static final int SHIFT = 3;
  private static final int OUTLIER = 4;

  /** A larger batch that costs less by no more than this is not worth what it makes wait. */
  private static final double NEARLY = 1.08;

  private final AtomicLongArray nanos = new AtomicLongArray(SIZES); // 0: not known.

  /** Returns the nanoseconds that a run of so many rows will take; 0 if nothing is known. */
  long predict(int rows) {
    int size = Math.min(SIZES - 1, floorSize(rows));
    long below = nanos.get(size);
    int base = 1 << size;
    if (below > 0 && (rows == base || size + 1 == SIZES)) {
      return below;
    }
    long above = size + 1 < SIZES ? nanos.get(size + 1) : 0;
    if (below > 0 && above > 0) {
      return below + Math.max(0, above - below) * (rows - base) / base;
    }
    return extrapolate(size, rows);
  }

  /** From the nearest size known below in proportion to the rows, or the nearest above as it is. */
  private long extrapolate(int size, int rows) {
    for (int i = size; i >= 0; i--) {
      long known = nanos.get(i);
      if (known > 0) {
        return known + (known >> i) * (rows - (1L << i));
      }
    }
    for (int i = size + 1; i < SIZES; i++) {
      if (nanos.get(i) > 0) {
        return nanos.get(i);
      }
    }
    return 0;
  }

  /** Sets what a run of so many rows takes, a power of two. */
  void set(int rows, long value) {
    nanos.set(floorSize(rows), Math.max(1, value));
  }

  /** Learns from a run. */
  void learn(int rows, long measured) {
    int size = Math.min(SIZES - 1, floorSize(rows));
    int base = 1 << size;
    int nearest = size + 1 < SIZES && rows - base > base / 2 ? size + 1 : size;
    long predicted = predict(rows);
    if (predicted == 0) {
      nanos.set(nearest, Math.max(1, measured));
      return;
    }
    long sample = Math.min(measured, predicted * OUTLIER);
    long old = nanos.get(nearest);
    if (old == 0) {
      if (rows == 1 << nearest) {
        nanos.set(nearest, Math.max(1, sample));
      }
      return;
    }
    long scaled = (long) ((double) sample * old / predicted);
    nanos.set(nearest, Math.max(1, old + ((scaled - old) >> SHIFT)));
  }

  /**
   * Returns the smallest power of two of at most {@code most} rows whose cost a row is nearly the
   * best known; {@code most} if nothing is known.
   */
  int bestRows(int most) {
    double best = Double.POSITIVE_INFINITY;
    for (int i = 0; i < SIZES && 1 << i <= most; i++) {
      long known = nanos.get(i);
      if (known > 0) {
        best = Math.min(best, (double) known / (1 << i));
      }
    }
    for (int i = 0; i < SIZES && 1 << i <= most; i++) {
      long known = nanos.get(i);
      if (known > 0 && (double) known / (1 << i) <= best * NEARLY) {
        boolean isLast = i + 1 == SIZES || 1 << (i + 1) > most || nanos.get(i + 1) == 0;
        return isLast && isFalling(i) ? most : 1 << i;
      }
    }
    return most;
  }

  /** At the end of what is known, more may be better still: if the last step was, or is unknown. */
  private boolean isFalling(int size) {
    long known = nanos.get(size);
    long half = size == 0 ? 0 : nanos.get(size - 1);
    return half == 0 || known < 2 * half * 0.97;
  }

  private static int floorSize(int rows) {
    return 31 - Integer.numberOfLeadingZeros(Math.max(1, rows));
  }
}
