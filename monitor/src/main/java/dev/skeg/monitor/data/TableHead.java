package dev.skeg.monitor.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The first rows of a table as text.
 *
 * @param columns names
 * @param rows each with a text or null (missing) for each column
 * @param declared what the file itself says of columns, by name; empty where it says nothing
 * @param lists how many numbers the lists of a column have, by name: of those columns that hold
 *     lists of numbers, all of one length
 */
public record TableHead(
    List<String> columns,
    List<@Nullable String[]> rows,
    Map<String, Declared> declared,
    Map<String, Integer> lists) {
  /** A column's kind, as a file with a schema declares it. */
  public enum Declared {
    INTEGER,
    NUMBER,
    BOOLEAN,
    TEXT,
    TIME,
    /** A list or a map: nothing that a feature could be. */
    NESTED
  }

  public TableHead {
    columns = List.copyOf(columns);
    rows = List.copyOf(rows);
    declared = Map.copyOf(declared);
    lists = Map.copyOf(lists);
  }

  /** Returns a column's texts that are not missing. */
  public List<String> values(int column) {
    List<String> values = new ArrayList<>();
    for (@Nullable String[] row : rows) {
      String value = row[column];
      if (value != null) {
        values.add(value);
      }
    }
    return values;
  }
}
