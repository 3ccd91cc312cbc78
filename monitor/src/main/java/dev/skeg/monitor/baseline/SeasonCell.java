package dev.skeg.monitor.baseline;

import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.Moments;
import java.util.Arrays;

/**
 * The part of a baseline that belongs to the same season as a window.
 *
 * <p>Immutable.
 */
public final class SeasonCell {
  /** How narrow a season is, from the narrowest on. */
  public enum Level {
    /** The same hours of the week. */
    HOUR_OF_WEEK,
    /** The same hours of Mondays to Fridays, or of Saturdays and Sundays. */
    HOUR_OF_DAY_KIND,
    /** The same hours of any day. */
    HOUR_OF_DAY,
    /** All rows. */
    WHOLE
  }

  private final Level level;
  private final long[] counts;
  private final long rows;
  private final Moments moments;

  /**
   * @param counts by bin; copied
   */
  SeasonCell(Level level, long[] counts, Moments moments) {
    this.level = level;
    this.counts = counts.clone();
    this.rows = Arrays.stream(counts).sum();
    this.moments = moments;
  }

  static SeasonCell ofWhole(FeatureProfile whole) {
    return new SeasonCell(Level.WHOLE, whole.counts(), whole.moments());
  }

  public Level level() {
    return level;
  }

  /** Returns how many rows are in a bin. */
  public long count(int bin) {
    return counts[bin];
  }

  /** Returns the counts by bin, in an array of the caller's own. */
  public long[] counts() {
    return counts.clone();
  }

  public long rows() {
    return rows;
  }

  /** Returns the moments of the finite values; empty of a categorical feature. */
  public Moments moments() {
    return moments;
  }

  @Override
  public String toString() {
    return level + ": " + rows + " rows " + Arrays.toString(counts);
  }
}
