package dev.skeg.runtime.tap;

import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.monitor.record.FeatureSpec.Role;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Tells where a baseline and a model do not fit: what is not compared, and what to do about it. */
final class BaselineFit {
  private static final int SHOWN = 5;

  private BaselineFit() {}

  /**
   * Returns what does not fit, for people.
   *
   * @param known the baseline's features and outputs
   * @param features the model's, as they are recorded
   */
  static List<String> problems(List<FeatureSpec> known, List<FeatureSpec> features) {
    List<String> problems = new ArrayList<>();
    for (Role role : Role.values()) {
      Map<String, FeatureSpec> theirs = byName(known, role);
      // A baseline of inputs alone is what most are: outputs are compared with earlier windows.
      if (!theirs.isEmpty()) {
        compare(role, theirs, byName(features, role), problems);
      }
    }
    return problems;
  }

  private static Map<String, FeatureSpec> byName(List<FeatureSpec> features, Role role) {
    return features.stream()
        .filter(feature -> feature.role() == role)
        .collect(Collectors.toMap(FeatureSpec::name, Function.identity(), (a, b) -> a));
  }

  private static void compare(
      Role role,
      Map<String, FeatureSpec> known,
      Map<String, FeatureSpec> ours,
      List<String> problems) {
    boolean areInputs = role == Role.INPUT;
    Set<String> extra = new HashSet<>(known.keySet());
    extra.removeAll(ours.keySet());
    Set<String> absent = new HashSet<>(ours.keySet());
    absent.removeAll(known.keySet());
    if (!extra.isEmpty()) {
      problems.add(
          "baseline.json: "
              + shown(extra)
              + (areInputs ? ": no input of the model" : ": no output of the model")
              + " (expected: names as "
              + shown(absent.isEmpty() ? ours.keySet() : absent)
              + (areInputs
                  ? "; leave out what is no input by skeg baseline --label, --outputs or --exclude)"
                  : "; rename the training data's columns, or leave them out of --outputs)"));
    }
    if (!absent.isEmpty()) {
      problems.add(
          "baseline.json: it lacks "
              + shown(absent)
              + ", compared with earlier windows only (expected: a column of the training data by"
              + " each name)");
    }
    Set<String> others = new HashSet<>();
    for (FeatureSpec feature : ours.values()) {
      @Nullable FeatureSpec theirs = known.get(feature.name());
      if (theirs != null && theirs.kind() != feature.kind()) {
        others.add(feature.name());
      }
    }
    if (!others.isEmpty()) {
      problems.add(
          "baseline.json: numbers in it and categories of the model: "
              + shown(others)
              + ", compared with earlier windows only (expected: the same; skeg baseline"
              + " --categorical)");
    }
  }

  /** Returns names in a line, of many the first ones. */
  static String shown(Collection<String> names) {
    List<String> sorted = names.stream().sorted().toList();
    return sorted.size() <= SHOWN
        ? String.join(", ", sorted)
        : String.join(", ", sorted.subList(0, SHOWN)) + " and " + (sorted.size() - SHOWN) + " more";
  }
}
