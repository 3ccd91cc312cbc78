package dev.skeg.monitor.drift.evidence;

/** What a window's counts are held against. Immutable. */
public final class Reference {
  private final int cell;
  private final double[] counts;
  private final double rows;
  private final DesignEffects effects;

  /**
   * @param cell which reference this is: windows held against the same cell share its sampling
   *     error
   * @param counts rows of the reference by bin, with a sum over 0; those of a pooled or weighted
   *     reference need not be whole; copied
   * @param effects how much more than independent rows a window of this cell varies
   */
  public Reference(int cell, double[] counts, DesignEffects effects) {
    this.cell = cell;
    this.counts = counts.clone();
    this.effects = effects;
    double sum = 0;
    for (double count : counts) {
      sum += count;
    }
    if (!(sum > 0)) {
      throw new IllegalArgumentException("counts: " + sum + " rows (expected: over 0)");
    }
    this.rows = sum;
  }

  /** Returns a reference of whole counts. */
  public static Reference of(int cell, long[] counts, DesignEffects effects) {
    double[] copy = new double[counts.length];
    for (int k = 0; k < copy.length; k++) {
      copy[k] = counts[k];
    }
    return new Reference(cell, copy, effects);
  }

  int cell() {
    return cell;
  }

  /** Returns how many bins there are. */
  public int size() {
    return counts.length;
  }

  /** Returns the rows in a bin. */
  public double count(int bin) {
    return counts[bin];
  }

  /** Returns how many rows there are. */
  public double rows() {
    return rows;
  }

  /** Returns how much more than independent rows a window of this cell varies. */
  public DesignEffects effects() {
    return effects;
  }
}
