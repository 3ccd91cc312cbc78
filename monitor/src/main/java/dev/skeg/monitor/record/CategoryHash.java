package dev.skeg.monitor.record;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigDecimal;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The 64-bit hash by which a category is known: XXH64 of its UTF-8 bytes, seed 0.
 *
 * <p>Source: the xxHash specification, version 0.1.1, "XXH64 algorithm description".
 *
 * <p>A category that is a number is hashed by its {@link #spelling(double)}, however it is spelled,
 * so that a model's tensor of numbers and a file's text agree: {@code 02139} and 2139, {@code
 * 94110.0} and 94110, {@code 0.1} and the float nearest to it, {@code True} and 1. Numbers are up
 * to 18 digits with at most a sign and a point. Nothing, and the {@link #MISSING_SPELLINGS}, are a
 * missing value.
 */
public final class CategoryHash {
  /** A missing value; no category has this hash. */
  public static final long MISSING = 0;

  /** Texts that mean a missing value, wherever they come from: a file or a request. */
  public static final List<String> MISSING_SPELLINGS =
      List.of("NA", "N/A", "NaN", "nan", "null", "NULL", "None", "<NA>");

  private static final List<byte[]> MISSING_TEXTS =
      MISSING_SPELLINGS.stream().map(CategoryHash::bytes).toList();
  private static final byte[] TRUE = bytes("true");
  private static final byte[] FALSE = bytes("false");
  private static final int MOST_DIGITS = 18; // They fit into a long whatever they are.

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

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Returns the hash of a category's name; {@link #MISSING} if it means that. */
  public static long of(String name) {
    return of(MemorySegment.ofArray(bytes(name)));
  }

  /** Returns the hash of a category that is an integer. */
  public static long of(long number) {
    return ofText(Long.toString(number));
  }

  /** Returns the hash of a category that is a number; {@link #MISSING} if it is NaN. */
  public static long of(double number) {
    return Double.isNaN(number) ? MISSING : ofText(spelling(number));
  }

  /**
   * Spells a number: an integer in decimal, anything else as the float nearest to it, since models'
   * inputs are floats mostly.
   */
  public static String spelling(double number) {
    return isInteger(number) ? Long.toString((long) number) : Float.toString((float) number);
  }

  /** Spells a category the way that its hash is taken: a number as such, all else as it is. */
  public static String spelling(String name) {
    MemorySegment utf8 = MemorySegment.ofArray(bytes(name));
    long hash = of(utf8);
    if (hash == MISSING || hash == ofText(utf8, 0, utf8.byteSize())) {
      return name;
    }
    if (Character.isLetter(name.charAt(0))) {
      return name.length() == TRUE.length ? "1" : "0";
    }
    BigDecimal number = new BigDecimal(name).stripTrailingZeros();
    return number.scale() <= 0 ? number.toBigInteger().toString() : spelling(number.doubleValue());
  }

  /** Returns whether a number is an integer that a long holds. */
  static boolean isInteger(double number) {
    long integer = (long) number;
    return integer == number && integer != Long.MAX_VALUE;
  }

  /** Returns the hash of a category's name in UTF-8; {@link #MISSING} if it means that. */
  public static long of(MemorySegment utf8) {
    return of(utf8, 0, utf8.byteSize());
  }

  /**
   * Returns the hash of a category's name in UTF-8; {@link #MISSING} if it means that.
   *
   * @param length bytes, from {@code offset} on
   */
  public static long of(MemorySegment utf8, long offset, long length) {
    if (length == 0) {
      return MISSING;
    }
    // Most names show by their first byte that they are nothing special.
    return switch (utf8.get(ValueLayout.JAVA_BYTE, offset)) {
      case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '-', '+', '.' ->
          number(utf8, offset, length);
      case 't', 'T' -> truth(TRUE, 1, utf8, offset, length);
      case 'f', 'F' -> truth(FALSE, 0, utf8, offset, length);
      case 'N', 'n', '<' ->
          isMissing(utf8, offset, length) ? MISSING : ofText(utf8, offset, length);
      default -> ofText(utf8, offset, length);
    };
  }

  private static long number(MemorySegment utf8, long offset, long length) {
    if (length > MOST_DIGITS + 2) {
      return ofText(utf8, offset, length);
    }
    long end = offset + length;
    byte sign = utf8.get(ValueLayout.JAVA_BYTE, offset);
    long first = sign == '-' || sign == '+' ? offset + 1 : offset;
    long digits = 0;
    int count = 0;
    long point = -1;
    boolean isWhole = true;
    for (long at = first; at < end; at++) {
      int digit = utf8.get(ValueLayout.JAVA_BYTE, at) - '0';
      if (digit >= 0 && digit <= 9) {
        count++;
        digits = point < 0 ? digits * 10 + digit : digits;
        isWhole &= point < 0 || digit == 0;
      } else if (digit == '.' - '0' && point < 0) {
        point = at;
      } else {
        return ofText(utf8, offset, length);
      }
    }
    if (count == 0 || count > MOST_DIGITS) {
      return ofText(utf8, offset, length);
    }
    if (!isWhole) {
      byte[] text = utf8.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
      return of(Double.parseDouble(new String(text, StandardCharsets.ISO_8859_1)));
    }
    boolean isSpelled =
        point < 0 && sign != '+' && (utf8.get(ValueLayout.JAVA_BYTE, first) != '0' || length == 1);
    return isSpelled ? ofText(utf8, offset, length) : of(sign == '-' ? -digits : digits);
  }

  private static long truth(
      byte[] word, long number, MemorySegment utf8, long offset, long length) {
    if (length != word.length) {
      return ofText(utf8, offset, length);
    }
    for (int i = 0; i < word.length; i++) {
      if ((utf8.get(ValueLayout.JAVA_BYTE, offset + i) | 0x20) != word[i]) {
        return ofText(utf8, offset, length);
      }
    }
    return of(number);
  }

  private static boolean isMissing(MemorySegment utf8, long offset, long length) {
    for (int i = 0; i < MISSING_TEXTS.size(); i++) {
      byte[] text = MISSING_TEXTS.get(i);
      if (text.length == length && startsWith(utf8, offset, text)) {
        return true;
      }
    }
    return false;
  }

  private static boolean startsWith(MemorySegment utf8, long offset, byte[] text) {
    for (int i = 0; i < text.length; i++) {
      if (utf8.get(ValueLayout.JAVA_BYTE, offset + i) != text[i]) {
        return false;
      }
    }
    return true;
  }

  private static long ofText(String text) {
    byte[] utf8 = bytes(text);
    return ofText(MemorySegment.ofArray(utf8), 0, utf8.length);
  }

  /** Returns the hash of a text as it is, whatever it means. */
  static long ofText(MemorySegment utf8, long offset, long length) {
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
