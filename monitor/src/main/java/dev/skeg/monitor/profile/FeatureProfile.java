package dev.skeg.monitor.profile;

import dev.skeg.monitor.record.FeatureSpec;
import java.util.Arrays;

/**
 * What a window's values of one feature look like. Counts are exact; merging adds them.
 *
 * <p>Merging is commutative and associative but for the rounding of the moments, and for the bounds
 * of heavy values where there are more than fit.
 *
 * <p>Immutable.
 */
public final class FeatureProfile {
  private final FeatureSpec spec;
  private final Bins bins;
  private final long[] counts;
  private final long rows;
  private final Moments moments;
  private final DistinctEstimate distinct;
  private final HeavyValues heavy;
  private final Reservoir reservoir;

  /**
   * @param bins numeric ones for a numeric feature, else ones of categories
   * @param counts by bin; copied
   * @param moments of a numeric feature's finite values, else empty
   */
  public FeatureProfile(
      FeatureSpec spec,
      Bins bins,
      long[] counts,
      Moments moments,
      DistinctEstimate distinct,
      HeavyValues heavy,
      Reservoir reservoir) {
    if (spec.isNumeric() != bins instanceof NumericBins) {
      throw new IllegalArgumentException(
          "bins: " + bins.getClass().getSimpleName() + " of a feature that is " + spec.kind());
    }
    if (counts.length != bins.size()) {
      throw new IllegalArgumentException(
          "counts: " + counts.length + " (expected: " + bins.size() + ", one a bin)");
    }
    this.spec = spec;
    this.bins = bins;
    this.counts = counts.clone();
    long sum = 0;
    for (long count : counts) {
      if (count < 0) {
        throw new IllegalArgumentException("counts: " + count + " (expected: 0 or more)");
      }
      sum += count;
    }
    this.rows = sum;
    this.moments = moments;
    this.distinct = distinct;
    this.heavy = heavy;
    this.reservoir = reservoir;
  }

  /** Returns a profile of no row. */
  public static FeatureProfile empty(FeatureSpec spec, Bins bins) {
    return new FeatureProfile(
        spec,
        bins,
        new long[bins.size()],
        Moments.EMPTY,
        DistinctEstimate.EMPTY,
        HeavyValues.NONE,
        Reservoir.EMPTY);
  }

  public FeatureSpec spec() {
    return spec;
  }

  public Bins bins() {
    return bins;
  }

  /** Returns how many rows' values are in a bin. */
  public long count(int bin) {
    return counts[bin];
  }

  /** Returns the counts by bin, in an array of the caller's own. */
  public long[] counts() {
    return counts.clone();
  }

  /**
   * Returns how many rows there are: the sum of all counts. Rows whose requests did not ask for an
   * output are not among those of that output.
   */
  public long rows() {
    return rows;
  }

  /** Returns the moments of the finite values; empty of a categorical feature. */
  public Moments moments() {
    return moments;
  }

  /** Returns how many different values a sample of the rows has. */
  public DistinctEstimate distinct() {
    return distinct;
  }

  /** Returns the frequent values that have no bin of their own. */
  public HeavyValues heavy() {
    return heavy;
  }

  /** Returns a bounded sample of the values. */
  public Reservoir reservoir() {
    return reservoir;
  }

  /**
   * Returns the profile of both columns' values together.
   *
   * @throws IllegalArgumentException if the other is of another feature or in other bins
   */
  public FeatureProfile merge(FeatureProfile other) {
    if (!spec.equals(other.spec) || !bins.equals(other.bins)) {
      throw new IllegalArgumentException(
          "other: " + other.spec + " (expected: " + spec + " in the same bins)");
    }
    long[] sums = new long[counts.length];
    Arrays.setAll(sums, bin -> counts[bin] + other.counts[bin]);
    return new FeatureProfile(
        spec,
        bins,
        sums,
        moments.merge(other.moments),
        distinct.merge(other.distinct),
        heavy.merge(other.heavy),
        reservoir.merge(other.reservoir));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FeatureProfile that
        && spec.equals(that.spec)
        && bins.equals(that.bins)
        && Arrays.equals(counts, that.counts)
        && moments.equals(that.moments)
        && distinct.equals(that.distinct)
        && heavy.equals(that.heavy)
        && reservoir.equals(that.reservoir);
  }

  @Override
  public int hashCode() {
    return 31 * spec.hashCode() + Arrays.hashCode(counts);
  }

  @Override
  public String toString() {
    return spec.name() + ": " + rows + " rows " + Arrays.toString(counts);
  }
}
