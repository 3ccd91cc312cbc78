package dev.skeg.monitor.baseline;

import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.monitor.record.FeatureSpec.Role;
import dev.skeg.monitor.record.VectorSummary;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What becomes of a table's columns.
 *
 * @param columns all of them, in the table's order
 * @param features the inputs' features first, then the outputs'; those of an embedding's summary
 *     among them
 * @param embeddings columns of lists of numbers
 * @param timestamp the column with a row's time
 */
public record Schema(
    List<Column> columns,
    List<FeatureSpec> features,
    List<Embedding> embeddings,
    Optional<String> timestamp) {
  /**
   * A column.
   *
   * @param use what it is used as, or why it is not, for people
   * @param isUsed whether it is a feature, an output or the time
   */
  public record Column(String name, ColumnType type, String use, boolean isUsed) {}

  /**
   * A column of lists of numbers.
   *
   * @param length numbers of each
   */
  public record Embedding(String name, Role role, int length) {}

  public Schema {
    columns = List.copyOf(columns);
    features = List.copyOf(features);
    embeddings = List.copyOf(embeddings);
  }

  /** Returns whether a feature is a part of an embedding's summary, and no column. */
  boolean isDerived(FeatureSpec feature) {
    return embeddings.stream()
        .anyMatch(embedding ->
            embedding.role() == feature.role()
                && VectorSummary.names(embedding.name(), true).contains(feature.name()));
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
