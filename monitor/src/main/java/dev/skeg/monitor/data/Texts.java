package dev.skeg.monitor.data;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What texts mean: missing values and numbers in all their spellings.
 *
 * <p>Immutable; any thread may use it.
 */
final class Texts {
  /** What would do instead of other bytes; most files that are not UTF-8 are Latin 1. */
  static final String EXPECTED_UTF_8 = "(expected: UTF-8; iconv -f latin1 -t utf-8)";

  private final byte[][] missing;
  private final int longestMissing;

  /**
   * @param missing texts that stand for a missing value
   */
  Texts(List<String> missing) {
    List<byte[]> all = new ArrayList<>();
    for (String one : missing) {
      all.add(one.getBytes(StandardCharsets.UTF_8));
    }
    this.missing = all.toArray(new byte[0][]);
    this.longestMissing = all.stream().mapToInt(one -> one.length).max().orElse(0);
  }

  boolean isMissing(byte[] bytes, int from, int to) {
    int length = to - from;
    if (length == 0) {
      return true;
    }
    if (length > longestMissing) {
      return false;
    }
    for (byte[] one : missing) {
      if (one.length == length
          && one[0] == bytes[from]
          && Arrays.equals(one, 0, length, bytes, from, to)) {
        return true;
      }
    }
    return false;
  }

  /** Returns whether bytes are a text. */
  static boolean isUtf8(byte[] bytes, int from, int to) {
    String text = new String(bytes, from, to - from, StandardCharsets.UTF_8);
    if (text.indexOf('\uFFFD') < 0) {
      return true;
    }
    byte[] encoded = text.getBytes(StandardCharsets.UTF_8); // It may be there by itself.
    return Arrays.equals(encoded, 0, encoded.length, bytes, from, to);
  }

  boolean isMissing(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return isMissing(bytes, 0, bytes.length);
  }

  /** Returns what a text is as a number: NaN if it is missing, nothing if it is none. */
  double number(byte[] bytes, int from, int to) throws NotANumber {
    int start = from;
    int end = to;
    while (start < end && (bytes[start] == ' ' || bytes[start] == '\t')) {
      start++;
    }
    while (start < end && (bytes[end - 1] == ' ' || bytes[end - 1] == '\t')) {
      end--;
    }
    if (isMissing(bytes, start, end)) {
      return Double.NaN;
    }
    double plain = plain(bytes, start, end);
    if (!Double.isNaN(plain)) {
      return plain;
    }
    // Latin 1, so that whatever the bytes are, a character stands for each.
    return spelled(new String(bytes, start, end - start, StandardCharsets.ISO_8859_1));
  }

  double number(String text) throws NotANumber {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return number(bytes, 0, bytes.length);
  }

  /** Returns what digits with at most one point mean; NaN if the text is more than that. */
  private static double plain(byte[] bytes, int from, int to) {
    int first = bytes[from] == '-' ? from + 1 : from;
    int count = 0;
    int point = -1;
    long digits = 0;
    for (int at = first; at < to; at++) {
      int digit = bytes[at] - '0';
      if (digit >= 0 && digit <= 9) {
        digits = digits * 10 + digit;
        count++;
      } else if (bytes[at] == '.' && point < 0) {
        point = at;
      } else {
        return Double.NaN;
      }
    }
    if (count == 0 || count > 18) {
      return Double.NaN;
    }
    double size = DecimalNumber.of(digits, point < 0 ? 0 : point + 1 - to);
    return first > from ? -size : size;
  }

  private static double spelled(String text) throws NotANumber {
    int first = text.charAt(0) == '-' || text.charAt(0) == '+' ? 1 : 0;
    String word = text.substring(first);
    double sign = text.charAt(0) == '-' ? -1 : 1;
    if (word.equalsIgnoreCase("inf") || word.equalsIgnoreCase("infinity")) {
      return sign * Double.POSITIVE_INFINITY;
    }
    if (first == 0 && word.equalsIgnoreCase("true")) {
      return 1;
    }
    if (first == 0 && word.equalsIgnoreCase("false")) {
      return 0;
    }
    if (word.equalsIgnoreCase("nan")) {
      return Double.NaN;
    }
    for (int i = 0; i < text.length(); i++) {
      if ("+-.0123456789eE".indexOf(text.charAt(i)) < 0) {
        throw new NotANumber(); // What Java would take for one, as 1d and 0x1p3, is none here.
      }
    }
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new NotANumber();
    }
  }

  /** A text is no number. */
  static final class NotANumber extends Exception {
    NotANumber() {
      super("not a number", null, false, false);
    }
  }
}
