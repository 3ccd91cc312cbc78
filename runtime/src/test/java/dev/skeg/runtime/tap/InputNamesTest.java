package dev.skeg.runtime.tap;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.monitor.record.FeatureSpec.Kind;
import dev.skeg.monitor.record.FeatureSpec.Role;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.TensorSpec;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Names of the model's file, between those of the configuration and of the baseline. */
final class InputNamesTest {
  private static final Signature TABLE = signature(tensor("x", -1, 3));
  private static final Signature TWO = signature(tensor("num", -1, 2), tensor("cat", -1, 2));

  private static TensorSpec tensor(String name, long... shape) {
    return new TensorSpec(name, DataType.FP32, Shape.of(shape), false);
  }

  private static Signature signature(TensorSpec... inputs) {
    return new Signature(List.of(inputs), List.of(tensor("y", -1)));
  }

  private static DeclaredFeatures columns(String... names) {
    return new DeclaredFeatures(List.of(names), Map.of(), List.of(), List.of());
  }

  private static DeclaredFeatures byInput(Map<String, List<String>> names) {
    return new DeclaredFeatures(List.of(), names, List.of(), List.of());
  }

  private static FeatureSpec input(String name) {
    return new FeatureSpec(name, Role.INPUT, Kind.NUMERIC);
  }

  private static TapPlanner.Planned plan(
      Signature signature,
      List<String> configured,
      DeclaredFeatures declared,
      FeatureSpec... known) {
    return plan(signature, configured, List.of(), declared, known);
  }

  private static TapPlanner.Planned plan(
      Signature signature,
      List<String> configured,
      List<String> categorical,
      DeclaredFeatures declared,
      FeatureSpec... known) {
    return TapPlanner.plan(
        signature,
        new FeatureOptions(
            "", configured, categorical, declared, List.of(known), List.of(), 1, "", List.of()));
  }

  private static List<String> names(TapPlanner.Planned planned) {
    return planned.layout().records().features().stream()
        .filter(feature -> feature.role() == Role.INPUT)
        .map(FeatureSpec::name)
        .toList();
  }

  private static List<String> categories(TapPlanner.Planned planned) {
    return planned.layout().records().features().stream()
        .filter(feature -> !feature.isNumeric())
        .map(FeatureSpec::name)
        .toList();
  }

  @Test
  void theModelsFileNamesTheColumnsWhereTheConfigurationIsSilent() {
    TapPlanner.Planned named = plan(TABLE, List.of(), columns("a", "b", "c"));
    TapPlanner.Planned configured =
        plan(TABLE, List.of("k", "l", "m"), columns("a", "b", "c", "d"));

    assertThat(names(named)).containsExactly("a", "b", "c");
    assertThat(named.problems()).isEmpty();
    assertThat(names(configured)).containsExactly("k", "l", "m");
    assertThat(configured.problems()).isEmpty();
  }

  @Test
  void theModelsFileKnowsTheOrderOfItsColumnsBetterThanTheBaseline() {
    TapPlanner.Planned planned =
        plan(TABLE, List.of(), columns("a", "b", "c"), input("c"), input("a"), input("b"));

    assertThat(names(planned)).containsExactly("a", "b", "c");
    assertThat(planned.problems()).isEmpty();
  }

  @Test
  void aBaselineWithMoreColumnsIsComparedByName() {
    TapPlanner.Planned planned =
        plan(TABLE, List.of(), columns("a", "b", "c"), input("id"), input("c"), input("b"));

    assertThat(names(planned)).containsExactly("a", "b", "c");
    assertThat(planned.problems())
        .hasSize(2)
        .anyMatch(problem -> problem.startsWith("baseline.json: id: no input of the model"))
        .anyMatch(problem -> problem.startsWith("baseline.json: it lacks a, "));
  }

  @Test
  void saysOnceThatTheBaselineCallsAllColumnsOtherwise() {
    TapPlanner.Planned planned =
        plan(TABLE, List.of(), columns("a", "b", "c"), input("u"), input("v"), input("w"));

    assertThat(names(planned)).containsExactly("a", "b", "c");
    assertThat(planned.problems())
        .containsExactly(
            "baseline.json: 3 features, none of which is compared: feature_names in the model's"
                + " metadata calls the columns of input 'x' a, b, c, and it has u, v, w (expected:"
                + " the same names; or the baseline's in monitor.features.names, in the order of"
                + " the model's columns)");
  }

