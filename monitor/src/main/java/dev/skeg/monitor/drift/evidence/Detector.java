package dev.skeg.monitor.drift.evidence;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Iterator;

/**
 * The Shiryaev-Roberts e-detector of one feature: the sum, over all windows at which a change may
 * have begun, of the e-value of all counts since.
 *
 * <p>Under no change the sum's expectation grows by at most 1 a window, so that it reaches {@code
 * c} no earlier than after {@code c} windows in the mean (Shin, Ramdas, Rinaldo: E-detectors,
 * 2024).
 *
 * <p>The usual recursion {@code R = (R + 1) E} multiplies the windows' own e-values. That is wrong
 * here: all windows are held against the same finite baseline, whose error each of them would count
 * anew, and after enough windows it would pass for a change. So each beginning's e-value is
 * computed from the counts of all windows since, taken together ({@link Span}): a likelihood ratio
 * of the difference between all of them and the baseline, a martingale in the number of windows
 * when the difference's variance, {@code 1/n + 1/m}, is the one it is tempered with. Beginnings are
 * kept at distances that double, 64 windows back at most; those left out only make the sum less.
 *
 * <p><b>Threads.</b> One owner.
 */
public final class Detector {
  /** Windows back at most, more or less: the oldest span goes when the rest hold as many. */
  private static final int MAX_WINDOWS = 64;

  private final EValue eValue;
  private final int size;
  private final ArrayDeque<Span> spans = new ArrayDeque<>(); // The newest first, disjoint.

  public Detector(BinRoles roles) {
    this.eValue = new EValue(roles);
    this.size = roles.size();
  }

  /** What a detector says after a window. Immutable; e-values are natural logarithms. */
  public static final class Reading {
    private final EValue.Parts own;
    private final double logDetector;
    private final int[] windows;
    private final double[] logEs;
    private final Span strongest;

    Reading(EValue.Parts own, double logDetector, int[] windows, double[] logEs, Span strongest) {
      this.own = own;
      this.logDetector = logDetector;
      this.windows = windows;
      this.logEs = logEs;
      this.strongest = strongest;
    }

    /** Returns the window's own e-value. */
    public double logE() {
      return own.all();
    }

    /** Returns the window's own bets. */
    public EValue.Parts own() {
      return own;
    }

    /** Returns the sum over all beginnings. */
    public double logDetector() {
      return logDetector;
    }

    /** Returns the windows of the beginning with the greatest e-value, all together. */
    public Span strongest() {
      return strongest;
    }

    /** Returns the greatest e-value of a beginning at most some windows back. */
    public double logEWithin(int windowsBack) {
      double greatest = logE();
      for (int i = 0; i < windows.length && windows[i] <= windowsBack; i++) {
        greatest = Math.max(greatest, logEs[i]);
      }
      return greatest;
    }
  }

  /** Takes one window's counts in. Needs about 50 µs a beginning. */
  public Reading add(double[] counts, Reference reference, EValue.Heavy... heavy) {
    Span window = Span.ofWindow(counts, reference);
    spans.addFirst(window);
    Span since = new Span(size);
    int[] windows = new int[spans.size()];
    double[] logEs = new double[spans.size()];
    double sum = Double.NEGATIVE_INFINITY;
    int strongest = 0;
    EValue.Parts own = null;
    int i = 0;
    for (Span each : spans) {
      since.add(each);
      EValue.Parts parts = i == 0 ? eValue.of(since, heavy) : eValue.of(since);
      own = own == null ? parts : own;
      windows[i] = since.windows();
      logEs[i] = parts.all();
      sum = LogGamma.sum(sum, logEs[i]);
      strongest = logEs[i] > logEs[strongest] ? i : strongest;
      i++;
    }
    if (own == null) {
      throw new IllegalStateException("no span"); // There is always the window's own.
    }
    Reading reading = new Reading(own, sum, windows, logEs, last(strongest + 1));
    tidy();
    return reading;
  }

  /** Returns the newest spans, summed up. */
  private Span last(int count) {
    Span sum = new Span(size);
    Iterator<Span> each = spans.iterator();
    for (int i = 0; i < count; i++) {
      sum.add(each.next());
    }
    return sum;
  }

  // Of three spans of one length the two older become one, as a binary counter carries.
  private void tidy() {
    Span[] all = spans.toArray(new Span[0]);
    int count = all.length;
    int from = 0;
    while (from + 2 < count && all[from + 2].windows() == all[from].windows()) {
      all[from + 2].add(all[from + 1]);
      System.arraycopy(all, from + 2, all, from + 1, count - from - 2);
      count--;
      from++;
    }
    spans.clear();
    spans.addAll(Arrays.asList(all).subList(0, count));
    int windows = 0;
    for (Span span : spans) {
      windows += span.windows();
    }
    while (windows - spans.getLast().windows() >= MAX_WINDOWS) {
      windows -= spans.removeLast().windows();
    }
  }

  /** Forgets all windows: a change that starts now is the first. */
  public void reset() {
    spans.clear();
  }

  /** Writes the state, so that {@link #read} goes on where this one is. */
  public void write(DataOutput out) throws IOException {
    out.writeInt(spans.size());
    for (Span span : spans) {
      span.write(out);
    }
  }

  /** Reads a state that {@link #write} has written, in place of this one's. */
  public void read(DataInput in) throws IOException {
    int count = in.readInt();
    if (count < 0 || count > 2 * MAX_WINDOWS) {
      throw new IOException("spans: " + count + " (expected: 0 to " + 2 * MAX_WINDOWS + ")");
    }
    spans.clear();
    for (int i = 0; i < count; i++) {
      spans.addLast(Span.read(in, size));
    }
  }
}
