package dev.skeg.runtime.servable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.runtime.config.ModelConfigFile;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Tensor;
import dev.skeg.runtime.os.Pace;
import dev.skeg.runtime.testing.Engine;
import dev.skeg.runtime.testing.OnnxGraph;
import dev.skeg.runtime.testing.OnnxModels;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Versions of the real engine against their golden sets and declared warm-ups. */
final class VersionChecksTest {
  private static final String CASE =
      "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[2,1],\"data\":[[1],[2]]}],"
          + "\"outputs\":[{\"name\":\"y\",\"datatype\":\"FP32\",\"shape\":[2,1],\"data\":[4,5]}]}";

  @RegisterExtension static final Engine ENGINE = new Engine();

  @TempDir Path model;

  private List<List<Tensor>> recent = List.of();
  private int timed;
  private final Pace timing =
      new Pace() {
        @Override
        public <T> T call(Supplier<T> work) {
          timed++;
          return work.get();
        }
      };

  @Test
  void aVersionThatGivesTheGoldenAnswersPasses() throws IOException {
    assertThat(checkGolden(CASE + "\n\n" + CASE)).isEmpty();
    assertThat(
            checkGolden(
                CASE.replace("[4,5]", "[4,5.0004]").replace("]}]}", "]}],\"tolerance\":0.001}")))
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          [4,5] | [4,6] | golden.jsonl:2: output 'y': element 1 is 5.0 (expected: 6.0, within 1.0E-4)
          "y" | "z" | golden.jsonl:2: unexpected inference output 'z' for model 'm', which gives 'y'
          "shape":[2,1],"data":[4 | "shape":[1,2],"data":[4 | golden.jsonl:2: output 'y': its shape is [2,1] (expected: [1,2])
          "datatype":"FP32","shape":[2,1],"data":[4 | "datatype":"INT32","shape":[2,1],"data":[4 | golden.jsonl:2: output 'y': its datatype is FP32 (expected: INT32)
          [4,5] | [4] | golden.jsonl:2: outputs[0]: data: 1 values (expected: 2, of the shape [2,1])
          [4,5] | [4,true] | golden.jsonl:2: outputs[0]: data: true (expected: a number)
          "outputs" | "output" | golden.jsonl:2: output: unknown (expected: inputs, outputs, tolerance)
          [[1],[2]] | [[1],[2] | golden.jsonl:2: not JSON:
          FP32 | FP3 | golden.jsonl:2: outputs[0]: datatype: "FP3" (expected: one of the protocol's, as FP32)
          """)
  void aGoldenCaseThatFailsOrIsNoneRefusesTheVersion(String what, String by, String reason)
      throws IOException {
    String changed = CASE.replace(what, by);
    assertThat(changed).isNotEqualTo(CASE);

    assertThatThrownBy(() -> checkGolden(CASE + "\n" + changed))
        .isInstanceOf(ServingException.class)
        .hasMessageStartingWith(reason);
  }

  @Test
  void integersAndStringsAreComparedExactly() throws IOException {
    byte[] identity = OnnxModels.identity(List.of(DataType.UINT64, DataType.BYTES), "batch", 1);
    String tensors =
        "[{\"name\":\"uint64_DIR\",\"datatype\":\"UINT64\",\"shape\":[1,1],\"data\":[18446744073709551615]},"
            + "{\"name\":\"bytes_DIR\",\"datatype\":\"BYTES\",\"shape\":[1,1],\"data\":[\"😀\"]}]";
    String golden =
        "{\"inputs\":"
            + tensors.replace("DIR", "in")
            + ",\"outputs\":"
            + tensors.replace("DIR", "out")
            + "}";

    assertThat(check(identity, "", golden, Optional.empty())).isEmpty();
    assertThatThrownBy(() ->
            check(
                identity,
                "",
                golden.replace(
                    "\"uint64_out\",\"datatype\":\"UINT64\",\"shape\":[1,1],\"data\":[18446744073709551615]",
                    "\"uint64_out\",\"datatype\":\"UINT64\",\"shape\":[1,1],\"data\":[18446744073709551614]"),
                Optional.empty()))
        .hasMessageStartingWith("golden.jsonl:1: output 'uint64_out': it differs");
    assertThatThrownBy(() ->
            check(
                identity,
                "",
                golden.replace("18446744073709551615", "18446744073709551616"),
                Optional.empty()))
        .hasMessageContaining("18446744073709551616 (expected: a number of UINT64)");
  }

  @Test
  void declaredWarmupRunsWithAllKindsOfData() throws IOException {
    Files.createDirectories(model.resolve("warmup"));
    Files.write(model.resolve("warmup/row"), new byte[Float.BYTES]);
    String config =
        """
        max_batch_size: 8
        model_warmup { name: "zero" batch_size: 8
          inputs { key: "x" value { data_type: TYPE_FP32 dims: 1 zero_data: true } } }
        model_warmup { name: "random" batch_size: 1 count: 3
          inputs { key: "x" value { data_type: TYPE_FP32 dims: 1 random_data: true } } }
        model_warmup { name: "file" batch_size: 2
          inputs { key: "x" value { data_type: TYPE_FP32 dims: 1 input_data_file: "row" } } }
        """;

    assertThat(check(OnnxModels.adding(3), config, "", Optional.empty())).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          batch_size: 1 | batch_size: 9 | inference request batch-size must be <= 8 for 'm', got 9
          dims: 1 | dims: 2 | unexpected shape for input 'x' for model 'm'. Expected [-1,1], got [1,2]
          dims: 1 | dims: -1 | .inputs['x']: dims: [-1] (expected: each 1 or more)
          TYPE_FP32 | TYPE_FP64 | .inputs['x']: data_type: TYPE_FP64 (expected: TYPE_FP32)
          "x" | "z" | .inputs['z']: the model has no such input
          zero_data: true |  | .inputs['x']: no data (expected: zero_data, random_data or input_data_file)
          zero_data: true | input_data_file: "../row" | .inputs['x']: input_data_file: ../row (expected: a file in the directory warmup)
          zero_data: true | input_data_file: "none" | .inputs['x']: input_data_file:
          """)
  void aWarmupThatDoesNotFitRefusesTheVersion(String what, String by, String reason) {
    String config =
        """
        max_batch_size: 8
        model_warmup { name: "w" batch_size: 1
          inputs { key: "x" value { data_type: TYPE_FP32 dims: 1 zero_data: true } } }
        """
            .replace(what, by == null ? "" : by);

    assertThatThrownBy(() -> check(OnnxModels.adding(3), config, "", Optional.empty()))
        .isInstanceOf(ServingException.class)
        .hasMessageStartingWith("config.pbtxt: model_warmup[0] 'w'")
        .hasMessageContaining(reason);
  }

  @Test
  void aVersionThatFailsOnDeclaredDataIsRefusedAndOneThatFailsOnMadeUpDataIsNot()
      throws IOException {
    byte[] narrow =
        new OnnxGraph()
            .input("x", DataType.INT64, "batch", 1)
            .output("y", DataType.FP32, "batch", 1)
            .floats("table", new long[] {1}, 1)
            .node("Gather", List.of("table", "x"), List.of("y"))
            .build();
    String warmup =
        """
        model_warmup { name: "w"
          inputs { key: "x" value { data_type: TYPE_INT64 dims: 1 random_data: true } } }
        """;

    assertThat(check(narrow, "max_batch_size: 8", "", Optional.empty()))
        .singleElement()
        .asString()
        .startsWith("a made-up row fails: ");
    assertThatThrownBy(() -> check(narrow, "max_batch_size: 8 " + warmup, "", Optional.empty()))
        .hasMessageStartingWith("config.pbtxt: model_warmup[0] 'w': it fails: ");
  }

  @Test
  void aVersionThatAnswersDifferentlyEachTimeIsNoted() throws IOException {
    byte[] random =
        new OnnxGraph()
            .input("x", DataType.FP32, "batch", 1)
            .output("y", DataType.FP32, "batch", 1)
            .node("RandomNormalLike", List.of("x"), List.of("y"))
            .build();

    assertThat(check(random, "max_batch_size: 8", "", Optional.empty()))
        .singleElement()
        .asString()
        .startsWith("two runs on the same made-up row differ: output 'y'");
  }

  @Test
  void aVersionThatIsTooSlowOnGivenDataIsRefusedAndOnMadeUpDataNoted() throws IOException {
    Optional<Duration> impossible = Optional.of(Duration.ofNanos(1));

    assertThat(check(OnnxModels.adding(3), "", "", impossible))
        .singleElement()
        .asString()
        .startsWith("a made-up row takes ");
    timed = 0;
    assertThatThrownBy(() -> check(OnnxModels.adding(3), "", CASE, impossible))
        .isInstanceOf(VersionChecks.TooSlow.class)
        .hasMessageStartingWith("golden.jsonl:1: takes ")
        .hasMessageContaining("versions.max-latency");
    assertThat(timed).as("runs at the pace of serving").isEqualTo(5);
    assertThat(check(OnnxModels.adding(3), "", CASE, Optional.of(Duration.ofMinutes(1)))).isEmpty();
  }

  @Test
  void recentRequestsAreTheWarmUpAndWhatTheyFailAtIsNoted() throws IOException {
    recent = List.of(index(0, 1), index(2));
    assertThat(check(OnnxModels.gather(), "", "", Optional.empty())).isEmpty();

    recent = List.of(index(0, 1), index(7));
    assertThat(check(OnnxModels.gather(), "", "", Optional.empty()))
        .singleElement()
        .asString()
        .startsWith("a recent request fails: ")
        .contains("idx=7");

    recent = List.of(index(0)); // Of a model that had another input: it does not fit.
    assertThat(check(OnnxModels.adding(3), "", "", Optional.empty())).isEmpty();
  }

  private static List<Tensor> index(long... values) {
    return List.of(
        new Tensor(
            "index", DataType.INT64, Shape.of(values.length), MemorySegment.ofArray(values)));
  }

  private List<String> checkGolden(String golden) throws IOException {
    return check(OnnxModels.adding(3), "", golden, Optional.empty());
  }

  private List<String> check(
      byte[] onnx, String config, String golden, Optional<Duration> maxLatency) throws IOException {
    Path version = Files.createDirectories(model.resolve("1"));
    Path file = Files.write(version.resolve("model.onnx"), onnx);
    Files.writeString(version.resolve("golden.jsonl"), golden);
    ModelConfigFile read =
        ModelConfigFile.read(Files.writeString(model.resolve("config.pbtxt"), config), "m");
    LoadRequest request =
        new LoadRequest(
            new ModelVersion("m", 1), file, read.config(), read.declaresMaxBatchSize(), 1);
    Servable servable = new Loader(ENGINE.backend()).load(request, Pace.AT_ONCE);
    try {
      return VersionChecks.run(
          servable,
          request,
          maxLatency.map(limit -> new VersionChecks.Budget(limit, timing)),
          recent,
          Pace.AT_ONCE);
    } finally {
      servable.retire().join();
      servable.free();
    }
  }
}
