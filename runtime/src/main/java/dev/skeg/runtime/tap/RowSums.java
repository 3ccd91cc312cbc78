package dev.skeg.runtime.tap;

import dev.skeg.monitor.record.Centroid;
import dev.skeg.monitor.record.FeatureSpec.Role;
import org.jspecify.annotations.Nullable;

/**
 * Sums a lane's first rows of one tensor, of which a centroid is made where no baseline has one.
 *
 * <p>It needs no more of them: a centroid is a point to measure from.
 *
 * <p><b>Threads.</b> {@link #add} is for the holder of the lane's baton; what was summed is seen by
 * any once the number of rows has doubled. <b>Allocation.</b> A copy of the sums each time it has.
 */
final class RowSums {
  /** Rows that are summed, at most. */
  static final int MOST_ROWS = 4096;

  private static final int FEWEST_ROWS = 64;

  private final double[] sums;
  private int rows;
  private volatile @Nullable Summed summed;

  /** A tensor whose rows are summed. */
  record Of(Role role, String tensor, int length) {}

  /** What was summed so far; immutable. */
  private static final class Summed {
    private final double[] sums;
    private final int rows;

    Summed(double[] sums, int rows) {
      this.sums = sums.clone();
      this.rows = rows;
    }
  }

  RowSums(Of of) {
    this.sums = new double[of.length()];
  }

  /**
   * Adds a row, unless there are enough, it has not as many numbers as the tensor's rows should, or
   * one of them is not finite.
   *
   * @param row its numbers, and maybe others behind them
   * @param count how many
   * @param norm NaN or infinite if a number is not finite
   */
  void add(double[] row, long count, double norm) {
    if (rows == MOST_ROWS || count != sums.length || !(norm < Double.POSITIVE_INFINITY)) {
      return;
    }
    for (int i = 0; i < sums.length; i++) {
      sums[i] += row[i];
    }
    rows++;
    if (rows >= FEWEST_ROWS && Integer.bitCount(rows) == 1) {
      summed = new Summed(sums, rows);
    }
  }

  /** Adds what was summed to another sum; returns of how many rows it is. */
  private int addTo(double[] total) {
    Summed now = summed;
    if (now == null) {
      return 0;
    }
    for (int i = 0; i < total.length; i++) {
      total[i] += now.sums[i];
    }
    return now.rows;
  }

  /** Returns the centroid of all rows that some lanes have summed; null if there is none yet. */
  static @Nullable Centroid centroid(Of of, Iterable<RowSums> lanes) {
    double[] total = new double[of.length()];
    long rows = 0;
    for (RowSums lane : lanes) {
      rows += lane.addTo(total);
    }
    float[] mean = new float[total.length];
    boolean isFinite = true;
    boolean pointsSomewhere = false;
    for (int i = 0; i < mean.length && rows > 0; i++) {
      mean[i] = (float) (total[i] / rows);
      isFinite &= Float.isFinite(mean[i]);
      pointsSomewhere |= mean[i] != 0;
    }
    return isFinite && pointsSomewhere ? new Centroid(of.role(), of.tensor(), mean) : null;
  }
}
