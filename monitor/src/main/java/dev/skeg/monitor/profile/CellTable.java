package dev.skeg.monitor.profile;

import java.util.Arrays;

/** Makes the cells of {@link NumericBins}: keys in ascending order, each stretch with its bin. */
final class CellTable {
  private static final long NEGATIVE_INFINITY = NumericBins.key(Double.NEGATIVE_INFINITY);
  private static final long POSITIVE_INFINITY = NumericBins.key(Double.POSITIVE_INFINITY);

  private long[] bounds;
  private short[] bins;
  private int size;

  /** Both arrays ascend and have no -0. */
  CellTable(double[] atoms, double[] edges) {
    int most = 2 * atoms.length + edges.length + 6;
    bounds = new long[most];
    bins = new short[most];
    add(NEGATIVE_INFINITY - 1, Bins.MISSING);
    add(NEGATIVE_INFINITY, NumericBins.NEGATIVE_INFINITY);
    int firstInterval = NumericBins.FIRST_ATOM + atoms.length;
    int atom = 0;
    for (int i = 0; i < edges.length; i++) {
      int bin = i == 0 ? NumericBins.BELOW : firstInterval + i - 1;
      // The least edge belongs to the interval above it, every other to the one below.
      long end = i == 0 ? NumericBins.key(edges[0] == 0 ? -0.0 : edges[0]) - 1 : last(edges[i]);
      atom = addUpTo(end, bin, atoms, atom);
    }
    addUpTo(POSITIVE_INFINITY - 1, NumericBins.ABOVE, atoms, atom);
    add(POSITIVE_INFINITY, NumericBins.POSITIVE_INFINITY);
    add(Long.MAX_VALUE, Bins.MISSING);
    int full = Integer.highestOneBit(Math.max(1, size - 1)) << 1;
    int used = size;
    bounds = Arrays.copyOf(bounds, full);
    bins = Arrays.copyOf(bins, full);
    Arrays.fill(bounds, used, full, Long.MAX_VALUE);
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
    return NumericBins.key(Math.min(atom, Math.nextUp(between)));
  }

  private static long lastLike(double atom) {
    if (!hasFloatLike(atom)) {
      return last(atom);
    }
    float rounded = (float) atom;
    double between = ((double) rounded + Math.nextUp(rounded)) / 2;
    return NumericBins.key(Math.max(atom, Math.nextDown(between)));
  }

  /** Returns whether a float32 is an atom's like, but not the atom: 0.1, and not 5 or 1e9 + 0.1. */
  private static boolean hasFloatLike(double atom) {
    return atom != Math.rint(atom) && Math.abs(atom) < 1 << 23;
  }

  private static long first(double value) {
    return NumericBins.key(value == 0 ? -0.0 : value);
  }

  private static long last(double value) {
    return NumericBins.key(value == 0 ? 0.0 : value);
  }

  long[] bounds() {
    return bounds;
  }

  short[] bins() {
    return bins;
  }
}
