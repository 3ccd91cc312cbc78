package dev.skeg.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Inputs and outputs of batches in a config.pbtxt. */
final class BatchTensorsCheckTest {
  private static final String CONFIG =
      """
      max_batch_size: 4
      input { name: "x" data_type: TYPE_FP32 dims: -1 allow_ragged_batch: true }
      output { name: "y" data_type: TYPE_FP32 dims: -1 }
      batch_input {
        kind: BATCH_ELEMENT_COUNT
        target_name: [ "n", "m" ]
        data_type: TYPE_INT32
        source_input: "x"
      }
      batch_output {
        target_name: "y"
        kind: BATCH_SCATTER_WITH_INPUT_SHAPE
        source_input: "x"
      }
      """;

  @Test
  void readsThemAsTritonDoes() {
    ModelConfigFile file = parse(CONFIG);

    assertThat(file.config().getBatchInput(0).getTargetNameList()).containsExactly("n", "m");
    assertThat(file.warnings()).isEmpty();
  }

  @Test
  void saysThatNothingWaitsForLargerBatches() {
    ModelConfigFile file =
        parse(
            CONFIG
                + "dynamic_batching { max_queue_delay_microseconds: 100 priority_levels: 2"
                + " default_priority_level: 1 }");

    assertThat(file.warnings())
        .containsExactly(
            "config.pbtxt:15:20: dynamic_batching.max_queue_delay_microseconds: has no effect: with"
                + " batch_input or batch_output each request runs as a batch of its own");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "n", "m" | "n", "x" | :6:3: batch_input[0].target_name: "x" is declared as an input too (expected: one that the server makes
          "n", "m" | "n", "n" | :6:3: batch_input[0].target_name: "n" was named before (expected: each once)
          "n", "m" | "" | :6:3: batch_input[0].target_name: "" (expected: the tensor's name)
          target_name: [ "n", "m" ] | `` | :4:1: batch_input[0].target_name: missing (expected: the tensor's name)
          TYPE_INT32 | TYPE_INT64 | :7:3: batch_input[0].data_type: TYPE_INT64 (expected: TYPE_INT32 or TYPE_FP32)
          data_type: TYPE_INT32 | `` | :4:1: batch_input[0].data_type: no type (expected: TYPE_INT32 or TYPE_FP32)
          kind: BATCH_ELEMENT_COUNT | kind: 9 | :5:3: batch_input[0].kind: 9 (expected: a kind by its name)
          BATCH_ELEMENT_COUNT | BATCH_ELEMENT_COUNTS | BATCH_ELEMENT_COUNTS: unknown value of Kind (did you mean BATCH_ELEMENT_COUNT?)
          source_input: "x" | source_input: "n" | :8:3: batch_input[0].source_input: "n" is made by the server (expected: an input of requests)
          source_input: "x" | source_input: ["x", "z"] | :8:3: batch_input[0].source_input: 2 names (expected: 1, the name of an input)
          source_input: "x" | source_input: ["x", "z"] | :13:3: batch_output[0].source_input: 2 names (expected: 1, the name of an input)
          source_input: "x" | `` | :10:1: batch_output[0].source_input: 0 names (expected: 1, the name of an input)
          target_name: "y" | target_name: "z" | :11:3: batch_output[0].target_name: "z" (expected: one of the outputs that the file declares)
          target_name: "y" | target_name: ["y", "y"] | :11:3: batch_output[0].target_name: "y" was named before (expected: each once)
          kind: BATCH_SCATTER_WITH_INPUT_SHAPE | kind: 3 | :12:3: batch_output[0].kind: 3 (expected: a kind by its name)
          """)
  void refusesWhatCannotBeWithItsPlaceAndWhatWouldDo(String what, String by, String message) {
    String changed = CONFIG.replace(what, by);
    assertThat(changed).isNotEqualTo(CONFIG);

    assertThatThrownBy(() -> parse(changed))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message);
  }

  private static ModelConfigFile parse(String text) {
    return ModelConfigFile.parse("config.pbtxt", text, "m");
  }
}
