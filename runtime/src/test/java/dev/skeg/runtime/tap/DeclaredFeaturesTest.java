package dev.skeg.runtime.tap;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a model's metadata says of its features, as people write it. */
final class DeclaredFeaturesTest {
  private static final String EXPECTED =
      " (expected: a JSON array of names, one a column, each 1 to 256 characters; or an object of"
          + " such arrays by input)";

  private static DeclaredFeatures read(String names) {
    return read(Map.of("feature_names", names));
  }

  private static DeclaredFeatures read(Map<String, String> metadata) {
    return DeclaredFeatures.read(key -> Optional.ofNullable(metadata.get(key)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[\"amount\", \"age\", \"zip\"]",
        "['amount', 'age', 'zip']",
        "amount,age,zip",
        " amount, age ,zip\n"
      })
  void readsJsonAndWhatPythonWritesOfAListAndTextWithCommas(String names) {
    assertThat(read(names))
        .isEqualTo(
            new DeclaredFeatures(List.of("amount", "age", "zip"), Map.of(), List.of(), List.of()));
  }

  @Test
  void readsNamesByInputAndCategories() {
    DeclaredFeatures declared =
        read(
            Map.of(
                "feature_names", "{\"x_num\": [\"amount, net\", \"Größe\"], \"x_cat\": [\"zip\"]}",
                "categorical_features", "[\"zip\"]"));

    assertThat(declared.byInput())
        .isEqualTo(Map.of("x_num", List.of("amount, net", "Größe"), "x_cat", List.of("zip")));
    assertThat(declared.columns()).isEmpty();
    assertThat(declared.categorical()).containsExactly("zip");
    assertThat(declared.problems()).isEmpty();
  }

  @Test
  void takesWhatIsEmptyForNothingSaid() {
    assertThat(read(Map.of())).isEqualTo(DeclaredFeatures.NONE);
    assertThat(read(Map.of("feature_names", " ", "categorical_features", "[]")))
        .isEqualTo(DeclaredFeatures.NONE);
    assertThat(read("{}")).isEqualTo(DeclaredFeatures.NONE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[\"a\", \"b\" | '[\"a\", \"b\"' is no JSON, so nothing of it is used",
        "[\"a\"] b | '[\"a\"] b' is no JSON, so nothing of it is used",
        "{\"x\": [\"a\"], \"x\": [\"b\"]} |"
            + " '{\"x\": [\"a\"], \"x\": [\"b\"]}' is no JSON, so nothing of it is used",
        "{\"x\": \"a\"} | '\"a\"' is no array, so nothing is used",
        "[\"a\", 3] | '3' is no text, so no name is used",
        "[\"a\", null] | 'null' is no text, so no name is used",
        "[\"a\", \" \"] | name 2 is empty, so no name is used",
        "a,,b | name 2 is empty, so no name is used",
        "[\"a\", \"b\", \"a\"] | 'a' is there twice, so no name is used",
        "{\"x\": [\"a\"], \"y\": [\"b\", \"b\"]} | 'b' is there twice, so no name is used",
        "[\"a\\u001b[31m\"] | 'a?[31m' has control characters, so no name is used",
        "[\"a\\ud800\"] | 'a?' has control characters, so no name is used"
      })
  void saysWhatItDoesNotUnderstandAndTakesNothingOfIt(String names, String what) {
    DeclaredFeatures declared = read(names);

    assertThat(declared.problems())
        .containsExactly("feature_names in the model's metadata: " + what + EXPECTED);
    assertThat(declared.columns()).isEmpty();
    assertThat(declared.byInput()).isEmpty();
  }

  @Test
  void showsOnlyTheBeginningOfWhatIsLong() {
    assertThat(read("[\"" + "é".repeat(257) + "\"]").problems())
        .containsExactly(
            "feature_names in the model's metadata: '"
                + "é".repeat(40)
                + "…' has 257 characters, so no name is used"
                + EXPECTED);
    for (String endless :
        List.of("[".repeat(1 << 20), "[\"a\",".repeat(1 << 18), "😀\n,".repeat(9))) {
      assertThat(read(endless).problems())
          .singleElement()
          .asString()
          .hasSizeLessThan(300)
          .doesNotContain("\n");
    }
  }

  @Test
  void understandsOneKeyWithoutTheOther() {
    DeclaredFeatures declared =
        read(Map.of("feature_names", "a,b", "categorical_features", "{\"a\": 1}"));

    assertThat(declared.columns()).containsExactly("a", "b");
    assertThat(declared.categorical()).isEmpty();
    assertThat(declared.problems())
        .containsExactly(
            "categorical_features in the model's metadata: '{\"a\":1}' is no array, so nothing is"
                + " used (expected: a JSON array of features' names)");
  }
}