  @Test
  void anotherNumberOfNamesThanColumnsNamesNone() {
    TapPlanner.Planned numbered = plan(TABLE, List.of(), columns("a", "b"));
    TapPlanner.Planned byBaseline =
        plan(TABLE, List.of("k"), columns("a", "b"), input("u"), input("v"), input("w"));
    TapPlanner.Planned endless = plan(signature(tensor("x", -1, -1)), List.of(), columns("a", "b"));

    assertThat(names(numbered)).containsExactly("f0", "f1", "f2");
    assertThat(numbered.problems())
        .containsExactly(
            "feature_names in the model's metadata: 2 names, so none is used (expected: 3, one a"
                + " column of input 'x')");
    assertThat(names(byBaseline)).containsExactly("u", "v", "w");
    assertThat(byBaseline.problems()).hasSize(2);
    assertThat(names(endless)).first().isEqualTo("x.norm");
    assertThat(endless.problems())
        .containsExactly(
            "feature_names in the model's metadata: 2 names, so none is used (expected: none, for"
                + " rows vary in length, one a column of input 'x')");
  }

  @Test
  void inputsOfOneColumnHaveNamesAlready() {
    Signature columns =
        signature(tensor("age", -1, 1), tensor("income", -1, 1), tensor("zip", -1, 1));

    for (DeclaredFeatures declared :
        List.of(DeclaredFeatures.NONE, columns("zip", "age", "income"), columns("age", "zip"))) {
      TapPlanner.Planned planned =
          plan(columns, List.of(), declared, input("income"), input("zip"), input("age"));

      assertThat(names(planned)).containsExactly("age", "income", "zip");
      assertThat(planned.problems()).isEmpty();
    }
    assertThat(plan(columns, List.of(), columns("a", "b", "c")).problems())
        .containsExactly(
            "feature_names in the model's metadata: 3 names, so none is used (expected: 1, one a"
                + " column of input 'age'; or an object of arrays by input)");
  }

  @Test
  void namesColumnsOfSeveralInputs() {
    TapPlanner.Planned planned =
        plan(
            TWO,
            List.of(),
            byInput(Map.of("num", List.of("a", "b"), "cat", List.of("k", "l"))),
            input("k"),
            input("b"),
            input("l"),
            input("a"));
    TapPlanner.Planned one =
        plan(
            TWO,
            List.of(),
            byInput(Map.of("cat", List.of("k", "l"))),
            input("a"),
            input("b"),
            input("k"),
            input("l"));

    assertThat(names(planned)).containsExactly("a", "b", "k", "l");
    assertThat(planned.problems()).isEmpty();
    assertThat(names(one)).containsExactly("a", "b", "k", "l");
    assertThat(one.problems()).isEmpty();
  }

  @Test
  void noNameIsGivenTwice() {
    TapPlanner.Planned twice =
        plan(TWO, List.of(), byInput(Map.of("num", List.of("a", "b"), "cat", List.of("b", "c"))));
    TapPlanner.Planned likeAnInput = plan(TWO, List.of(), columns("a", "cat"));
    TapPlanner.Planned configured =
        plan(TWO, List.of("a", "b"), byInput(Map.of("cat", List.of("b", "c"))));

    assertThat(names(twice)).containsExactly("a", "b", "cat[0]", "cat[1]");
    assertThat(twice.problems())
        .containsExactly(
            "feature_names in the model's metadata: 'b' is what another input is called, or a"
                + " column of it, so no name of input 'cat' is used (expected: each name once in"
                + " the model)");
    assertThat(names(likeAnInput)).containsExactly("f0", "f1", "cat[0]", "cat[1]");
    assertThat(likeAnInput.problems()).hasSize(1);
    assertThat(names(configured)).containsExactly("a", "b", "cat[0]", "cat[1]");
  }

  @Test
  void saysWhichInputsTheModelDoesNotHave() {
    assertThat(plan(TABLE, List.of(), byInput(Map.of("X", List.of("a", "b", "c")))).problems())
        .containsExactly(
            "feature_names in the model's metadata: 'X': no input of the model (expected: inputs as"
                + " 'x')");
  }

  @Test
  void theModelsFileSaysWhichColumnsAreCategoriesWhereTheConfigurationIsSilent() {
    DeclaredFeatures declared =
        new DeclaredFeatures(List.of("a", "b", "c"), Map.of(), List.of("b", "zip"), List.of());

    TapPlanner.Planned planned = plan(TABLE, List.of(), declared);
    TapPlanner.Planned configured = plan(TABLE, List.of(), List.of("c"), declared);
    TapPlanner.Planned known = plan(TABLE, List.of(), declared, input("a"), input("b"), input("c"));

    assertThat(categories(planned)).containsExactly("b");
    assertThat(planned.problems())
        .containsExactly(
            "categorical_features in the model's metadata: zip, not used (expected: features or"
                + " outputs of the model)");
    assertThat(categories(configured)).containsExactly("c");
    assertThat(configured.problems()).isEmpty();
    assertThat(categories(known)).containsExactly("b");
    assertThat(known.problems())
        .anyMatch(problem -> problem.contains("categories of the model: b"));
  }
}
