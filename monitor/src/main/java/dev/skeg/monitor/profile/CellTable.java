package dev.skeg.monitor.profile;

import java.util.Arrays;

/**
 * Finds the bin of a number for {@link NumericBins}.
 *
 * <p>Every double has a key, a long in the same order (-0 before 0, NaN the last). The keys are cut
 * into cells; each has an upper limit and a bin. A cell is found as the first whose limit is not
 * below the value: a grid over the range, even in the values or in their keys (and so about even in
 * their logarithms), says from which cell on to look, and a search of a fixed number of steps
 * without branches does the rest. The grid is the one that needs fewer steps: for most columns one
 * or two.
 *
 * <p>NaN is over every limit and runs on behind the last one: what lies there is missing.
 *
 * <p>Immutable.
 */
final class CellTable {
  private static final long NEGATIVE_INFINITY = key(Double.NEGATIVE_INFINITY);
  private static final long POSITIVE_INFINITY = key(Double.POSITIVE_INFINITY);

  /** Slots of the grid: one for what is under its range, one for what is over it. */
  private static final int SLOTS = 1026;

  /** Keys are compared by these upper bits where their difference might overflow. */
  private static final int KEY_SHIFT = 8;

  private long[] bounds; // Keys.
  private short[] bins;
  private int size;

  private final double[] limits; // The bounds as numbers; infinite behind the last.
  private final boolean isLinear;
  private final double high;
  private final double scale;
  private final long lowKey;
  private final int shift;
  private final short[] starts;
  private final int firstStep; // A power of two; 0 if there is nothing to search.

  /** Both arrays ascend and have no -0. */
  CellTable(double[] atoms, double[] edges) {
    int most = 2 * atoms.length + edges.length + 6;
    bounds = new long[most];
    bins = new short[most];
    add(NEGATIVE_INFINITY, NumericBins.NEGATIVE_INFINITY);
    int firstInterval = NumericBins.FIRST_ATOM + atoms.length;
    int atom = 0;
    for (int i = 0; i < edges.length; i++) {
      int bin = i == 0 ? NumericBins.BELOW : firstInterval + i - 1;
      // The least edge belongs to the interval above it, every other to the one below.
      long end = i == 0 ? first(edges[0]) - 1 : last(edges[i]);
      atom = addUpTo(end, bin, atoms, atom);
    }
    addUpTo(POSITIVE_INFINITY - 1, NumericBins.ABOVE, atoms, atom);
    add(POSITIVE_INFINITY, NumericBins.POSITIVE_INFINITY);
    add(Long.MAX_VALUE, Bins.MISSING);

    double from = Math.min(atoms[0], edges.length == 0 ? atoms[0] : edges[0]);
    double to =
        Math.max(atoms[atoms.length - 1], edges.length == 0 ? from : edges[edges.length - 1]);
    double edgeFrom = edges.length < 2 ? from : edges[0];
    double edgeTo = edges.length < 2 ? to : edges[edges.length - 1];
    double width = edgeTo - edgeFrom;
    this.high = edgeTo;
    this.scale = width > 0 && Double.isFinite(width) ? (SLOTS - 2) / width : 0;
    this.lowKey = key(edgeFrom) >> KEY_SHIFT;
    long keys = Math.max(1, (key(edgeTo) >> KEY_SHIFT) - lowKey);
    this.shift = Math.max(0, Long.SIZE - Long.numberOfLeadingZeros(keys) - 10);
    int linear = scale > 0 && Double.isFinite(scale) ? span(true) : Integer.MAX_VALUE;
    int logarithmic = span(false);
    this.isLinear = linear <= logarithmic;
    int span = Math.min(linear, logarithmic);
    this.firstStep = Integer.highestOneBit(span);
    this.starts = new short[SLOTS];
    int at = 0;
    for (int slot = 0; slot < SLOTS; slot++) {
      while (at < size && slot(isLinear, bounds[at]) < slot) {
        at++;
      }
      starts[slot] = (short) at;
    }
    int padded = size + 2 * firstStep;
    bins = Arrays.copyOf(bins, padded); // Those that are added are of what is missing.
    limits = new double[padded];
    Arrays.fill(limits, Double.POSITIVE_INFINITY);
    for (int i = 0; i < size - 1; i++) {
      limits[i] = value(bounds[i]);
    }
  }

  /** Returns a long in the order of doubles. */
  static long key(double value) {
    long bits = Double.doubleToLongBits(value);
    return bits ^ (bits >> 63 & Long.MAX_VALUE);
  }

