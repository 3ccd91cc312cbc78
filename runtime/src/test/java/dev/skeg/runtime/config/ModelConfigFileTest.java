package dev.skeg.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Descriptors.FieldDescriptor;
import inference.ModelConfigOuterClass.DataType;
import inference.ModelConfigOuterClass.ModelConfig;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A model's config.pbtxt. */
final class ModelConfigFileTest {
  @Test
  void readsAConfigurationWrittenForTriton() {
    ModelConfigFile file =
        parse(
            """
            # A comment.
            name: "fraud"
            platform: "onnxruntime_onnx"
            max_batch_size: 8
            input [
              { name: "features", data_type: TYPE_FP32, dims: [ -1, 9 ] },
              { name: "mask" data_type: TYPE_BOOL dims: 9 optional: true }
            ]
            output { name: "score" data_type: TYPE_FP32 dims: [ 1 ] }
            instance_group [ { count: 2 kind: KIND_CPU } ]
            dynamic_batching { preferred_batch_size: [ 4, 8 ] max_queue_delay_microseconds: 100 }
            version_policy: { latest { num_versions: 2 } }
            optimization { graph { level: 1 } }
            parameters { key: "intra_op_thread_count" value { string_value: "1" } }
            model_warmup { name: "w" batch_size: 1 inputs { key: "features" value { data_type: TYPE_FP32 dims: 9 zero_data: true } } }
            """);

    assertThat(file.config().getInputCount()).isEqualTo(2);
    assertThat(file.config().getInput(0).getDataType()).isEqualTo(DataType.TYPE_FP32);
    assertThat(file.config().getInput(0).getDimsList()).containsExactly(-1L, 9L);
    assertThat(file.config().getMaxBatchSize()).isEqualTo(8);
    assertThat(file.declaresMaxBatchSize()).isTrue();
    assertThat(file.modelFileName()).isEqualTo("model.onnx");
    assertThat(file.config().getParametersOrThrow("intra_op_thread_count").getStringValue())
        .isEqualTo("1");
  }

  @Test
  void knowsWhetherMaxBatchSizeIsGivenEvenWhenItIsZero() {
    assertThat(parse("max_batch_size: 0").declaresMaxBatchSize()).isTrue();
    assertThat(parse("name: \"fraud\"").declaresMaxBatchSize()).isFalse();
    assertThat(ModelConfigFile.ABSENT.declaresMaxBatchSize()).isFalse();
  }

  @Test
  void leavesWhatIsNotSaidToTheModel() {
    assertThat(parse("").config()).isEqualTo(ModelConfig.getDefaultInstance());
    assertThat(parse("input { name: \"x\" }").config().getInput(0).getDataType())
        .isEqualTo(DataType.TYPE_INVALID);
  }

