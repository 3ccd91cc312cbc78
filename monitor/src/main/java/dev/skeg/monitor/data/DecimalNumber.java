package dev.skeg.monitor.data;

import java.math.BigInteger;

/**
 * The double nearest to a decimal number, ties to even, as {@link Double#parseDouble} finds it but
 * without a text.
 *
 * <p>Up to 15 digits and small powers of ten, one multiplication or division of exact numbers is
 * enough (W. Clinger, "How to read floating point numbers accurately", PLDI 1990). Beyond that, the
 * product of the digits with a 128-bit approximation of the power of ten decides, as in D. Lemire,
 * "Number parsing at a gigabyte per second", Software: Practice and Experience 51 (2021); the few
 * cases that it cannot decide are left to the caller.
 */
final class DecimalNumber {
  private static final double[] EXACT_POWERS = new double[23];
  private static final long MOST_EXACT = 1L << 53;

  private static final int LEAST_POWER = -342;
  private static final int GREATEST_POWER = 308;
  private static final long[] FIVES_HIGH = new long[GREATEST_POWER - LEAST_POWER + 1];
  private static final long[] FIVES_LOW = new long[GREATEST_POWER - LEAST_POWER + 1];

  private static final int KEPT_BITS = 55; // 53, one for rounding, and one that may be shifted out.

  static {
    for (int i = 0; i < EXACT_POWERS.length; i++) {
      EXACT_POWERS[i] = Double.parseDouble("1e" + i);
    }
    for (int power = LEAST_POWER; power <= GREATEST_POWER; power++) {
      BigInteger bits = highestBits(power);
      FIVES_HIGH[power - LEAST_POWER] = bits.shiftRight(64).longValue();
      FIVES_LOW[power - LEAST_POWER] = bits.longValue();
    }
  }

  private DecimalNumber() {}

  /** Returns the 128 highest bits of a power of five; those of a fraction are rounded up. */
  private static BigInteger highestBits(int power) {
    BigInteger five = BigInteger.valueOf(5).pow(Math.abs(power));
    int length = five.bitLength();
    if (power >= 0) {
      return length <= 128 ? five.shiftLeft(128 - length) : five.shiftRight(length - 128);
    }
    BigInteger quotient =
        BigInteger.ONE.shiftLeft(2 * length + 128).divide(five).add(BigInteger.ONE);
    int excess = quotient.bitLength() - 128;
    BigInteger cut = quotient.shiftRight(excess);
    // What is cut off rounds up too, so that the approximation is never below the fraction.
    return power >= -27 && cut.shiftLeft(excess).compareTo(quotient) < 0
        ? cut.add(BigInteger.ONE)
        : cut;
  }

  /**
   * Returns {@code digits * 10^exponent}; NaN where that is not decided here.
   *
   * @param digits unsigned
   */
  static double of(long digits, int exponent) {
    if (digits >= 0 && digits <= MOST_EXACT && exponent >= -22 && exponent <= 22) {
      return exponent < 0 ? digits / EXACT_POWERS[-exponent] : digits * EXACT_POWERS[exponent];
    }
    return rounded(digits, exponent);
  }

  private static double rounded(long digits, int exponent) {
    if (digits == 0) {
      return 0;
    }
    if (exponent < LEAST_POWER || exponent > GREATEST_POWER) {
      return Double.NaN;
    }
    int shift = Long.numberOfLeadingZeros(digits);
    long factor = digits << shift;
    int index = exponent - LEAST_POWER;
    long high = Math.unsignedMultiplyHigh(factor, FIVES_HIGH[index]);
    long low = factor * FIVES_HIGH[index];
    long undecided = -1L >>> KEPT_BITS;
    if ((high & undecided) == undecided) {
      long carry = Math.unsignedMultiplyHigh(factor, FIVES_LOW[index]);
      low += carry;
      if (Long.compareUnsigned(low, carry) < 0) {
        high++;
      }
      if (low == -1 && (exponent < -27 || exponent > 55)) {
        return Double.NaN;
      }
    }
    int top = (int) (high >>> 63);
    int cut = top + 64 - KEPT_BITS;
    long mantissa = high >>> cut;
    // The binary exponent of 10^e is that of 2^e plus floor(e * log2(5)), by a fixed-point product.
    int biased = ((217706 * exponent) >> 16) + 63 + top - shift + 1023;
    if (biased <= 0) {
      return Double.NaN; // Subnormal.
    }
    boolean isTie = Long.compareUnsigned(low, 1) <= 0 && exponent >= -4 && exponent <= 23;
    if (isTie && (mantissa & 3) == 1 && mantissa << cut == high) {
      mantissa &= ~1;
    }
    mantissa += mantissa & 1;
    mantissa >>>= 1;
    if (mantissa >= 1L << 53) {
      mantissa = 1L << 52;
      biased++;
    }
    if (biased >= 0x7FF) {
      return Double.POSITIVE_INFINITY;
    }
    return Double.longBitsToDouble((mantissa & (1L << 52) - 1) | (long) biased << 52);
  }
}