  private static double value(long key) {
    return Double.longBitsToDouble(key ^ (key >> 63 & Long.MAX_VALUE));
  }

  /** Adds what is left up to a key, cut by the atoms in it; returns the first atom behind it. */
  private int addUpTo(long end, int bin, double[] atoms, int firstAtom) {
    int atom = firstAtom;
    while (atom < atoms.length && firstLike(atoms[atom]) <= end) {
      add(firstLike(atoms[atom]) - 1, bin);
      add(lastLike(atoms[atom]), NumericBins.FIRST_ATOM + atom);
      atom++;
    }
    add(end, bin);
    return atom;
  }

  private void add(long bound, int bin) {
    if (size > 0 && bounds[size - 1] >= bound) {
      return; // Nothing lies in between.
    }
    bounds[size] = bound;
    bins[size] = (short) bin;
    size++;
  }

  /** Returns the key of the least double that is the same number as an atom. */
  private static long firstLike(double atom) {
    if (!hasFloatLike(atom)) {
      return first(atom);
    }
    float rounded = (float) atom;
    double between = ((double) rounded + Math.nextDown(rounded)) / 2;
    return key(Math.min(atom, Math.nextUp(between)));
  }

  private static long lastLike(double atom) {
    if (!hasFloatLike(atom)) {
      return last(atom);
    }
    float rounded = (float) atom;
    double between = ((double) rounded + Math.nextUp(rounded)) / 2;
    return key(Math.max(atom, Math.nextDown(between)));
  }

  /** Returns whether a float32 is an atom's like, but not the atom: 0.1, and not 5 or 1e9 + 0.1. */
  private static boolean hasFloatLike(double atom) {
    return atom != Math.rint(atom) && Math.abs(atom) < 1 << 23;
  }

  private static long first(double value) {
    return key(value == 0 ? -0.0 : value);
  }

  private static long last(double value) {
    return key(value == 0 ? 0.0 : value);
  }

  /** Returns the most bounds that lie in one slot of a grid. */
  private int span(boolean linear) {
    int most = 0;
    int start = 0;
    for (int i = 0; i < size; i++) {
      if (slot(linear, bounds[i]) != slot(linear, bounds[start])) {
        start = i;
      }
      most = Math.max(most, i - start + 1);
    }
    return most;
  }

  private int slot(boolean linear, long key) {
    return linear ? linearSlot(value(key), high, scale) : logarithmicSlot(key);
  }

  /** Counts slots from the highest down, where NaN, which converts to 0, belongs. */
  private static int linearSlot(double value, double high, double scale) {
    return SLOTS - 1 - Math.max(Math.min((int) ((high - value) * scale + 1), SLOTS - 1), 0);
  }

  private int logarithmicSlot(long key) {
    return (int) Math.min(Math.max(((key >> KEY_SHIFT) - lowKey) >> shift, -1), SLOTS - 2) + 1;
  }

  /** Returns the cell of a value; its bin stands in {@link #bins()}. */
  int cell(double value) {
    int cell = starts[isLinear ? linearSlot(value, high, scale) : logarithmicSlot(key(value))];
    for (int step = firstStep; step > 0; step >>= 1) {
      cell = value <= limits[cell + step - 1] ? cell : cell + step;
    }
    return cell;
  }

  /** The bins of the cells; not to be changed. */
  short[] bins() {
    return bins;
  }

  /**
   * Finds the cells of values.
   *
   * <p>Short loops, one a step: the compiler does several values at a time of what reads no table.
   *
   * @param values the first {@code count}
   * @param cells written
   */
  void find(double[] values, int count, int[] cells) {
    if (isLinear) {
      double high = this.high;
      double scale = this.scale;
      for (int i = 0; i < count; i++) {
        cells[i] = linearSlot(values[i], high, scale);
      }
    } else {
      for (int i = 0; i < count; i++) {
        cells[i] = logarithmicSlot(key(values[i]));
      }
    }
    double[] limits = this.limits;
    short[] starts = this.starts;
    for (int i = 0; i < count; i++) {
      cells[i] = starts[cells[i]];
    }
    for (int step = firstStep; step > 0; step >>= 1) {
      for (int i = 0; i < count; i++) {
        int cell = cells[i];
        cells[i] = values[i] <= limits[cell + step - 1] ? cell : cell + step;
      }
    }
  }
}
