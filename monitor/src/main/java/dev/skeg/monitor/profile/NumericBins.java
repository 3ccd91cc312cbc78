package dev.skeg.monitor.profile;

import java.util.Arrays;

/**
 * Bins of numbers: those that are no finite number, those out of range, single values (atoms), and
 * intervals between edges.
 *
 * <p>In this order: {@link Bins#MISSING}, {@link #NEGATIVE_INFINITY}, {@link #POSITIVE_INFINITY},
 * {@link #BELOW} (under the least edge), {@link #ABOVE} (over the greatest), atoms ascending,
 * intervals ascending. Interval {@code k} holds the values of {@code (edge(k), edge(k + 1)]}, the
 * first its lower edge too, but for those that are atoms. A column of one value has one edge, which
 * is an atom, and no interval; without any edge, all that is finite and no atom is {@link #ABOVE}.
 *
 * <p>An atom that is no integer has all doubles in its bin that are the same float32: a model's
 * input of that type is 0.100000001490116 where a file says 0.1.
 */
public final class NumericBins implements Bins {
  public static final int NEGATIVE_INFINITY = 1;
  public static final int POSITIVE_INFINITY = 2;

  /** Finite values under the least edge. */
  public static final int BELOW = 3;

  /** Finite values over the greatest edge. */
  public static final int ABOVE = 4;

  /** The bin of the first atom, if there is any. */
  public static final int FIRST_ATOM = 5;

  /** Intervals at most. */
  public static final int MAX_INTERVALS = 64;

  /** Atoms at most. */
  public static final int MAX_ATOMS = 256;

  private final double[] atoms;
  private final double[] edges;

  private final CellTable cells;

  /**
   * @param atoms finite values in any order, -0 the same as 0; 0 and -1 are added if they are not
   *     there
   * @param edges finite values in ascending order, each only once
   */
  public NumericBins(double[] atoms, double[] edges) {
    this.atoms = atoms(atoms, edges);
    this.edges = edges.clone();
    if (edges.length > MAX_INTERVALS + 1) {
      throw new IllegalArgumentException(
          "edges: " + edges.length + " (expected: at most " + (MAX_INTERVALS + 1) + ")");
    }
    for (int i = 0; i < edges.length; i++) {
      if (!Double.isFinite(edges[i]) || (i > 0 && edges[i] <= edges[i - 1])) {
        throw new IllegalArgumentException(
            "edges: " + Arrays.toString(edges) + " (expected: finite numbers that ascend)");
      }
      this.edges[i] += 0.0; // -0 is 0.
    }
    this.cells = new CellTable(this.atoms, this.edges);
  }

  private static double[] atoms(double[] given, double[] edges) {
    double[] all = Arrays.copyOf(given, given.length + (edges.length == 1 ? 3 : 2));
    all[given.length] = 0;
    all[given.length + 1] = -1;
    if (edges.length == 1) {
      all[given.length + 2] = edges[0];
    }
    for (int i = 0; i < all.length; i++) {
      if (!Double.isFinite(all[i])) {
        throw new IllegalArgumentException("atoms: " + all[i] + " (expected: finite numbers)");
      }
      all[i] += 0.0; // -0 is 0.
    }
    double[] atoms = Arrays.stream(all).sorted().distinct().toArray();
    if (atoms.length > MAX_ATOMS) {
      throw new IllegalArgumentException(
          "atoms: " + atoms.length + " (expected: at most " + MAX_ATOMS + " with 0 and -1)");
    }
    return atoms;
  }

  /** Returns the bin of a value. */
  public int binOf(double value) {
    return cells.bins()[cells.cell(value)];
  }

  CellTable cells() {
    return cells;
  }

  @Override
  public int size() {
    return firstInterval() + intervalCount();
  }

  public int atomCount() {
    return atoms.length;
  }

  /** Returns an atom, by ascending value; its bin is {@link #FIRST_ATOM} {@code + index}. */
  public double atom(int index) {
    return atoms[index];
  }

  /** Returns whether a value has a bin of its own. */
  public boolean isAtom(double value) {
    return Arrays.binarySearch(atoms, value + 0.0) >= 0;
  }

  public int edgeCount() {
    return edges.length;
  }

  public double edge(int index) {
    return edges[index];
  }

  public int intervalCount() {
    return Math.max(0, edges.length - 1);
  }

  /** Returns the bin of the first interval, if there is any. */
  public int firstInterval() {
    return FIRST_ATOM + atoms.length;
  }

  @Override
  public String label(int bin) {
    return switch (bin) {
      case MISSING -> "missing";
      case NEGATIVE_INFINITY -> "-inf";
      case POSITIVE_INFINITY -> "+inf";
      case BELOW -> edges.length == 0 ? "below" : "< " + edges[0];
      case ABOVE -> edges.length == 0 ? "other" : "> " + edges[edges.length - 1];
      default -> {
        if (bin < firstInterval()) {
          yield "= " + atoms[bin - FIRST_ATOM];
        }
        int k = bin - firstInterval();
        yield (k == 0 ? "[" : "(") + edges[k] + ", " + edges[k + 1] + "]";
      }
    };
  }

  @Override
  public boolean equals(Object other) {
    return other == this
        || (other instanceof NumericBins that
            && Arrays.equals(atoms, that.atoms)
            && Arrays.equals(edges, that.edges));
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(atoms) + Arrays.hashCode(edges);
  }

  @Override
  public String toString() {
    return "NumericBins[atoms="
        + Arrays.toString(atoms)
        + ", edges="
        + Arrays.toString(edges)
        + "]";
  }
}
