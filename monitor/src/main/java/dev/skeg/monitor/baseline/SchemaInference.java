package dev.skeg.monitor.baseline;

import dev.skeg.monitor.data.DataException;
import dev.skeg.monitor.data.TableHead;
import dev.skeg.monitor.data.ValueText;
import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.monitor.record.FeatureSpec.Kind;
import dev.skeg.monitor.record.FeatureSpec.Role;
import dev.skeg.monitor.record.VectorSummary;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** Decides what a table's columns are used as: by what is said, else by its first rows. */
final class SchemaInference {
  /** Numbers of a row's lists together: as many sampled rows of them fit into memory. */
  private static final int MOST_LIST_NUMBERS = 8192;

  private final TableHead head;
  private final BaselineOptions options;
  private final Map<String, ColumnType> types = new LinkedHashMap<>();
  private final List<FeatureSpec> features = new ArrayList<>();
  private final List<Schema.Embedding> embeddings = new ArrayList<>();

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
    types.forEach((name, type) -> {
      Optional<String> why = whyNot(name, type, timestamp);
      String use = why.orElse(described(name, "feature"));
      boolean isOutput = options.outputs().contains(name);
      boolean isTimestamp = timestamp.filter(name::equals).isPresent();
      boolean isUsed = why.isEmpty() || isOutput || isTimestamp;
      columns.put(name, new Schema.Column(name, type, use, isUsed));
      if (why.isEmpty() && options.features().isEmpty()) {
        add(name, Role.INPUT);
      }
    });
    options.features().forEach(name -> add(name, Role.INPUT));
    options.outputs().forEach(name -> add(name, Role.OUTPUT));
    if (features.isEmpty()) {
      throw new DataException("no column could be a feature (expected: numbers or names)");
    }
    checkLists();
    Schema schema = new Schema(List.copyOf(columns.values()), features, embeddings, timestamp);
    return new Inferred(schema, ofTime(timestamp));
  }

  /** Adds what a column becomes: a feature, or of lists their summary. */
  private void add(String name, Role role) {
    if (types.get(name) != ColumnType.VECTOR) {
      features.add(new FeatureSpec(name, role, isCategory(name) ? Kind.CATEGORICAL : Kind.NUMERIC));
      return;
    }
    embeddings.add(new Schema.Embedding(name, role, length(name)));
    VectorSummary.names(name, true)
        .forEach(part -> features.add(new FeatureSpec(part, role, Kind.NUMERIC)));
  }

  private int length(String list) {
    return Objects.requireNonNull(head.lists().get(list));
  }

  private void checkLists() {
    int numbers = embeddings.stream().mapToInt(Schema.Embedding::length).sum();
    if (numbers > MOST_LIST_NUMBERS) {
      throw new DataException(
          "the lists have "
              + numbers
              + " numbers together (expected: at most "
              + MOST_LIST_NUMBERS
              + "; leave some out)");
    }
    Set<String> names = new HashSet<>();
    for (FeatureSpec feature : features) {
      if (!names.add(feature.name()) && !embeddings.isEmpty()) {
        throw new DataException(
            feature.name()
                + " is a column, and a part of another one (expected: other names; leave one out)");
      }
    }
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
        throw new DataException(
            "column "
                + name
                + " holds lists (expected: numbers or names, or lists of 8 to 4096 numbers, all"
                + " equally long)");
      }
    }
    for (String name : options.categorical()) {
      if (types.get(name) == ColumnType.VECTOR) {
        throw new DataException("column " + name + " holds lists of numbers (expected: names)");
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
      return Optional.of(described(name, "output"));
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
      case INTEGER, NUMBER, BOOLEAN, CATEGORY, VECTOR -> Optional.empty();
      case TIME -> Optional.of("left out: a time");
      case IDENTIFIER -> Optional.of("left out: different in every row");
      case TEXT -> Optional.of("left out: written language");
      case EMPTY -> Optional.of("left out: no value in the first rows");
      case NESTED -> Optional.of("left out: lists");
    };
  }

  private String described(String name, String what) {
    if (types.get(name) == ColumnType.VECTOR) {
      return what + " of lists of " + length(name) + " numbers, summarised";
    }
    return (isCategory(name) ? "categorical " : "numeric ") + what;
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
      case INTEGER, NUMBER, BOOLEAN, TIME, EMPTY, VECTOR, NESTED -> false;
    };
  }
}
