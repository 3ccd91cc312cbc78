package dev.skeg.monitor.drift;

/**
 * One statistic of a feature over a window, by the definition its name stands for.
 *
 * @param name such as {@code psi} or {@code evidently:psi}
 * @param rowsUsed values of the window it was computed from
 * @param rowsSeen values of the window that there were; more than used where it needs raw values
 *     and only a sample of them is kept
 * @param threshold above which the tool whose preset this is calls it drift; NaN where it has none
 */
public record Statistic(String name, double value, long rowsUsed, long rowsSeen, double threshold) {
  /** Returns {@code exact} or {@code from N of M rows}. */
  public String provenance() {
    return rowsUsed == rowsSeen ? "exact" : "from " + rowsUsed + " of " + rowsSeen + " rows";
  }
}
