package dev.skeg.runtime.tap;

import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.monitor.record.FeatureSpec.Role;
import dev.skeg.monitor.record.VectorSummary;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.TensorSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Decides what the columns of a model's inputs are called.
 *
 * <p>Those of the table have the names that the configuration gives; else those that the model's
 * file gives, which knows the order of its columns; else those of the baseline if it has as many,
 * in whose order they are taken to be; else {@code f0}, {@code f1} and so on. Those of other inputs
 * only the model's file can name.
 */
final class InputNames {
  private final Signature signature;
  private final FeatureOptions options;
  private final List<String> problems;
  private final Set<FeatureSpec> given = new HashSet<>();

  /**
   * @param problems what does not agree is added to it, for people
   */
  InputNames(Signature signature, FeatureOptions options, List<String> problems) {
    this.signature = signature;
    this.options = options;
    this.problems = problems;
    problems.addAll(options.declared().problems());
    List<String> unknown =
        options.declared().byInput().keySet().stream()
            .filter(input -> signature.inputIndex(input) < 0)
            .map(DeclaredFeatures::quoted)
            .toList();
    if (!unknown.isEmpty()) {
      problems.add(
          DeclaredFeatures.problem(
              DeclaredFeatures.NAMES,
              BaselineFit.shown(unknown) + ": no input of the model",
              "inputs as "
                  + BaselineFit.shown(
                      inputNames().stream().map(DeclaredFeatures::quoted).toList())));
    }
  }

  private List<String> inputNames() {
    return signature.inputs().stream().map(TensorSpec::name).toList();
  }

  /** Returns the baseline's features that were to be the table's columns and cannot be. */
  Set<FeatureSpec> given() {
    return given;
  }

  /**
   * Returns the names of an input's columns; empty if they have none of their own.
   *
   * @param elements columns of it; -1 where that varies
   * @param isTable whether its columns are the features
   * @param before features of the inputs before it
   */
  List<String> of(TensorSpec input, long elements, boolean isTable, List<FeatureSpec> before) {
    if (isTable && !options.names().isEmpty()) {
      if (options.names().size() == elements) {
        return options.names();
      }
      problems.add(
          "monitor.features.names: "
              + options.names().size()
              + " names (expected: "
              + oneAColumn(input, elements)
              + ")");
    }
    List<String> declared = declared(input, elements, isTable, before);
    if (!isTable) {
      return declared;
    }
    if (declared.isEmpty()) {
      return ofBaseline(input, elements);
    }
    checkBaseline(input, declared);
    return declared;
  }

  private static String oneAColumn(TensorSpec input, long elements) {
    return (elements < 0 ? "none, for rows vary in length" : Long.toString(elements))
        + ", one a column of input "
        + DeclaredFeatures.quoted(input.name());
  }

  private List<String> declared(
      TensorSpec input, long elements, boolean isTable, List<FeatureSpec> before) {
    List<String> names =
        options
            .declared()
            .byInput()
            .getOrDefault(input.name(), isTable ? options.declared().columns() : List.of());
    // Where each column is an input, their names are the inputs' and say nothing new.
    if (names.isEmpty() || inputNames().containsAll(names)) {
      return List.of();
    }
    if (names.size() != elements) {
      problems.add(
          DeclaredFeatures.problem(
              DeclaredFeatures.NAMES,
              names.size() + " names, so none is used",
              oneAColumn(input, elements)
                  + (signature.inputs().size() > 1 ? "; or an object of arrays by input" : "")));
      return List.of();
    }
    Optional<String> taken =
        names.stream().filter(name -> isTaken(name, input, isTable, before)).findFirst();
    if (taken.isPresent()) {
      problems.add(
          DeclaredFeatures.problem(
              DeclaredFeatures.NAMES,
              DeclaredFeatures.quoted(taken.get())
                  + " is what another input is called, or a column of it, so no name of input "
                  + DeclaredFeatures.quoted(input.name())
                  + " is used",
              "each name once in the model"));
      return List.of();
    }
    return names;
  }

