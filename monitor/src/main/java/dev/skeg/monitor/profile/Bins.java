package dev.skeg.monitor.profile;

/**
 * How a feature's values are told apart: every value is in exactly one bin, in a fixed order.
 *
 * <p>Immutable; two are equal if they put every value into the same bin.
 */
public sealed interface Bins permits NumericBins, CategoryBins {
  /** The bin of values that are not there: null, NaN, the empty text. */
  int MISSING = 0;

  /** Returns how many bins there are. */
  int size();

  /** Returns what a bin holds, for people. */
  String label(int bin);
}
