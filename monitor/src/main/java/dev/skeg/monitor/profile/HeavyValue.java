package dev.skeg.monitor.profile;

/**
 * A value that comes again and again and has no bin of its own.
 *
 * @param bits of a number, {@link Double#doubleToRawLongBits(double)}; of a category, its hash
 * @param atLeast times that it came, 0 or more
 * @param atMost times that it came, {@code atLeast} or more
 */
public record HeavyValue(long bits, long atLeast, long atMost) {
  public HeavyValue {
    if (atLeast < 0 || atMost < atLeast) {
      throw new IllegalArgumentException(
          "atLeast: " + atLeast + ", atMost: " + atMost + " (expected: 0 <= atLeast <= atMost)");
    }
  }

  /** Returns the number that it is; only of a numeric feature. */
  public double number() {
    return Double.longBitsToDouble(bits);
  }
}
