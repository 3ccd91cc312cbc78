package dev.skeg.monitor.drift.evidence;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * How much a stream's windows have varied around their references of late: design effects learnt
 * from serving, where no baseline tells them.
 *
 * <p>Each window gives squared residuals over what independent rows would vary by: of the mean
 * score, of the spread's, of single bins, of all bins together; the effects are their means over up
 * to {@value #CAPACITY} windows, with what an estimate from so few may fall short added.
 *
 * <p><b>Threads.</b> One owner.
 */
public final class Dispersion {
  /** Windows that effects are taken from, at least. */
  public static final int FEWEST = 20;

  private static final int CAPACITY = 168;
  private static final int PARTS = 4;
  private static final double FEWEST_EXPECTED = 5;

  private final double[] residuals = new double[CAPACITY * PARTS];
  private int count;
  private int next;

  /** Returns whether there are enough windows. */
  public boolean isKnown() {
    return count >= FEWEST;
  }

  /** Returns the effects; only if they are known. */
  public DesignEffects effects() {
    if (!isKnown()) {
      throw new IllegalStateException("windows: " + count + " (expected: " + FEWEST + " or more)");
    }
    // A mean of B squares has a standard error of √(2/B) of itself.
    double margin = 1 + Math.sqrt(2.0 / count);
    double[] means = new double[PARTS];
    for (int i = 0; i < count; i++) {
      for (int part = 0; part < PARTS; part++) {
        means[part] += residuals[i * PARTS + part] / count;
      }
    }
    return new DesignEffects(
        Math.max(1, means[0] * margin),
        Math.max(1, means[1] * margin),
        Math.max(1, means[2] * margin),
        Math.max(1, means[3] * margin));
  }

  /** Takes a window in. */
  public void add(BinRoles roles, Span window) {
    if (window.rows() <= 0) {
      return;
    }
    double[] own = of(roles, window);
    System.arraycopy(own, 0, residuals, next * PARTS, PARTS);
    next = (next + 1) % CAPACITY;
    count = Math.min(CAPACITY, count + 1);
  }

  /** Returns a window's squared residuals: pooled, mean, spread, rare. */
  static double[] of(BinRoles roles, Span window) {
    double scale = 1 / window.rows() + 1 / window.referenceRows();
    double[] residuals = {pooled(roles, window, scale), 1, 1, rare(roles, window, scale)};
    if (roles.isOrdered()) {
      residuals[1] = score(roles, window, scale, false);
      residuals[2] = score(roles, window, scale, true);
    }
    return residuals;
  }

  private static double pooled(BinRoles roles, Span window, double scale) {
    double sum = 0;
    int groups = 0;
    double count = 0;
    double expected = 0;
    for (int bin : roles.body()) {
      count += window.count(bin);
      expected += window.expected(bin);
      if (expected >= FEWEST_EXPECTED) {
        sum += square(count, expected, window.rows(), scale);
        groups++;
        count = 0;
        expected = 0;
      }
    }
    return groups < 2 ? 1 : sum / groups;
  }

  private static double square(double count, double expected, double rows, double scale) {
    double share = expected / rows;
    double difference = count / rows - share;
    return difference * difference / (Math.max(1e-12, share * (1 - share)) * scale);
  }

  private static double score(BinRoles roles, Span window, double scale, boolean squares) {
    double difference = 0;
    double mean = 0;
    double square = 0;
    for (int bin = 0; bin < window.size(); bin++) {
      double score = squares ? roles.square(bin) : roles.score(bin);
      difference += (window.share(bin) - window.expectedShare(bin)) * score;
      mean += window.expectedShare(bin) * score;
      square += window.expectedShare(bin) * score * score;
    }
    double variance = square - mean * mean;
    return variance > 1e-12 ? difference * difference / (variance * scale) : 1;
  }

  private static double rare(BinRoles roles, Span window, double scale) {
    double sum = 0;
    int bins = 0;
    for (int[] group : roles.specials()) {
      double count = 0;
      double expected = 0;
      for (int bin : group) {
        count += window.count(bin);
        expected += window.expected(bin);
      }
      if (expected >= FEWEST_EXPECTED) {
        sum += square(count, expected, window.rows(), scale);
        bins++;
      }
    }
    for (int bin : roles.singles()) {
      if (window.expected(bin) >= FEWEST_EXPECTED) {
        sum += square(window.count(bin), window.expected(bin), window.rows(), scale);
        bins++;
      }
    }
    return bins == 0 ? 1 : sum / bins;
  }

  /** Writes the state. */
  public void write(DataOutput out) throws IOException {
    out.writeInt(count);
    out.writeInt(next);
    for (int i = 0; i < count * PARTS; i++) {
      out.writeDouble(residuals[i]);
    }
  }

  /** Reads a state that {@link #write} has written, in place of this one's. */
  public void read(DataInput in) throws IOException {
    count = in.readInt();
    next = in.readInt();
    if (count < 0 || count > CAPACITY || next < 0 || next >= CAPACITY) {
      throw new IOException("windows: " + count + " (expected: 0 to " + CAPACITY + ")");
    }
    for (int i = 0; i < count * PARTS; i++) {
      residuals[i] = in.readDouble();
    }
  }
}
