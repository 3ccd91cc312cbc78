package dev.skeg.runtime.tap;

import dev.skeg.monitor.record.Centroid;
import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.monitor.record.FeatureSpec.Kind;
import dev.skeg.monitor.record.FeatureSpec.Role;
import dev.skeg.monitor.record.RecordLayout;
import dev.skeg.monitor.record.RecordLayout.Encoding;
import dev.skeg.monitor.record.VectorSummary;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.TensorSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Decides what is recorded of a version's rows and what it is called.
 *
 * <p>Each element of an input's or output's row is a feature. One element goes by the tensor's
 * name, columns of an input by the names that {@link InputNames} finds, and all others as {@code
 * scores[0]}. Rows longer than {@link #MAX_COLUMNS}, of a length that varies, that would make a
 * record longer than 4 KiB, or that the baseline knows as embeddings, are summarised: {@code
 * pixels.norm}.
 */
public final class TapPlanner {
  /** Columns that are recorded one by one, at most; those that have names always are. */
  public static final int MAX_COLUMNS = 128;

  private final Signature signature;
  private final FeatureOptions options;
  private final boolean hasRows;
  private final List<FeatureSpec> features = new ArrayList<>();
  private final List<Encoding> encodings = new ArrayList<>();
  private final List<RowSums.Of> summed = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();

  /** Features that a baseline need not have: summaries, and lengths of texts. */
  private final Set<FeatureSpec> derived = new HashSet<>();

  private final InputNames inputNames;

  private TapPlanner(Signature signature, FeatureOptions options) {
    this.signature = signature;
    this.options = options;
    this.hasRows =
        signature.inputs().stream().allMatch(TapPlanner::isByRow)
            && signature.outputs().stream().allMatch(TapPlanner::isByRow);
    this.inputNames = new InputNames(signature, options, problems);
  }

  /**
   * What was decided.
   *
   * @param problems where the configuration, the model's file or the baseline does not agree with
   *     the model, for people; what they are about is recorded as if it had not been said
   */
  public record Planned(TapLayout layout, List<String> problems) {
    /**
     * Returns which thresholds are of nothing that is recorded, for people.
     *
     * @param thresholds by metric and feature, as the configuration has them
     */
    public List<String> misplaced(Map<String, Map<String, Double>> thresholds) {
      List<String> names = layout.records().features().stream().map(FeatureSpec::name).toList();
      List<String> misplaced = new ArrayList<>();
      new TreeMap<>(thresholds)
          .forEach((metric, features) ->
              new TreeMap<>(features)
                  .keySet().stream()
                      .filter(name -> !names.contains(name))
                      .forEach(name ->
                          misplaced.add(
                              "monitor.thresholds."
                                  + metric
                                  + "."
                                  + name
                                  + ": no such feature or output (expected: one of "
                                  + BaselineFit.shown(names)
                                  + ")")));
      return misplaced;
    }
  }

  private static boolean isByRow(TensorSpec tensor) {
    return tensor.shape().rank() > 0 && tensor.shape().dim(0) == Shape.VARIABLE;
  }

  /** Decides what is recorded of a version of that signature. */
  public static Planned plan(Signature signature, FeatureOptions options) {
    return new TapPlanner(signature, options).plan();
  }

  private Planned plan() {
    @Nullable TensorColumns[] inputs = new TensorColumns[signature.inputs().size()];
    @Nullable TensorColumns[] outputs = new TensorColumns[signature.outputs().size()];
    int table = table();
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = columns(signature.inputs().get(i), Role.INPUT, i == table);
    }
    for (int i = 0; i < outputs.length; i++) {
      outputs[i] = columns(signature.outputs().get(i), Role.OUTPUT, false);
    }
    checkNames();
    problems.addAll(baselineProblems());
    RecordLayout records = new RecordLayout(features, encodings);
    return new Planned(
        new TapLayout(
            signature,
            records,
            inputs,
            outputs,
            summed,
            hasRows,
            options.sample(),
            options.segmentParameter(),
            options.segments()),
        List.copyOf(problems));
  }

  /** Returns which input's columns are the features. */
  private int table() {
    if (!options.tensor().isEmpty()) {
      int named = signature.inputIndex(options.tensor());
      if (named >= 0) {
        return named;
      }
      problems.add(
          "monitor.features.tensor: "
              + options.tensor()
              + " (expected: one of the inputs "
              + signature.inputs().stream().map(TensorSpec::name).toList()
              + ")");
    }
    for (int i = 0; i < signature.inputs().size(); i++) {
      TensorSpec input = signature.inputs().get(i);
      long elements = elements(input);
      if (elements > 1 && fitting(input, Role.INPUT, elements).isEmpty()) {
        return i;
      }
    }
    return 0;
  }

  /** Returns how many elements a row has; -1 where that varies. */
  private long elements(TensorSpec tensor) {
    long count = 1;
    for (int i = hasRows ? 1 : 0; i < tensor.shape().rank(); i++) {
      long dim = tensor.shape().dim(i);
      if (dim == Shape.VARIABLE) {
        return -1;
      }
      count *= dim;
    }
    return count;
  }

  private @Nullable TensorColumns columns(TensorSpec tensor, Role role, boolean isTable) {
    long elements = elements(tensor);
    Optional<Centroid> centroid = fitting(tensor, role, elements);
    if (centroid.isPresent() && !(isTable && !options.names().isEmpty())) {
      return summary(tensor, role, centroid);
    }
    if (centroid.isEmpty()) {
      centroid(tensor, role).ifPresent(it -> problems.add(misfit(it, tensor, elements)));
    }
    List<String> names =
        role == Role.INPUT ? inputNames.of(tensor, elements, isTable, features) : List.of();
    if (names.isEmpty() && (elements < 0 || elements > MAX_COLUMNS)) {
      // Texts without end: nothing of them is a number.
      return tensor.type() == DataType.BYTES ? null : summary(tensor, role, Optional.empty());
    }
    DataType type = tensor.type();
    int first = features.size();
    int count = (int) elements;
    boolean hasLengths = false;
    for (int i = 0; i < count && type == DataType.BYTES; i++) {
      hasLengths |= isFreeText(name(tensor, names, i, count), role);
    }
    int added = hasLengths ? 2 * count : count;
    if (!fits(added)) {
      return summaryInstead(tensor, role, elements, isTable);
    }
    Encoding encoding = TensorColumns.encoding(type);
    for (int i = 0; i < count; i++) {
      String name = name(tensor, names, i, count);
      add(new FeatureSpec(name, role, kind(name, role, type)), encoding);
      if (hasLengths) {
        addDerived(name + ".length", role, Encoding.LONG);
      }
    }
    int place = RecordLayout.place(encodings, first);
    return new TensorColumns(type, place, added, null, hasLengths);
  }

  /** Returns the centroid that the baseline has for a tensor, whatever its length. */
  private Optional<Centroid> centroid(TensorSpec tensor, Role role) {
    return options.centroids().stream()
        .filter(centroid -> centroid.role() == role && centroid.tensor().equals(tensor.name()))
        .findFirst();
  }

  /** Returns the centroid of a tensor's rows. */
  private Optional<Centroid> fitting(TensorSpec tensor, Role role, long elements) {
    return centroid(tensor, role)
        .filter(centroid -> centroid.length() == elements && tensor.type() != DataType.BYTES);
  }

  private static String misfit(Centroid centroid, TensorSpec tensor, long elements) {
    return "baseline.json: lists of "
        + centroid.length()
        + " numbers, from whose centroid no distance is measured, for "
        + (centroid.role() == Role.INPUT ? "input" : "output")
        + " '"
        + tensor.name()
        + "' has "
        + (elements < 0 ? "rows that vary in length" : "rows of " + elements)
        + " (expected: lists as long as its rows)";
  }

  private @Nullable TensorColumns summaryInstead(
      TensorSpec tensor, Role role, long elements, boolean isTable) {
    if (isTable) {
      inputNames.giveUp(tensor);
    }
    if (tensor.type() == DataType.BYTES || !fits(VectorSummary.SIZE)) {
      return nothing(tensor);
    }
    problems.add(
        "monitor: '"
            + tensor.name()
            + "' is recorded as a summary: with its "
            + elements
            + " columns a row would have more than "
            + RecordLayout.MAX_FEATURES
            + " features and outputs");
    return summary(tensor, role, Optional.empty());
  }

  private @Nullable TensorColumns nothing(TensorSpec tensor) {
    problems.add(
        "monitor: '"
            + tensor.name()
            + "' is not recorded: with it a row would have more than "
            + RecordLayout.MAX_FEATURES
            + " features and outputs");
    return null;
  }

  private @Nullable TensorColumns summary(
      TensorSpec tensor, Role role, Optional<Centroid> centroid) {
    List<String> names = VectorSummary.names(tensor.name(), centroid.isPresent());
    if (!fits(names.size())) {
      return nothing(tensor);
    }
    int first = features.size();
    names.forEach(name -> addDerived(name, role, Encoding.DOUBLE));
    long elements = elements(tensor);
    boolean isSummed =
        centroid.isEmpty() && elements >= Centroid.MIN_LENGTH && elements <= Centroid.MAX_LENGTH;
    if (isSummed) {
      summed.add(new RowSums.Of(role, tensor.name(), (int) elements));
    }
    TensorColumns.Summary how =
        new TensorColumns.Summary(centroid.orElse(null), isSummed ? summed.size() - 1 : -1);
    int place = RecordLayout.place(encodings, first);
    return new TensorColumns(tensor.type(), place, names.size(), how, false);
  }

  private void add(FeatureSpec feature, Encoding encoding) {
    features.add(feature);
    encodings.add(encoding);
  }

  private void addDerived(String name, Role role, Encoding encoding) {
    FeatureSpec feature = new FeatureSpec(name, role, Kind.NUMERIC);
    derived.add(feature);
    add(feature, encoding);
  }

  private boolean fits(int added) {
    return features.size() + added <= RecordLayout.MAX_FEATURES;
  }

  private List<String> baselineProblems() {
    List<FeatureSpec> known = new ArrayList<>(options.known());
    known.removeAll(inputNames.given());
    List<FeatureSpec> comparable = new ArrayList<>(features);
    comparable.removeIf(feature -> derived.contains(feature) && !options.known().contains(feature));
    return BaselineFit.problems(known, comparable);
  }

  private static String name(TensorSpec tensor, List<String> names, int index, int count) {
    if (!names.isEmpty()) {
      return names.get(index);
    }
    return count == 1 ? tensor.name() : tensor.name() + "[" + index + "]";
  }

  /** Returns the features that are said to be categories: by the configuration, else the file. */
  private List<String> categorical() {
    return options.categorical().isEmpty()
        ? options.declared().categorical()
        : options.categorical();
  }

  private Kind kind(String name, Role role, DataType type) {
    Optional<FeatureSpec> known = known(name, role);
    if (type == DataType.BYTES || categorical().contains(name)) {
      return Kind.CATEGORICAL;
    }
    if (known.isPresent()) {
      return known.get().kind();
    }
    // What a model answers in whole numbers are classes.
    boolean isWhole = TensorColumns.encoding(type) == Encoding.LONG;
    return role == Role.OUTPUT && isWhole ? Kind.CATEGORICAL : Kind.NUMERIC;
  }

  private Optional<FeatureSpec> known(String name, Role role) {
    return options.known().stream()
        .filter(feature -> feature.role() == role && feature.name().equals(name))
        .findFirst();
  }

  /** Returns whether nobody says that these texts are categories: then they are measured, too. */
  private boolean isFreeText(String name, Role role) {
    return !categorical().contains(name) && known(name, role).isEmpty();
  }

  private void checkNames() {
    Set<String> names = new HashSet<>();
    features.forEach(feature -> names.add(feature.name()));
    List<String> unknown = categorical().stream().filter(name -> !names.contains(name)).toList();
    if (options.categorical().isEmpty() && !unknown.isEmpty()) {
      problems.add(
          DeclaredFeatures.problem(
              DeclaredFeatures.CATEGORICAL,
              BaselineFit.shown(unknown) + ", not used",
              "features or outputs of the model"));
      return;
    }
    for (String name : unknown) {
      problems.add(
          "monitor.features.categorical: "
              + name
              + " (expected: a feature or output of the model)");
    }
  }
}
