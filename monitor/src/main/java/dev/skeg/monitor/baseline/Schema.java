package dev.skeg.monitor.baseline;

import dev.skeg.monitor.record.FeatureSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What becomes of a table's columns.
 *
 * @param columns all of them, in the table's order
 * @param features the inputs' features first, then the outputs'
 * @param timestamp the column with a row's time
 */
public record Schema(List<Column> columns, List<FeatureSpec> features, Optional<String> timestamp) {
  /**
   * A column.
   *
   * @param use what it is used as, or why it is not, for people
   * @param isUsed whether it is a feature, an output or the time
   */
  public record Column(String name, ColumnType type, String use, boolean isUsed) {}

  public Schema {
    columns = List.copyOf(columns);
    features = List.copyOf(features);
  }

  /** Returns the columns that are not used. */
  public List<Column> leftOut() {
    List<Column> found = new ArrayList<>();
    for (Column column : columns) {
      if (!column.isUsed()) {
        found.add(column);
      }
    }
    return found;
  }
}
