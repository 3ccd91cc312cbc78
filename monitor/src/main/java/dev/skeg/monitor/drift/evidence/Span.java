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
 * the cell's rows bear, however many windows there are. With {@code n} rows of which {@code n_j}
 * were held against a cell of {@code m_j}, the expected shares have the variance of {@code n² / Σ
 * n_j²/m_j} rows.
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
  private double[] cellRows = new double[1];
  private double[] cellReferenceRows = new double[1];
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
    span.addCell(reference.cell(), span.rows, reference.rows());
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
      addCell(other.cells[i], other.cellRows[i], other.cellReferenceRows[i]);
    }
  }

  private void addCell(int cell, double rowsOfIt, double referenceRows) {
    for (int i = 0; i < cellCount; i++) {
      if (cells[i] == cell) {
        cellRows[i] += rowsOfIt;
        cellReferenceRows[i] = Math.max(cellReferenceRows[i], referenceRows);
        return;
      }
    }
    if (cellCount == cells.length) {
      cells = Arrays.copyOf(cells, 2 * cellCount);
      cellRows = Arrays.copyOf(cellRows, 2 * cellCount);
      cellReferenceRows = Arrays.copyOf(cellReferenceRows, 2 * cellCount);
    }
    cells[cellCount] = cell;
    cellRows[cellCount] = rowsOfIt;
    cellReferenceRows[cellCount++] = referenceRows;
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

  /** Returns how many independent rows the references' shares are worth. */
  public double referenceRows() {
    double sum = 0;
    for (int i = 0; i < cellCount; i++) {
      sum += cellRows[i] * (cellRows[i] / cellReferenceRows[i]);
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
      out.writeDouble(cellRows[i]);
      out.writeDouble(cellReferenceRows[i]);
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
      span.addCell(in.readInt(), in.readDouble(), in.readDouble());
    }
    return span;
  }
}
