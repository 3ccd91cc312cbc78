package dev.skeg.monitor.drift;

import dev.skeg.monitor.baseline.Seasons;
import dev.skeg.monitor.profile.Window;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Optional;

/**
 * Counts of a feature's earlier windows, by the hour of the week in which they began; older weeks
 * count less, by a quarter a week, so that four weeks' rows are remembered.
 *
 * <p><b>Threads.</b> One owner.
 */
final class SeasonalHistory {
  /** Visits of an hour before windows are held against it. */
  static final int FEWEST_VISITS = 3;

  /** Rows of an hour before windows are held against it. */
  private static final double FEWEST_ROWS = 500;

  /** All that is no hour of the week of its own: what such references pool, they have in common. */
  private static final int WIDE = -1;

  private static final float REMEMBERED = .75f;
  private static final long HOUR_MILLIS = 3_600_000;
  private static final int DAY = 24;
  private static final int WEEKEND = 5 * DAY;

  private final int bins;
  private final float[][] counts = new float[Seasons.HOURS][0]; // Empty until there are any.
  private final int[] visits = new int[Seasons.HOURS];
  private final long[] lastHour = new long[Seasons.HOURS];

  SeasonalHistory(int bins) {
    this.bins = bins;
  }

  /**
   * What earlier windows make one expect.
   *
   * @param cell which part of the history it is
   * @param counts by bin
   */
  record Past(int cell, Counts counts) {}

  /** Counts by bin, and how many visits they come from. */
  static final class Counts {
    private final double[] byBin;
    private double rows;
    private int visits;

    private Counts(int bins) {
      this.byBin = new double[bins];
    }

    private void add(float[] counts, int visitsOfIt) {
      for (int bin = 0; bin < byBin.length; bin++) {
        byBin[bin] += counts[bin];
        rows += counts[bin];
      }
      visits += visitsOfIt;
    }

    double[] byBin() {
      return byBin;
    }

    double rows() {
      return rows;
    }
  }

  /**
   * Returns the same hour of earlier weeks; with fewer than three of them, or too few rows, the
   * same hour of earlier days of the same kind, working day or not; if that too is not enough,
   * nothing.
   */
  Optional<Past> before(Window window) {
    int hour = Seasons.hourOfWeek(window.startMillis());
    Counts same = new Counts(bins);
    float[] own = counts[hour];
    if (own.length > 0) {
      same.add(own, visits[hour]);
    }
    if (isEnough(same)) {
      return Optional.of(new Past(hour, same));
    }
    Counts wide = new Counts(bins);
    for (int each = hour % DAY; each < Seasons.HOURS; each += DAY) {
      float[] counted = counts[each];
      if (counted.length > 0 && each >= WEEKEND == hour >= WEEKEND) {
        wide.add(counted, visits[each]);
      }
    }
    return isEnough(wide) ? Optional.of(new Past(WIDE, wide)) : Optional.empty();
  }

  private static boolean isEnough(Counts counts) {
    return counts.visits >= FEWEST_VISITS && counts.rows >= FEWEST_ROWS;
  }

  /** Takes a window in. */
  void add(Window window, double[] windowCounts) {
    int hour = Seasons.hourOfWeek(window.startMillis());
    long absolute = Math.floorDiv(window.startMillis(), HOUR_MILLIS);
    float[] own = counts[hour];
    if (own.length == 0) {
      own = new float[bins];
      counts[hour] = own;
    }
    boolean isNew = visits[hour] == 0 || absolute != lastHour[hour];
    for (int bin = 0; bin < bins; bin++) {
      own[bin] = (isNew ? own[bin] * REMEMBERED : own[bin]) + (float) windowCounts[bin];
    }
    visits[hour] = Math.min(1_000_000, visits[hour] + (isNew ? 1 : 0));
    lastHour[hour] = absolute;
  }

  void write(DataOutput out) throws IOException {
    for (int hour = 0; hour < Seasons.HOURS; hour++) {
      float[] own = counts[hour];
      out.writeBoolean(own.length > 0);
      if (own.length > 0) {
        out.writeInt(visits[hour]);
        out.writeLong(lastHour[hour]);
        for (float count : own) {
          out.writeFloat(count);
        }
      }
    }
  }

  void read(DataInput in) throws IOException {
    for (int hour = 0; hour < Seasons.HOURS; hour++) {
      counts[hour] = new float[0];
      visits[hour] = 0;
      if (in.readBoolean()) {
        visits[hour] = in.readInt();
        lastHour[hour] = in.readLong();
        float[] own = new float[bins];
        for (int bin = 0; bin < bins; bin++) {
          own[bin] = in.readFloat();
        }
        counts[hour] = own;
      }
    }
  }
}
