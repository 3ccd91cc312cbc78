package dev.skeg.monitor.record;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The 64-bit hash by which a category is known: XXH64 of its UTF-8 bytes, seed 0.
 *
 * <p>Source: the xxHash specification, version 0.1.1, "XXH64 algorithm description". A category
 * that is a number is hashed as text: an integer in decimal, anything else as {@link
 * Double#toString(double)}, so that a model's integer tensor and a file's text agree. The empty
 * text is a missing value.
 */
public final class CategoryHash {
  /** A missing value; no category has this hash. */
  public static final long MISSING = 0;

  private static final long PRIME_1 = 0x9E3779B185EBCA87L;
  private static final long PRIME_2 = 0xC2B2AE3D27D4EB4FL;
  private static final long PRIME_3 = 0x165667B19E3779F9L;
  private static final long PRIME_4 = 0x85EBCA77C2B2AE63L;
  private static final long PRIME_5 = 0x27D4EB2F165667C5L;

  /** The sum of the first two, without its carry. */
  private static final long PRIMES_1_AND_2 = 0x60EA27EEADC0B5D6L;

  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private CategoryHash() {}

  /** Returns the hash of a category's name; {@link #MISSING} if it is empty. */
  public static long of(String name) {
    return of(MemorySegment.ofArray(name.getBytes(StandardCharsets.UTF_8)));
  }

  /** Returns the hash of a category that is an integer. */
  public static long of(long number) {
    return of(Long.toString(number));
  }

  /** Returns the hash of a category that is a number; {@link #MISSING} if it is NaN. */
  public static long of(double number) {
    if (Double.isNaN(number)) {
      return MISSING;
    }
    long integer = (long) number;
    return integer == number && integer != Long.MAX_VALUE
        ? of(integer)
        : of(Double.toString(number));
  }

  /** Returns the hash of a category's name in UTF-8; {@link #MISSING} if it is empty. */
  public static long of(MemorySegment utf8) {
    return of(utf8, 0, utf8.byteSize());
  }

  /**
   * Returns the hash of a category's name in UTF-8; {@link #MISSING} if it is empty.
   *
   * @param length bytes, from {@code offset} on
   */
  public static long of(MemorySegment utf8, long offset, long length) {
    if (length == 0) {
      return MISSING;
    }
    long hash = xxh64(utf8, offset, length);
    return hash == MISSING ? PRIME_1 : hash;
  }

  static long xxh64(MemorySegment data, long offset, long length) {
    long at = offset;
    long end = offset + length;
    long hash = PRIME_5;
    if (length >= 32) {
      long a = PRIMES_1_AND_2;
      long b = PRIME_2;
      long c = 0;
      long d = -PRIME_1;
      for (; at + 32 <= end; at += 32) {
        a = round(a, data.get(LONG, at));
        b = round(b, data.get(LONG, at + 8));
        c = round(c, data.get(LONG, at + 16));
        d = round(d, data.get(LONG, at + 24));
      }
      hash =
          Long.rotateLeft(a, 1)
              + Long.rotateLeft(b, 7)
              + Long.rotateLeft(c, 12)
              + Long.rotateLeft(d, 18);
      hash = join(join(join(join(hash, a), b), c), d);
    }
    hash += length;
    for (; at + 8 <= end; at += 8) {
      hash = Long.rotateLeft(hash ^ round(0, data.get(LONG, at)), 27) * PRIME_1 + PRIME_4;
    }
    if (at + 4 <= end) {
      long word = Integer.toUnsignedLong(data.get(INT, at));
      hash = Long.rotateLeft(hash ^ word * PRIME_1, 23) * PRIME_2 + PRIME_3;
      at += 4;
    }
    for (; at < end; at++) {
      long one = Byte.toUnsignedLong(data.get(ValueLayout.JAVA_BYTE, at));
      hash = Long.rotateLeft(hash ^ one * PRIME_5, 11) * PRIME_1;
    }
    hash = (hash ^ hash >>> 33) * PRIME_2;
    hash = (hash ^ hash >>> 29) * PRIME_3;
    return hash ^ hash >>> 32;
  }

  private static long round(long lane, long word) {
    return Long.rotateLeft(lane + word * PRIME_2, 31) * PRIME_1;
  }

  private static long join(long hash, long lane) {
    return (hash ^ round(0, lane)) * PRIME_1 + PRIME_4;
  }
}
