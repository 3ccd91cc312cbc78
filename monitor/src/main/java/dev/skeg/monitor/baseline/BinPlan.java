package dev.skeg.monitor.baseline;

import dev.skeg.monitor.profile.NumericBins;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Chooses the bins of a numeric column from a sample of its values.
 *
 * <p>Values with more than {@value #ATOM_SHARE} of the rows become atoms; the others are cut into
 * intervals of about equally many rows. An edge lies half way between two values of the sample, so
 * that rounding a value to a narrower type, as a model's float32 input does, moves it over no edge.
 *
 * @param open the bins, with the first and last edge at the ends of all doubles: where the column
 *     ends is known only when all of it was seen, {@link #close}
 * @param center the median of the sample's finite values; 0 if there are none
 */
record BinPlan(NumericBins open, double center) {
  /** The share of rows above which a value gets a bin of its own. */
  static final double ATOM_SHARE = .005;

  private static final int MOST_ATOMS = NumericBins.MAX_ATOMS - 2; // 0 and -1 are always there.

  /**
   * Chooses.
   *
   * @param sample values in any order; what is not finite is passed over; sorted by this
   * @param rows that the sample stands for, missing values among them
   */
  static BinPlan of(double[] sample, int rows) {
    Arrays.sort(sample);
    int finite = 0;
    for (double value : sample) {
      if (Double.isFinite(value)) {
        sample[finite++] = value;
      }
    }
    double[] values = Arrays.copyOf(sample, finite);
    // A share that the sample happens to show a little less often counts too; later, exact counts
    // could only put it back among its neighbours.
    double noise = rows >= SampledRows.MOST_ROWS ? 3 * Math.sqrt(ATOM_SHARE / rows) : 0;
    double least = Math.max(1, (ATOM_SHARE - noise) * rows);
    double[] atoms = atoms(values, least);
    double[] rest = without(values, atoms);
    return new BinPlan(
        new NumericBins(atoms, rest.length == 0 ? wide() : edges(rest)),
        finite == 0 ? 0 : values[finite / 2]);
  }

  private static double[] wide() {
    return new double[] {-Double.MAX_VALUE, Double.MAX_VALUE};
  }

  private static double[] atoms(double[] ascending, double least) {
    record Repeated(double value, int count) {}
    List<Repeated> found = new ArrayList<>();
    int from = 0;
    for (int i = 1; i <= ascending.length; i++) {
      if (i == ascending.length || ascending[i] != ascending[from]) {
        if (i - from > least) {
          found.add(new Repeated(ascending[from], i - from));
        }
        from = i;
      }
    }
    found.sort((a, b) -> Integer.compare(b.count(), a.count()));
    return found.stream().limit(MOST_ATOMS).mapToDouble(Repeated::value).toArray();
  }

  private static double[] without(double[] ascending, double[] atoms) {
    double[] own = Arrays.copyOf(atoms, atoms.length + 2);
    own[atoms.length] = 0;
    own[atoms.length + 1] = -1;
    Arrays.sort(own);
    return Arrays.stream(ascending)
        .filter(value -> Arrays.binarySearch(own, value + 0.0) < 0)
        .toArray();
  }

  private static double[] edges(double[] ascending) {
    int intervals = NumericBins.MAX_INTERVALS;
    double[] edges = new double[intervals + 1];
    int count = 0;
    edges[count++] = -Double.MAX_VALUE;
    for (int i = 1; i < intervals; i++) {
      int at = (int) ((long) ascending.length * i / intervals);
      double edge = between(ascending, at);
      if (edge > edges[count - 1] && edge < ascending[ascending.length - 1]) {
        edges[count++] = edge;
      }
    }
    edges[count++] = Double.MAX_VALUE;
    return Arrays.copyOf(edges, count);
  }

  /**
   * Returns an edge that leaves about {@code at} values below, half way to the next other value.
   */
  private static double between(double[] ascending, int at) {
    double below = ascending[Math.max(0, at - 1)];
    int next = at;
    while (next < ascending.length && ascending[next] == below) {
      next++;
    }
    if (next == ascending.length) {
      return below;
    }
    double middle = below / 2 + ascending[next] / 2;
    float rounded = (float) middle;
    // Short in a file, and the same in both types.
    return rounded > below && rounded < ascending[next] ? rounded : middle;
  }

  /**
   * Returns the same bins with the first and last edge where the column ends. Counts stay as they
   * are, but for a column of atoms only: it has no interval, so one bin less, the last, and one
   * edge, so that any other value is out of range.
   *
   * @param min of the finite values; above {@code max} if there are none
   * @param inIntervals rows in all intervals
   */
  static NumericBins close(NumericBins open, double min, double max, long inIntervals) {
    double[] atoms = new double[open.atomCount()];
    Arrays.setAll(atoms, open::atom);
    if (inIntervals == 0) {
      return new NumericBins(atoms, min <= max ? new double[] {max} : new double[0]);
    }
    double[] edges = new double[open.edgeCount()];
    Arrays.setAll(edges, open::edge);
    edges[0] = outward(min, -1);
    edges[edges.length - 1] = outward(max, 1);
    if (min == max) { // A value that is too rare for an atom, and the only one.
      edges[0] = Math.nextDown(edges[0]);
      edges[edges.length - 1] = Math.nextUp(edges[edges.length - 1]);
    }
    return new NumericBins(atoms, edges);
  }

  /** Returns the value, or what it is as a float32, whichever is further out. */
  private static double outward(double value, int direction) {
    float rounded = (float) value;
    return Float.isFinite(rounded) && (rounded - value) * direction > 0 ? rounded : value;
  }
}
