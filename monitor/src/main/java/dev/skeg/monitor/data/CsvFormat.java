package dev.skeg.monitor.data;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * How records of a CSV file are written: RFC 4180, but for the delimiter.
 *
 * @param delimiter an ASCII character
 */
record CsvFormat(byte delimiter) {
  private static final byte[] CANDIDATES = {',', ';', '\t', '|'};
  private static final int JUDGED_RECORDS = 50;

  /** The fields of a record, and where the next one begins. */
  record Fields(List<String> texts, int next) {}

  /**
   * Returns the delimiter by which the first records have the same number of fields, the greatest
   * such; the comma if none separates anything.
   */
  static CsvFormat detect(byte[] start, int from, int length) {
    CsvFormat best = new CsvFormat((byte) ',');
    int most = 1;
    for (byte candidate : CANDIDATES) {
      CsvFormat format = new CsvFormat(candidate);
      int fields = format.evenFields(start, from, length);
      if (fields > most) {
        most = fields;
        best = format;
      }
    }
    return best;
  }

  /** Returns how many fields every one of the first records has; 0 if they differ. */
  private int evenFields(byte[] start, int from, int length) {
    int at = from;
    int count = -1;
    for (int record = 0; record < JUDGED_RECORDS && at < length; record++) {
      int fields = 1;
      boolean inside = false;
      int end = at;
      for (; end < length && (inside || start[end] != '\n'); end++) {
        if (start[end] == '"') {
          inside = !inside;
        } else if (start[end] == delimiter && !inside) {
          fields++;
        }
      }
      if (end == length && record > 0) {
        break; // Cut off.
      }
      boolean isBlank = end == at || (end == at + 1 && start[at] == '\r');
      if (!isBlank) {
        if (count >= 0 && fields != count) {
          return 0;
        }
        count = fields;
      }
      at = end + 1;
    }
    return count;
  }

  /** Splits the record that begins at an index, of bytes that hold all of it with its line feed. */
  Fields split(byte[] bytes, int from) {
    List<String> fields = new ArrayList<>();
    int at = from;
    while (true) {
      int end = endOfField(bytes, at);
      fields.add(text(bytes, at, end));
      if (bytes[end] == delimiter) {
        at = end + 1;
      } else {
        return new Fields(fields, bytes[end] == '\r' ? end + 2 : end + 1);
      }
    }
  }

  private int endOfField(byte[] bytes, int from) {
    int at = from;
    boolean inside = false;
    while (inside || !isEnd(bytes, at)) {
      inside ^= bytes[at] == '"';
      at++;
    }
    return at;
  }

  /** Returns whether a byte outside quotes ends a field: the delimiter, or the record's end. */
  boolean isEnd(byte[] bytes, int at) {
    byte one = bytes[at];
    return one == delimiter || one == '\n' || (one == '\r' && bytes[at + 1] == '\n');
  }

  private static String text(byte[] bytes, int from, int to) {
    String text = new String(bytes, from, to - from, StandardCharsets.UTF_8);
    if (text.length() >= 2 && text.charAt(0) == '"' && text.endsWith("\"")) {
      return text.substring(1, text.length() - 1).replace("\"\"", "\"");
    }
    return text;
  }
}
