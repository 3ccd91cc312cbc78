package dev.skeg.monitor.drift.evidence;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;

/**
 * Counts of consecutive windows, together with what their references made one expect.
 *
 * <p>How many rows the references are worth follows from how often each was used: windows that are
 * held against the same cell share its sampling error, so their evidence cannot grow beyond what
 * the cell's rows bear, however many windows there are. A cell may have been of other rows each
 * time, as what was widened by hours of the day is: then the errors have no more in common than all
 * of them. With {@code n} rows of which {@code n_j} were held against {@code m_j} of a cell, the
 * expected shares have at most the variance of {@code n² / Σ (Σ n_j/√m_j)²} rows, the inner sum
 * over a cell's windows, and exactly that where its rows were the same each time.
 *
 * <p><b>Threads.</b> Belongs to the owner of its {@link Detector}.
 */
public final class Span {
  private final double[] counts;
  private final double[] expected;
  private double rows;
  private int windows;
  private final double[] effectSums = new double[4]; // Each weighted with its window's rows.
  private int[] cells = new int[1];
  private double[] cellErrors = new double[1]; // Σ n_j/√m_j of the cell's windows.
  private int cellCount;

  Span(int size) {
    this.counts = new double[size];
    this.expected = new double[size];
  }

  /** Returns a span of one window. */
  public static Span ofWindow(double[] counts, Reference reference) {
    if (counts.length != reference.size()) {
      throw new IllegalArgumentException(
          "counts: " + counts.length + " bins (expected: " + reference.size() + ")");
    }
    Span span = new Span(counts.length);
    for (int k = 0; k < counts.length; k++) {
      span.counts[k] = counts[k];
      span.rows += counts[k];
    }
    double scale = span.rows / reference.rows();
    for (int k = 0; k < counts.length; k++) {
      span.expected[k] = reference.count(k) * scale;
    }
    span.windows = 1;
    DesignEffects effects = reference.effects();
    span.effectSums[0] = span.rows * effects.pooled();
    span.effectSums[1] = span.rows * effects.mean();
    span.effectSums[2] = span.rows * effects.spread();
    span.effectSums[3] = span.rows * effects.rare();
    span.addCell(reference.cell(), span.rows / Math.sqrt(reference.rows()));
    return span;
  }

  void add(Span other) {
    for (int k = 0; k < counts.length; k++) {
      counts[k] += other.counts[k];
      expected[k] += other.expected[k];
    }
    rows += other.rows;
    windows += other.windows;
    for (int i = 0; i < effectSums.length; i++) {
      effectSums[i] += other.effectSums[i];
    }
    for (int i = 0; i < other.cellCount; i++) {
      addCell(other.cells[i], other.cellErrors[i]);
    }
  }

  private void addCell(int cell, double error) {
    for (int i = 0; i < cellCount; i++) {
      if (cells[i] == cell) {
        cellErrors[i] += error;
        return;
      }
    }
    if (cellCount == cells.length) {
      cells = Arrays.copyOf(cells, 2 * cellCount);
      cellErrors = Arrays.copyOf(cellErrors, 2 * cellCount);
    }
    cells[cellCount] = cell;
    cellErrors[cellCount++] = error;
  }

  /** Returns how many bins there are. */
  public int size() {
    return counts.length;
  }

  /** Returns the rows in a bin. */
  public double count(int bin) {
    return counts[bin];
  }

  /** Returns the rows that the references make one expect in a bin. */
  public double expected(int bin) {
    return expected[bin];
  }

  /** Returns the share of rows in a bin. */
  public double share(int bin) {
    return rows > 0 ? counts[bin] / rows : 0;
  }

  /** Returns the references' share of rows in a bin. */
  public double expectedShare(int bin) {
    return rows > 0 ? expected[bin] / rows : 0;
  }

  /** Returns how many rows there are. */
  public double rows() {
    return rows;
  }

  /** Returns how many windows there are. */
  public int windows() {
    return windows;
  }

  /** Returns how many independent rows the references' shares are worth, at least. */
  public double referenceRows() {
    double sum = 0;
    for (int i = 0; i < cellCount; i++) {
      sum += cellErrors[i] * cellErrors[i];
    }
    return sum > 0 ? rows * (rows / sum) : Double.POSITIVE_INFINITY;
  }

  /**
   * Returns the design effects of all windows together.
   *
   * <p>What a single window's counts vary by beyond independent rows is taken to last: it may be a
   * slow cycle or a trend, and then it does not average out over windows as sampling does. So of a
   * window's effect the excess over 1 grows with the number of windows. Where rows are independent
   * there is none.
   */
  public DesignEffects effects() {
    return rows > 0
        ? new DesignEffects(effect(0), effect(1), effect(2), effect(3))
        : DesignEffects.NONE;
  }

  private double effect(int index) {
    return 1 + windows * Math.max(0, effectSums[index] / rows - 1);
  }

  void write(DataOutput out) throws IOException {
    out.writeInt(counts.length);
    for (int k = 0; k < counts.length; k++) {
      out.writeDouble(counts[k]);
      out.writeDouble(expected[k]);
    }
    out.writeDouble(rows);
    out.writeInt(windows);
    for (double sum : effectSums) {
      out.writeDouble(sum);
    }
    out.writeInt(cellCount);
    for (int i = 0; i < cellCount; i++) {
      out.writeInt(cells[i]);
      out.writeDouble(cellErrors[i]);
    }
  }

  static Span read(DataInput in, int size) throws IOException {
    int stored = in.readInt();
    if (stored != size) {
      throw new IOException("bins: " + stored + " (expected: " + size + ")");
    }
    Span span = new Span(size);
    for (int k = 0; k < size; k++) {
      span.counts[k] = in.readDouble();
      span.expected[k] = in.readDouble();
    }
    span.rows = in.readDouble();
    span.windows = in.readInt();
    for (int i = 0; i < span.effectSums.length; i++) {
      span.effectSums[i] = in.readDouble();
    }
    int cellCount = in.readInt();
    if (cellCount < 0 || cellCount > span.windows) {
      throw new IOException("cells: " + cellCount + " (expected: 0 to " + span.windows + ")");
    }
    for (int i = 0; i < cellCount; i++) {
      span.addCell(in.readInt(), in.readDouble());
    }
    return span;
  }
}
