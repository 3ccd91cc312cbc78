package dev.skeg.runtime.endpoint;

/** Reads a version's number as clients write it. Allocates nothing. */
final class VersionNumber {
  /** What is no number of a version. */
  static final long NONE = -1;

  private VersionNumber() {}

  /**
   * Returns the number that {@code text} is, of the digits 0 to 9 and nothing else, be it with
   * zeros in front; {@link #NONE} if it is none or larger than a long.
   */
  static long parse(String text) {
    long number = text.isEmpty() ? NONE : 0;
    for (int i = 0; i < text.length(); i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9 || number > (Long.MAX_VALUE - digit) / 10) {
        return NONE;
      }
      number = 10 * number + digit;
    }
    return number;
  }
}
