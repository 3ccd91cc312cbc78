package dev.skeg.monitor.record;

import java.lang.foreign.MemorySegment;

/**
 * Hashes of categories that are numbers, as {@link CategoryHash} has them, without allocating; the
 * latest are remembered.
 *
 * <p><b>Threads.</b> One at a time.
 */
public final class NumberHashes {
  private static final int REMEMBERED = 1024;
  private static final int MOST_DIGITS = 20;

  private final long[] numbers = new long[REMEMBERED];
  private final long[] hashes = new long[REMEMBERED]; // 0 is free: no number has that hash.
  private final byte[] text = new byte[MOST_DIGITS];
  private final MemorySegment utf8 = MemorySegment.ofArray(text);

  /** Returns the hash of a category that is an integer. */
  public long of(long number) {
    int slot = (int) ((number * 0x9E3779B97F4A7C15L) >>> 54);
    long hash = hashes[slot];
    if (hash == 0 || numbers[slot] != number) {
      hash = hash(number);
      numbers[slot] = number;
      hashes[slot] = hash;
    }
    return hash;
  }

  /** Returns the hash of a category that is a number; {@link CategoryHash#MISSING} if it is NaN. */
  public long of(double number) {
    return CategoryHash.isInteger(number) ? of((long) number) : CategoryHash.of(number);
  }

  private long hash(long number) {
    int at = MOST_DIGITS;
    long rest = number;
    do {
      text[--at] = (byte) ('0' + Math.abs(rest % 10));
      rest /= 10;
    } while (rest != 0);
    if (number < 0) {
      text[--at] = '-';
    }
    return CategoryHash.ofText(utf8, at, (long) MOST_DIGITS - at);
  }
}
