package dev.skeg.monitor.baseline;

import dev.skeg.monitor.data.TableHead;
import dev.skeg.monitor.data.TableHead.Declared;
import dev.skeg.monitor.data.ValueText;
import dev.skeg.monitor.record.Centroid;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Tells what columns hold from a table's first rows. */
final class ColumnTypes {
  private static final Pattern IDENTIFIER =
      Pattern.compile("(?:.*[_.-])?(?:id|ids|uuid|guid|key|index|rowid|row_number)|unnamed_\\d+");
  private static final Pattern CAMEL_IDENTIFIER = Pattern.compile(".*[a-z](?:Id|ID|Uuid|UUID|Key)");
  private static final Pattern TIME =
      Pattern.compile(
          "(?:.*[_.-])?(?:timestamp|time|ts|datetime|date|at|epoch)|.*(?:Time|Timestamp|Date|At)");

  /**
   * Names of a row's own time, without what separates their words; the best first. Other times, as
   * a date of birth, say something about the row.
   */
  private static final List<String> ROW_TIMES =
      List.of(
          "timestamp",
          "eventtime",
          "eventtimestamp",
          "ts",
          "time",
          "datetime",
          "date",
          "eventdate",
          "requesttime",
          "occurredat",
          "recordedat",
          "createdat");

  /** The rank of a name that is no row's time. */
  static final int NO_ROW_TIME = ROW_TIMES.size();

  /** Rows from which on values that all differ mean something. */
  private static final int TELLING_ROWS = 50;

  private static final double MOSTLY = .9;
  private static final int LONG_TEXT = 48;
  private static final long YEAR_1990_MILLIS = 631_152_000_000L;
  private static final long YEAR_2100_MILLIS = 4_102_444_800_000L;

  private ColumnTypes() {}

  static ColumnType of(TableHead head, int column) {
    String name = head.columns().get(column);
    @Nullable Declared declared = head.declared().get(name);
    if (declared == Declared.NESTED) {
      int length = head.lists().getOrDefault(name, 0);
      return length >= Centroid.MIN_LENGTH && length <= Centroid.MAX_LENGTH
          ? ColumnType.VECTOR
          : ColumnType.NESTED;
    }
    if (declared == Declared.TIME) {
      return ColumnType.TIME;
    }
    List<String> values = head.values(column);
    if (values.isEmpty()) {
      return ColumnType.EMPTY;
    }
    boolean allDiffer =
        values.size() >= TELLING_ROWS && new HashSet<>(values).size() == values.size();
    if (declared == Declared.BOOLEAN || values.stream().allMatch(ColumnTypes::isBoolean)) {
      return ColumnType.BOOLEAN;
    }
    if (declared == Declared.TEXT) {
      return isTimes(values) ? ColumnType.TIME : names(values, allDiffer);
    }
    if (isTimes(values)) {
      return ColumnType.TIME;
    }
    return numbers(name, values, allDiffer);
  }

  private static ColumnType numbers(String name, List<String> values, boolean allDiffer) {
    long numbers = values.stream().filter(ValueText::isNumber).count();
    if (numbers < MOSTLY * values.size()) {
      return names(values, allDiffer);
    }
    long integers = values.stream().filter(ColumnTypes::isInteger).count();
    if (integers < numbers) {
      return ColumnType.NUMBER;
    }
    if (values.stream().anyMatch(ColumnTypes::isCode)) {
      return allDiffer ? ColumnType.IDENTIFIER : ColumnType.CATEGORY;
    }
    if (isTimeName(name) && isEpochTimes(values)) {
      return ColumnType.TIME;
    }
    boolean isIdentifier = allDiffer && (isIdentifierName(name) || countsUp(values));
    return isIdentifier ? ColumnType.IDENTIFIER : ColumnType.INTEGER;
  }

  private static ColumnType names(List<String> values, boolean allDiffer) {
    if (allDiffer) {
      return ColumnType.IDENTIFIER;
    }
    double length = values.stream().mapToInt(String::length).average().orElse(0);
    boolean isText =
        values.size() >= TELLING_ROWS
            && length > LONG_TEXT
            && new HashSet<>(values).size() > values.size() / 2;
    return isText ? ColumnType.TEXT : ColumnType.CATEGORY;
  }

  /** Returns how good a column's name is for the time of a row; less is better. */
  static int timeRank(String name) {
    int rank = ROW_TIMES.indexOf(name.replaceAll("[_. -]", "").toLowerCase(Locale.ROOT));
    return rank >= 0 ? rank : NO_ROW_TIME;
  }

  private static boolean isTimeName(String name) {
    return TIME.matcher(name).matches() || TIME.matcher(name.toLowerCase(Locale.ROOT)).matches();
  }

  private static boolean isIdentifierName(String name) {
    return CAMEL_IDENTIFIER.matcher(name).matches()
        || IDENTIFIER.matcher(name.toLowerCase(Locale.ROOT)).matches();
  }

  private static boolean isBoolean(String value) {
    return value.equalsIgnoreCase("true") || value.equalsIgnoreCase("false");
  }

  private static boolean isInteger(String value) {
    String digits = value.strip();
    int from = digits.startsWith("-") || digits.startsWith("+") ? 1 : 0;
    for (int i = from; i < digits.length(); i++) {
      if (digits.charAt(i) < '0' || digits.charAt(i) > '9') {
        return false;
      }
    }
    return digits.length() > from;
  }

  /** Returns whether it is a number that no one would count with: {@code 007}. */
  private static boolean isCode(String value) {
    return value.length() > 1 && value.charAt(0) == '0' && isInteger(value);
  }

  private static boolean countsUp(List<String> values) {
    try {
      for (int i = 1; i < values.size(); i++) {
        if (Long.parseLong(values.get(i)) != Long.parseLong(values.get(i - 1)) + 1) {
          return false;
        }
      }
      return true;
    } catch (NumberFormatException e) {
      return false;
    }
  }

  /** Returns whether they are dates; numbers could be anything. */
  private static boolean isTimes(List<String> values) {
    return values.stream()
        .allMatch(value -> value.indexOf('-') == 4 && ValueText.millis(value).isPresent());
  }

  private static boolean isEpochTimes(List<String> values) {
    return values.stream()
        .allMatch(value -> {
          long millis = ValueText.millis(value).orElse(0);
          return millis > YEAR_1990_MILLIS && millis < YEAR_2100_MILLIS;
        });
  }
}