  @Test
  void selectsVersionsByThePolicy() {
    List<Long> available = List.of(10L, 1L, 9L);

    assertThat(ModelConfigFile.ABSENT.selectVersions(available)).containsExactly(10L);
    assertThat(parse("version_policy { latest { num_versions: 2 } }").selectVersions(available))
        .containsExactly(9L, 10L);
    assertThat(
            parse("version_policy { latest { num_versions: 4294967295 } }")
                .selectVersions(available))
        .containsExactly(1L, 9L, 10L);
    assertThat(parse("version_policy { all {} }").selectVersions(available))
        .containsExactly(1L, 9L, 10L);
    assertThat(parse("version_policy { specific { versions: [9, 3] } }").selectVersions(available))
        .containsExactly(3L, 9L);
    assertThat(ModelConfigFile.ABSENT.selectVersions(List.of())).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "max_batchsize: 8 | 1:1: max_batchsize: unknown field of ModelConfig (did you mean max_batch_size?)",
        "input { nam: \"x\" } | 1:9: nam: unknown field of ModelInput (did you mean name?)",
        "input { name: \"x\" data_type: TYPE_FLOAT } | TYPE_FLOAT: unknown value of DataType (did you mean TYPE_FP32?)",
        "input { name: \"x\" data_type: TYPE_FP3 } | TYPE_FP3: unknown value of DataType (did you mean TYPE_FP32?)",
        "input { name: \"x\" data_type: 99 } | 1:19: input[0].data_type: no type",
        "instance_group { kind: KIND_TPU } | KIND_TPU: unknown value of Kind (did you mean KIND_",
        "name: \"fraud\" name: \"fraud\" | 1:",
        "max_batch_size: x | 1:17: ",
        "input { | 1:",
        "name: \"other\" | 1:1: name: \"other\" (expected: fraud, the directory's name, or nothing)",
        "max_batch_size: -1 | 1:1: max_batch_size: -1 (expected: 0 or more",
        "input { name: \"x\" dims: [ 1, 0 ] } | input[0].dims[1]: 0 (expected: 1 or more, or -1",
        "input { name: \"x\" dims: -2 } | 1:19: input[0].dims[0]: -2",
        "input { dims: 2 } | 1:1: input[0].name: missing",
        "input { name: \"x\" } input { name: \"x\" } | 1:29: input[1].name: \"x\" is the name of an earlier input too",
        "output { name: \"x\" } output { name: \"x\" } | output[1].name: \"x\" is the name of an earlier output",
        "backend: \"python\" | 1:1: backend: \"python\" (expected: onnxruntime, or nothing)",
        "platform: \"tensorflow_savedmodel\" | platform: \"tensorflow_savedmodel\" (expected: onnxruntime_onnx",
        "default_model_filename: \"../model.onnx\" | default_model_filename: \"../model.onnx\" (expected: a file within",
        "default_model_filename: \"/etc/passwd\" | default_model_filename: \"/etc/passwd\" (expected: a file within",
        "version_policy { latest { num_versions: 0 } } | version_policy.latest.num_versions: 0",
        "version_policy { specific { } } | version_policy.specific.versions: []",
        "version_policy { specific { versions: [1, 1] } } | version_policy.specific.versions: [1, 1]",
        "version_policy { specific { versions: -1 } } | version_policy.specific.versions: [-1]",
        "sequence_batching { } | 1:1: sequence_batching: not supported by this version",
        "ensemble_scheduling { } | ensemble_scheduling: not supported by this version",
        "model_transaction_policy { decoupled: true } | model_transaction_policy.decoupled: not supported",
        "response_cache { enable: true } | response_cache.enable: not supported",
        "input { name: \"x\" reshape { shape: 1 } } | 1:19: input[0].reshape: not supported by this version",
        "output { name: \"x\" reshape { } } | output[0].reshape: not supported by this version",
        "instance_group { kind: KIND_GPU } | 1:18: instance_group[0].kind: not supported by this version: a GPU",
        "cc_model_filenames { key: \"7.5\" value: \"a\" } | cc_model_filenames: not supported",
        "dynamic_batching { preferred_batch_size: 0 } | dynamic_batching.preferred_batch_size: 0",
        "dynamic_batching { priority_levels: 2 } | dynamic_batching.default_priority_level: 0 (expected: 1 to priority_levels, 2)",
      })
  void refusesWhatIsNotUnderstoodWithLineColumnAndWhatWouldDo(String text, String message) {
    assertThatThrownBy(() -> parse(text))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("config.pbtxt:1:")
        .hasMessageContaining(message);
  }

  @Test
  void harmlessFormsOfUnsupportedFieldsAreAccepted() {
    parse("model_transaction_policy { decoupled: false }");
    parse("response_cache { enable: false }");
    parse("input { name: \"x\" allow_ragged_batch: false is_shape_tensor: false }");
  }

  @Test
  void reportsEveryProblemAtOnce() {
    ConfigException e =
        catchThrowableOfType(
            ConfigException.class,
            () -> parse("name: \"a\"\nmax_batch_size: -1\nbackend: \"b\"\nruntime: \"r\"\n"));

    assertThat(e.problems()).hasSize(4);
    assertThat(e.problems()).anyMatch(line -> line.startsWith("config.pbtxt:2:1: max_batch_size"));
  }

  @Test
  void namesEveryUnknownField() {
    ConfigException e =
        catchThrowableOfType(ConfigException.class, () -> parse("nam: \"a\"\nbackends: \"b\"\n"));

    assertThat(e.problems())
        .containsExactly(
            "config.pbtxt:1:1: nam: unknown field of ModelConfig (did you mean name?)",
            "config.pbtxt:2:1: backends: unknown field of ModelConfig (did you mean backend?)");
  }

  @Test
  void warnsOfEachFieldThatHasNoEffect() {
    ModelConfigFile file =
        parse(
            """
            optimization { graph { level: 1 } }
            instance_group { count: 1 kind: KIND_CPU }
            instance_group {
              kind: KIND_MODEL
              rate_limiter { priority: 2 }
              host_policy: "numa0"
              secondary_devices { kind: KIND_NVDLA }
              profile: "0"
              passive: true
            }
            response_cache { enable: false }
            """);

    assertThat(file.warnings())
        .containsExactly(
            "config.pbtxt:1:1: optimization: has no effect: hints for an engine on a GPU",
            "config.pbtxt:5:3: instance_group[1].rate_limiter: has no effect: a lane runs whenever it"
                + " is free",
            "config.pbtxt:6:3: instance_group[1].host_policy: has no effect: lanes run on all"
                + " processors of the process",
            "config.pbtxt:7:3: instance_group[1].secondary_devices: has no effect: a model runs on the"
                + " CPU",
            "config.pbtxt:8:3: instance_group[1].profile: has no effect: for TensorRT",
            "config.pbtxt:9:3: instance_group[1].passive: has no effect: every instance is a lane that"
                + " takes requests",
            "config.pbtxt:4:3: instance_group[1].kind: has no effect: KIND_MODEL is taken for"
                + " KIND_CPU");
    assertThat(parse("name: \"fraud\" max_batch_size: 4").warnings()).isEmpty();
  }

  @Test
  void refusesQueuePoliciesOfPrioritiesThatThereAreNot() {
    ConfigException e =
        catchThrowableOfType(
            ConfigException.class,
            () ->
                parse(
                    """
                    dynamic_batching {
                      priority_levels: 2
                      default_priority_level: 1
                      priority_queue_policy { key: 2 value { max_queue_size: 1 } }
                      priority_queue_policy { key: 3 value { max_queue_size: 1 } }
                      priority_queue_policy { key: 0 value { max_queue_size: 1 } }
                      priority_queue_policy { key: 18446744073709551615 value { } }
                    }
                    """));

    String field = ": dynamic_batching.priority_queue_policy: key ";
    String expected = " (expected: 1 to priority_levels, 2)";
    assertThat(e.problems())
        .containsExactly(
            "config.pbtxt:5:3" + field + "3" + expected,
            "config.pbtxt:6:3" + field + "0" + expected,
            "config.pbtxt:7:3" + field + "18446744073709551615" + expected);
    assertThatThrownBy(
            () -> parse("dynamic_batching { priority_queue_policy { key: 1 value { } } }"))
        .hasMessageContaining("key 1 (expected: none, since priority_levels is 0)");
  }

  @Test
  void theTableOfFieldsHasEveryFieldAndNoOther() {
    Set<String> topLevel = new HashSet<>();
    for (ModelConfigSupport each : ModelConfigSupport.ALL) {
      String[] parts = each.field().split("\\.", -1);
      FieldDescriptor field = ModelConfig.getDescriptor().findFieldByName(parts[0]);
      assertThat(field).as(each.field()).isNotNull();
      if (parts.length > 1) {
        assertThat(field.getMessageType().findFieldByName(parts[1])).as(each.field()).isNotNull();
      } else {
        topLevel.add(each.field());
      }
    }

    assertThat(topLevel)
        .containsExactlyInAnyOrderElementsOf(
            ModelConfig.getDescriptor().getFields().stream()
                .map(FieldDescriptor::getName)
                .toList());
  }

  private static ModelConfigFile parse(String text) {
    return ModelConfigFile.parse("config.pbtxt", text, "fraud");
  }
}
