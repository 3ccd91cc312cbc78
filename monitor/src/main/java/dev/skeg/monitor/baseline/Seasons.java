package dev.skeg.monitor.baseline;

import dev.skeg.monitor.baseline.SeasonCell.Level;
import dev.skeg.monitor.profile.Moments;
import dev.skeg.monitor.profile.Window;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;

/**
 * Counts and moments of a feature by the hour of the week, in UTC; hour 0 is Monday's from 0:00 on.
 *
 * <p>Immutable.
 */
public final class Seasons {
  /** Hours of a week. */
  public static final int HOURS = 168;

  /** Rows that a cell needs to be compared with; one with fewer is widened. */
  public static final int FEWEST_ROWS = 500;

  /** Of rows without times. */
  public static final Seasons NONE = new Seasons(new long[0][], new Moments[0]);

  private static final long HOUR_MILLIS = 3_600_000;
  private static final int DAY = 24;
  private static final int WEEKEND = 5 * DAY;
  private static final int EPOCH_HOUR = 3 * DAY; // 1970-01-01 was a Thursday.

  private final long[][] counts;
  private final Moments[] moments;

  /**
   * @param counts by hour of the week, then by bin; copied
   * @param moments by hour of the week; copied
   */
  public Seasons(long[][] counts, Moments[] moments) {
    if ((counts.length != 0 && counts.length != HOURS) || moments.length != counts.length) {
      throw new IllegalArgumentException(
          "hours: "
              + counts.length
              + " of counts, "
              + moments.length
              + " of moments (expected: "
              + HOURS
              + " of both)");
    }
    this.counts = new long[counts.length][];
    for (int hour = 0; hour < counts.length; hour++) {
      if (counts[hour].length != counts[0].length) {
        throw new IllegalArgumentException(
            "hour "
                + hour
                + ": "
                + counts[hour].length
                + " bins (expected: "
                + counts[0].length
                + ")");
      }
      this.counts[hour] = counts[hour].clone();
    }
    this.moments = moments.clone();
  }

  /** Returns the hour of the week of a time, 0 to 167. */
  public static int hourOfWeek(long timeMillis) {
    return Math.floorMod(Math.floorDiv(timeMillis, HOUR_MILLIS) + EPOCH_HOUR, HOURS);
  }

  /** Returns whether there are any. */
  public boolean isPresent() {
    return counts.length > 0;
  }

  /** Returns how many bins there are; 0 where there are no seasons. */
  int bins() {
    return isPresent() ? counts[0].length : 0;
  }

  /** Returns the counts of an hour of the week, in an array of the caller's own. */
  public long[] counts(int hour) {
    return counts[hour].clone();
  }

  public Moments moments(int hour) {
    return moments[hour];
  }

  /** Returns the narrowest cell of a window with enough rows; nothing if only the whole has. */
  Optional<SeasonCell> cell(Window window) {
    return cell(window, FEWEST_ROWS);
  }

  Optional<SeasonCell> cell(Window window, long fewestRows) {
    if (!isPresent()) {
      return Optional.empty();
    }
    BitSet hours = hours(window);
    for (Level level : Level.values()) {
      BitSet wide = widen(hours, level);
      if (level == Level.WHOLE || wide.cardinality() == HOURS) {
        return Optional.empty();
      }
      SeasonCell cell = sum(level, wide);
      if (cell.rows() >= fewestRows) {
        return Optional.of(cell);
      }
    }
    return Optional.empty();
  }

  /** Returns the hours of the week that a window touches. */
  static BitSet hours(Window window) {
    BitSet hours = new BitSet(HOURS);
    long first = Math.floorDiv(window.startMillis(), HOUR_MILLIS);
    long last = Math.floorDiv(window.endMillis() - 1, HOUR_MILLIS);
    for (long hour = first; hour <= Math.min(last, first + HOURS - 1); hour++) {
      hours.set(Math.floorMod(hour + EPOCH_HOUR, HOURS));
    }
    return hours;
  }

  /** Adds the hours that are the same season at a level. */
  static BitSet widen(BitSet hours, Level level) {
    if (level == Level.HOUR_OF_WEEK) {
      return hours;
    }
    BitSet wide = new BitSet(HOURS);
    if (level == Level.WHOLE) {
      wide.set(0, HOURS);
      return wide;
    }
    for (int hour = hours.nextSetBit(0); hour >= 0; hour = hours.nextSetBit(hour + 1)) {
      for (int same = hour % DAY; same < HOURS; same += DAY) {
        if (level == Level.HOUR_OF_DAY || same >= WEEKEND == hour >= WEEKEND) {
          wide.set(same);
        }
      }
    }
    return wide;
  }

  private SeasonCell sum(Level level, BitSet hours) {
    long[] sums = new long[bins()];
    Moments all = Moments.EMPTY;
    for (int hour = hours.nextSetBit(0); hour >= 0; hour = hours.nextSetBit(hour + 1)) {
      for (int bin = 0; bin < sums.length; bin++) {
        sums[bin] += counts[hour][bin];
      }
      all = all.merge(moments[hour]);
    }
    return new SeasonCell(level, sums, all);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Seasons that
        && Arrays.deepEquals(counts, that.counts)
        && Arrays.equals(moments, that.moments);
  }

  @Override
  public int hashCode() {
    return Arrays.deepHashCode(counts);
  }

  @Override
  public String toString() {
    return isPresent() ? HOURS + " hours of the week" : "no seasons";
  }
}
