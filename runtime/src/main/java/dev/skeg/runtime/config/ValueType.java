package dev.skeg.runtime.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * How one kind of value is written.
 *
 * @param name as the reference has it, as {@code duration}
 * @param expected what would do, as {@code a duration with a unit, 0s to 10m}
 * @param parser throws IllegalArgumentException, whose message is a hint or empty
 */
public record ValueType<T>(String name, String expected, Function<String, T> parser) {
  private static final Map<String, Long> NANOS =
      Map.of(
          "us", 1_000L,
          "ms", 1_000_000L,
          "s", 1_000_000_000L,
          "m", 60_000_000_000L,
          "h", 3_600_000_000_000L,
          "d", 86_400_000_000_000L);
  private static final Map<String, Long> BYTES =
      Map.of("B", 1L, "KiB", 1L << 10, "MiB", 1L << 20, "GiB", 1L << 30);

  /**
   * Reads a value.
   *
   * @throws IllegalArgumentException saying what came and what would do
   */
  public T parse(String text) {
    try {
      return parser.apply(text);
    } catch (IllegalArgumentException e) {
      String hint = String.valueOf(e.getMessage());
      throw new IllegalArgumentException(
          shown(text)
              + " (expected: "
              + expected
              + (hint.isEmpty() ? ")" : "; did you mean " + hint + "?)"),
          e);
    }
  }

  private static String shown(String text) {
    String cut = text.length() > 80 ? text.substring(0, 80) + "…" : text;
    return cut.isEmpty() || !cut.strip().equals(cut) || cut.chars().anyMatch(c -> c < ' ')
        ? "\"" + cut.replace("\n", "\\n") + "\""
        : cut;
  }

  static ValueType<Integer> integer(int min, int max) {
    return new ValueType<>(
        "integer", "an integer, " + min + " to " + max, text -> (int) number(text, min, max, ""));
  }

  static ValueType<Integer> port() {
    return new ValueType<>(
        "port", "a port, 0 to 65535; 0 takes a free one", text -> (int) number(text, 0, 65535, ""));
  }

  /** A duration within a range. */
  public static ValueType<Duration> duration(Duration min, Duration max) {
    return new ValueType<>(
        "duration",
        "a duration with one of the units us, ms, s, m, h, d; "
            + duration(min)
            + " to "
            + duration(max),
        text -> {
          int split = unitStart(text);
          String unit = text.substring(split);
          Long nanos = NANOS.get(unit);
          if (nanos == null) {
            throw unit(text, split, unit.isEmpty() ? "s" : unit, NANOS);
          }
          long count = number(text.substring(0, split), 0, Long.MAX_VALUE / nanos, "");
          Duration value = Duration.ofNanos(count * nanos);
          return inRange(value, min, max);
        });
  }

  static ValueType<Integer> size(int min, int max) {
    ValueType<Long> bytes = bytes(min, max);
    return new ValueType<>(
        bytes.name(), bytes.expected(), text -> bytes.parser().apply(text).intValue());
  }

  static ValueType<Long> bytes(long min, long max) {
    return new ValueType<>(
        "size",
        "a size with one of the units B, KiB, MiB, GiB; " + size(min) + " to " + size(max),
        text -> {
          int split = unitStart(text);
          String unit = text.substring(split);
          Long bytes = BYTES.get(unit);
          if (bytes == null) {
            throw unit(text, split, unit.isEmpty() ? "B" : unit, BYTES);
          }
          long count = number(text.substring(0, split), 0, Long.MAX_VALUE / bytes, "");
          return inRange(count * bytes, min, max);
        });
  }

  /** One of the enum's constants, written in lower case. */
  static <E extends Enum<E>> ValueType<E> choice(Class<E> type) {
    E[] constants = type.getEnumConstants();
    List<String> names = Arrays.stream(constants).map(ValueType::lowerCase).toList();
    return new ValueType<>(
        "choice",
        "one of " + String.join(", ", names),
        text -> {
          int index = names.indexOf(text);
          if (index < 0) {
            index = names.indexOf(text.toLowerCase(Locale.ROOT));
            throw new IllegalArgumentException(index < 0 ? "" : names.get(index));
          }
          return constants[index];
        });
  }

