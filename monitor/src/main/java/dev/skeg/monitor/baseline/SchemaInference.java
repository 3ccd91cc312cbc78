package dev.skeg.monitor.baseline;

import dev.skeg.monitor.data.DataException;
import dev.skeg.monitor.data.TableHead;
import dev.skeg.monitor.data.ValueText;
import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.monitor.record.FeatureSpec.Kind;
import dev.skeg.monitor.record.FeatureSpec.Role;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Decides what a table's columns are used as: by what is said, else by its first rows. */
final class SchemaInference {
  private final TableHead head;
  private final BaselineOptions options;
  private final Map<String, ColumnType> types = new LinkedHashMap<>();

  private SchemaInference(TableHead head, BaselineOptions options) {
    this.head = head;
    this.options = options;
    for (int i = 0; i < head.columns().size(); i++) {
      types.put(head.columns().get(i), ColumnTypes.of(head, i));
    }
  }

  /**
   * What was decided.
   *
   * @param ofTime for people: which column the rows' time was taken from, or was not, if nobody
   *     said which
   */
  record Inferred(Schema schema, Optional<String> ofTime) {}

  /**
   * Decides.
   *
   * @throws DataException if a column is named that is not there, or cannot be what it is to be
   */
  static Inferred infer(TableHead head, BaselineOptions options) {
    return new SchemaInference(head, options).infer();
  }

  private Inferred infer() {
    check();
    Optional<String> timestamp = timestamp();
    Map<String, Schema.Column> columns = new LinkedHashMap<>();
    List<FeatureSpec> features = new ArrayList<>();
    types.forEach((name, type) -> {
      Optional<String> why = whyNot(name, type, timestamp);
      String use = why.orElse(isCategory(name) ? "categorical feature" : "numeric feature");
      boolean isOutput = options.outputs().contains(name);
      boolean isTimestamp = timestamp.filter(name::equals).isPresent();
      boolean isUsed = why.isEmpty() || isOutput || isTimestamp;
      columns.put(name, new Schema.Column(name, type, use, isUsed));
      if (why.isEmpty()) {
        features.add(spec(name, Role.INPUT));
      }
    });
    if (!options.features().isEmpty()) {
      features.clear();
      options.features().forEach(name -> features.add(spec(name, Role.INPUT)));
    }
    options.outputs().forEach(name -> features.add(spec(name, Role.OUTPUT)));
    if (features.isEmpty()) {
      throw new DataException("no column could be a feature (expected: numbers or names)");
    }
    Schema schema = new Schema(List.copyOf(columns.values()), features, timestamp);
    return new Inferred(schema, ofTime(timestamp));
  }

  private Optional<String> ofTime(Optional<String> timestamp) {
    if (options.timestamp().isPresent()) {
      return Optional.empty();
    }
    if (timestamp.isPresent()) {
      return Optional.of(
          "the rows' time is column "
              + timestamp.get()
              + " (for another: --timestamp COLUMN; for none: --exclude "
              + timestamp.get()
              + ")");
    }
    return types.entrySet().stream()
        .filter(column -> column.getValue() == ColumnType.TIME)
        .map(Map.Entry::getKey)
        .filter(name -> !options.excluded().contains(name) && !options.features().contains(name))
        .findFirst()
        .map(name -> "no column is taken for the rows' time (for one: --timestamp " + name + ")");
  }

  private void check() {
    List<String> named = new ArrayList<>(options.features());
    named.addAll(options.outputs());
    named.addAll(options.categorical());
    named.addAll(options.excluded());
    options.timestamp().ifPresent(named::add);
    options.label().ifPresent(named::add);
    for (String name : named) {
      if (!types.containsKey(name)) {
        throw new DataException(
            "no column " + name + " (expected: one of " + String.join(", ", types.keySet()) + ")");
      }
    }
    List<String> used = new ArrayList<>(options.features());
    used.addAll(options.outputs());
    for (String name : used) {
      if (types.get(name) == ColumnType.NESTED) {
        throw new DataException("column " + name + " holds lists (expected: numbers or names)");
      }
    }
  }

  private Optional<String> timestamp() {
    if (options.timestamp().isPresent()) {
      return options.timestamp();
    }
    String best = "";
    for (Map.Entry<String, ColumnType> column : types.entrySet()) {
      boolean isCandidate =
          column.getValue() == ColumnType.TIME
              && !options.excluded().contains(column.getKey())
              && !options.features().contains(column.getKey())
              && ColumnTypes.timeRank(column.getKey()) < ColumnTypes.NO_ROW_TIME;
      if (isCandidate
          && (best.isEmpty()
              || ColumnTypes.timeRank(column.getKey()) < ColumnTypes.timeRank(best))) {
        best = column.getKey();
      }
    }
    return best.isEmpty() ? Optional.empty() : Optional.of(best);
  }

  /** Returns what a column is instead of an input. */
  private Optional<String> whyNot(String name, ColumnType type, Optional<String> timestamp) {
    if (timestamp.filter(name::equals).isPresent()) {
      return Optional.of("time of the row");
    }
    if (options.outputs().contains(name)) {
      return Optional.of(isCategory(name) ? "categorical output" : "numeric output");
    }
    if (options.label().filter(name::equals).isPresent()) {
      return Optional.of("left out: the label");
    }
    if (options.excluded().contains(name)) {
      return Optional.of("left out: excluded");
    }
    if (!options.features().isEmpty()) {
      return options.features().contains(name)
          ? Optional.empty()
          : Optional.of("left out: not among the features");
    }
    if (options.categorical().contains(name)) {
      return Optional.empty();
    }
    return switch (type) {
      case INTEGER, NUMBER, BOOLEAN, CATEGORY -> Optional.empty();
      case TIME -> Optional.of("left out: a time");
      case IDENTIFIER -> Optional.of("left out: different in every row");
      case TEXT -> Optional.of("left out: written language");
      case EMPTY -> Optional.of("left out: no value in the first rows");
      case NESTED -> Optional.of("left out: lists");
    };
  }

  private FeatureSpec spec(String name, Role role) {
    return new FeatureSpec(name, role, isCategory(name) ? Kind.CATEGORICAL : Kind.NUMERIC);
  }

  private boolean isCategory(String name) {
    if (options.categorical().contains(name)) {
      return true;
    }
    ColumnType type = Objects.requireNonNull(types.get(name));
    return switch (type) {
      case CATEGORY, TEXT -> true;
      case IDENTIFIER ->
          head.values(head.columns().indexOf(name)).stream()
              .anyMatch(value -> !ValueText.isNumber(value));
      case INTEGER, NUMBER, BOOLEAN, TIME, EMPTY, NESTED -> false;
    };
  }
}
