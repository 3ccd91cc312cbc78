package dev.skeg.monitor.data;

import java.nio.charset.StandardCharsets;
import java.time.LocalDate;

/**
 * Times as files spell them: ISO 8601 dates and date-times, with {@code T} or a blank between, and
 * UTC where no offset is given; or a number since the epoch, whose size tells its unit.
 */
final class TimeText {
  /** What a text is that is no time. */
  static final long NONE = Long.MIN_VALUE + 1;

  private static final long DAY = 86_400_000;

  private TimeText() {}

  static long millis(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return millis(bytes, 0, bytes.length);
  }

  /** Returns milliseconds since the epoch, or {@link #NONE}. */
  static long millis(byte[] bytes, int from, int to) {
    int length = to - from;
    if (length >= 10 && bytes[from + 4] == '-' && bytes[from + 7] == '-') {
      return iso(bytes, from, to);
    }
    int at = length > 0 && bytes[from] == '-' ? from + 1 : from;
    if (length == 0 || length > 24 || at == to) {
      return NONE;
    }
    for (; at < to; at++) {
      if ((bytes[at] < '0' || bytes[at] > '9') && bytes[at] != '.') {
        return NONE;
      }
    }
    try {
      return ofNumber(
          Double.parseDouble(new String(bytes, from, length, StandardCharsets.ISO_8859_1)));
    } catch (NumberFormatException e) {
      return NONE;
    }
  }

  /**
   * Returns what a number since the epoch means: seconds below 10¹¹ (the year 5138), then milli-,
   * micro- and nanoseconds, each a thousand times as much.
   */
  static long ofNumber(double number) {
    double size = Math.abs(number);
    if (!(size < 1e20)) {
      return NONE;
    }
    if (size < 1e11) {
      return Math.round(number * 1e3);
    }
    return Math.round(size < 1e14 ? number : size < 1e17 ? number / 1e3 : number / 1e6);
  }

  private static long iso(byte[] bytes, int from, int to) {
    int year = digits(bytes, from, 4);
    int month = digits(bytes, from + 5, 2);
    int day = digits(bytes, from + 8, 2);
    if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31) {
      return NONE;
    }
    if (day > 28 && day > LocalDate.of(year, month, 1).lengthOfMonth()) {
      return NONE;
    }
    long millis = LocalDate.of(year, month, day).toEpochDay() * DAY;
    int at = from + 10;
    if (at == to) {
      return millis;
    }
    if ((bytes[at] != 'T' && bytes[at] != ' ' && bytes[at] != 't') || at + 6 > to) {
      return NONE;
    }
    int hour = digits(bytes, at + 1, 2);
    int minute = digits(bytes, at + 4, 2);
    if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || bytes[at + 3] != ':') {
      return NONE;
    }
    millis += hour * 3_600_000L + minute * 60_000L;
    at += 6;
    if (at < to && bytes[at] == ':') {
      int second = at + 3 <= to ? digits(bytes, at + 1, 2) : -1;
      if (second < 0 || second > 60) {
        return NONE;
      }
      millis += second * 1000L;
      at += 3;
      if (at < to && (bytes[at] == '.' || bytes[at] == ',')) {
        int scale = 100;
        for (at++; at < to && bytes[at] >= '0' && bytes[at] <= '9'; at++) {
          millis += (long) (bytes[at] - '0') * scale;
          scale /= 10;
        }
      }
    }
    return zone(bytes, at, to, millis);
  }

  /**
   * Takes the offset from UTC off: nothing, {@code Z}, {@code ±hh}, {@code ±hhmm}, {@code ±hh:mm}.
   */
  private static long zone(byte[] bytes, int from, int to, long millis) {
    int at = from;
    if (at < to && bytes[at] == ' ') {
      at++;
    }
    int length = to - at;
    if (length == 0 || (length == 1 && (bytes[at] == 'Z' || bytes[at] == 'z'))) {
      return millis;
    }
    if (length == 3 && bytes[at] == 'U' && bytes[at + 1] == 'T' && bytes[at + 2] == 'C') {
      return millis;
    }
    if ((bytes[at] != '+' && bytes[at] != '-') || length < 3) {
      return NONE;
    }
    int hours = digits(bytes, at + 1, 2);
    int minutes = 0;
    if (length == 5) {
      minutes = digits(bytes, at + 3, 2);
    } else if (length == 6 && bytes[at + 3] == ':') {
      minutes = digits(bytes, at + 4, 2);
    } else if (length != 3) {
      return NONE;
    }
    if (hours < 0 || hours > 18 || minutes < 0 || minutes > 59) {
      return NONE;
    }
    long offset = (hours * 60L + minutes) * 60_000;
    return bytes[at] == '-' ? millis + offset : millis - offset;
  }

  private static int digits(byte[] bytes, int from, int count) {
    int number = 0;
    for (int i = from; i < from + count; i++) {
      if (bytes[i] < '0' || bytes[i] > '9') {
        return -1;
      }
      number = number * 10 + bytes[i] - '0';
    }
    return number;
  }
}