  private boolean isTaken(
      String name, TensorSpec input, boolean isTable, List<FeatureSpec> before) {
    return before.stream().anyMatch(feature -> feature.name().equals(name))
        || (signature.inputIndex(name) >= 0 && !name.equals(input.name()))
        || (!isTable && options.names().contains(name));
  }

  /** Says so where the baseline calls all columns otherwise: then it was of no use. */
  private void checkBaseline(TensorSpec table, List<String> declared) {
    List<FeatureSpec> known = tableFeatures(table);
    List<String> theirs = known.stream().map(FeatureSpec::name).toList();
    if (known.isEmpty() || theirs.stream().anyMatch(declared::contains)) {
      return;
    }
    given.addAll(known);
    problems.add(
        "baseline.json: "
            + known.size()
            + " features, none of which is compared: "
            + DeclaredFeatures.NAMES
            + " in the model's metadata calls the columns of input "
            + DeclaredFeatures.quoted(table.name())
            + " "
            + BaselineFit.shown(declared)
            + ", and it has "
            + BaselineFit.shown(theirs)
            + " (expected: the same names; or the baseline's in monitor.features.names, in the"
            + " order of the model's columns)");
  }

  private List<String> ofBaseline(TensorSpec table, long elements) {
    if (elements == 1) {
      return List.of(); // Its tensor's name says which feature it is.
    }
    List<String> known = tableFeatures(table).stream().map(FeatureSpec::name).toList();
    if (known.size() == elements) {
      return known;
    }
    // A prediction among the training data's columns is no input.
    List<String> inputs = known.stream().filter(name -> signature.outputIndex(name) < 0).toList();
    if (inputs.size() == elements) {
      return inputs;
    }
    List<String> numbered = new ArrayList<>();
    for (int i = 0; i < elements && elements <= TapPlanner.MAX_COLUMNS; i++) {
      numbered.add("f" + i);
    }
    boolean areKnown = !numbered.isEmpty() && known.containsAll(numbered);
    if (!known.isEmpty() && !areKnown) {
      giveUp(table);
      problems.add(misfit(table, elements, known.size()));
    }
    return numbered;
  }

  /** Says nothing more of the baseline's features that were to be a table's columns. */
  void giveUp(TensorSpec table) {
    given.addAll(tableFeatures(table));
  }

  /** Returns the baseline's features that are no input of their own: they are a table's columns. */
  private List<FeatureSpec> tableFeatures(TensorSpec table) {
    return options.known().stream()
        .filter(feature -> feature.role() == Role.INPUT)
        .filter(feature ->
            signature.inputIndex(feature.name()) < 0 || feature.name().equals(table.name()))
        .filter(feature -> !isOfSummary(feature) && !isOfOther(feature, table))
        .toList();
  }

  /** Returns whether a feature of the baseline is a part of an input's summary. */
  private boolean isOfSummary(FeatureSpec feature) {
    return signature.inputs().stream()
        .anyMatch(input -> VectorSummary.names(input.name(), true).contains(feature.name()));
  }

  /** Returns whether the model's file says that a feature is a column of another input. */
  private boolean isOfOther(FeatureSpec feature, TensorSpec table) {
    return options.declared().byInput().entrySet().stream()
        .anyMatch(input ->
            !input.getKey().equals(table.name()) && input.getValue().contains(feature.name()));
  }

  private static String misfit(TensorSpec tensor, long elements, int known) {
    return "baseline.json: "
        + known
        + " features, none of which is compared, for "
        + (elements < 0
            ? "rows of input '" + tensor.name() + "' vary in length"
            : "input '" + tensor.name() + "' has " + elements + " columns")
        + " (expected: a feature for each column; leave out what is no input by skeg baseline"
        + " --label or --exclude, or name the columns in monitor.features.names)";
  }
}
