package dev.skeg.monitor.profile;

import java.util.Arrays;

/**
 * A bounded uniform sample of a column's values: those of the rows with the least priorities.
 *
 * <p>A row's priority is a hash, so the sample is the same however rows were split and merged. Rows
 * are the same for all features of a profile. Categories stand as the bits of their hash ({@link
 * Double#longBitsToDouble(long)}).
 *
 * <p>Immutable.
 */
public final class Reservoir {
  /** Rows at most. */
  public static final int CAPACITY = 1024;

  /** Of no row. */
  public static final Reservoir EMPTY = new Reservoir(0, new long[0], new double[0]);

  private final long rows;
  private final long[] priorities; // Ascending, unsigned.
  private final double[] values;

  /**
   * @param rows that the sample is of
   * @param priorities of the rows, by any order; copied
   * @param values of the same rows; copied
   */
  public Reservoir(long rows, long[] priorities, double[] values) {
    if (priorities.length != values.length || values.length > CAPACITY || values.length > rows) {
      throw new IllegalArgumentException(
          "priorities: "
              + priorities.length
              + ", values: "
              + values.length
              + ", rows: "
              + rows
              + " (expected: as many priorities as values, at most rows and "
              + CAPACITY
              + ")");
    }
    this.rows = rows;
    this.priorities = new long[values.length];
    this.values = new double[values.length];
    sort(priorities, values, this.priorities, this.values);
  }

  private static void sort(long[] keys, double[] values, long[] sortedKeys, double[] sortedValues) {
    Integer[] order = new Integer[keys.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(
        order,
        (a, b) -> {
          int byKey = Long.compareUnsigned(keys[a], keys[b]);
          return byKey != 0
              ? byKey
              : Long.compare(
                  Double.doubleToRawLongBits(values[a]), Double.doubleToRawLongBits(values[b]));
        });
    for (int i = 0; i < order.length; i++) {
      sortedKeys[i] = keys[order[i]];
      sortedValues[i] = values[order[i]];
    }
  }

  /** Returns how many values are here. */
  public int size() {
    return values.length;
  }

  /** Returns how many rows they were drawn from. */
  public long rows() {
    return rows;
  }

  /** Returns whether all rows' values are here. */
  public boolean isWhole() {
    return size() == rows;
  }

  public double value(int index) {
    return values[index];
  }

  /** Returns the values, in an array of the caller's own. */
  public double[] values() {
    return values.clone();
  }

  long[] priorities() {
    return priorities.clone();
  }

  /** Returns the sample of both columns together. */
  public Reservoir merge(Reservoir other) {
    int all = values.length + other.values.length;
    long[] keys = Arrays.copyOf(priorities, all);
    double[] both = Arrays.copyOf(values, all);
    System.arraycopy(other.priorities, 0, keys, values.length, other.values.length);
    System.arraycopy(other.values, 0, both, values.length, other.values.length);
    long[] sortedKeys = new long[all];
    double[] sortedValues = new double[all];
    sort(keys, both, sortedKeys, sortedValues);
    int kept = Math.min(all, CAPACITY);
    return new Reservoir(
        rows + other.rows, Arrays.copyOf(sortedKeys, kept), Arrays.copyOf(sortedValues, kept));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Reservoir that
        && rows == that.rows
        && Arrays.equals(priorities, that.priorities)
        && Arrays.equals(values, that.values);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(priorities);
  }

  @Override
  public String toString() {
    return size() + " of " + rows + " rows";
  }
}