  static ValueType<Path> path(String expected) {
    return new ValueType<>(
        "path",
        expected,
        text -> {
          if (text.isBlank()) {
            throw new IllegalArgumentException("");
          }
          try {
            return Path.of(text);
          } catch (InvalidPathException e) {
            throw new IllegalArgumentException("", e);
          }
        });
  }

  /** Text of printable characters. */
  static ValueType<String> text(String expected, int maxLength) {
    return new ValueType<>(
        "text",
        expected + ", 1 to " + maxLength + " characters",
        text -> {
          if (text.isBlank()
              || text.length() > maxLength
              || text.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("");
          }
          return text;
        });
  }

  static ValueType<String> host() {
    return new ValueType<>(
        "host",
        "a host name or an IP address of this machine; 0.0.0.0 for all of its addresses",
        text -> {
          boolean bad =
              text.isEmpty()
                  || text.length() > 253
                  || !text.chars()
                      .allMatch(c ->
                          (c >= 'a' && c <= 'z')
                              || (c >= 'A' && c <= 'Z')
                              || (c >= '0' && c <= '9')
                              || ".:-_%".indexOf(c) >= 0);
          if (bad) {
            throw new IllegalArgumentException("");
          }
          int colon = text.indexOf(':');
          if (colon >= 0 && colon == text.lastIndexOf(':')) {
            throw new IllegalArgumentException(text.substring(0, colon)); // It names a port.
          }
          return text;
        });
  }

  static ValueType<Lanes> lanes() {
    return new ValueType<>("auto or integer", Lanes.EXPECTED, Lanes::parse);
  }

  private static IllegalArgumentException unit(
      String text, int split, String given, Map<String, Long> units) {
    String number = text.substring(0, split).strip();
    if (number.isEmpty()) {
      return new IllegalArgumentException("");
    }
    String wanted = given.strip().toLowerCase(Locale.ROOT);
    String meant = "";
    for (String unit : units.keySet()) {
      String lower = unit.toLowerCase(Locale.ROOT);
      // 64MB, 64mib, 64M: the binary unit of that letter. 5sec, 5 s: the unit it begins with.
      boolean near =
          lower.equals(wanted)
              || (lower.length() == 3
                  && (wanted.equals(lower.charAt(0) + "b") || wanted.equals(lower.substring(0, 1))))
              || (wanted.length() > 2 && lower.length() == 1 && wanted.startsWith(lower));
      if (near) {
        meant = unit;
      }
    }
    return new IllegalArgumentException(meant.isEmpty() ? "" : number + meant);
  }

  private static int unitStart(String text) {
    int i = 0;
    while (i < text.length() && text.charAt(i) >= '0' && text.charAt(i) <= '9') {
      i++;
    }
    return i;
  }

  static long number(String text, long min, long max, String hint) {
    boolean digits =
        !text.isEmpty() && text.length() < 19 && text.chars().allMatch(c -> c >= '0' && c <= '9');
    if (!digits) {
      throw new IllegalArgumentException(hint);
    }
    return inRange(Long.parseLong(text), min, max);
  }

  private static <V extends Comparable<V>> V inRange(V value, V min, V max) {
    if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
      throw new IllegalArgumentException("");
    }
    return value;
  }

  /** Writes a duration the way it is read. */
  static String duration(Duration value) {
    long nanos = value.toNanos();
    for (String unit : List.of("d", "h", "m", "s", "ms", "us")) {
      long size = NANOS.getOrDefault(unit, 1L);
      if (nanos != 0 && nanos % size == 0) {
        return nanos / size + unit;
      }
    }
    return nanos / 1_000_000_000L + "s";
  }

  /** Writes a size the way it is read. */
  static String size(long bytes) {
    for (String unit : List.of("GiB", "MiB", "KiB")) {
      long size = BYTES.getOrDefault(unit, 1L);
      if (bytes != 0 && bytes % size == 0) {
        return bytes / size + unit;
      }
    }
    return bytes + "B";
  }

  static String lowerCase(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
