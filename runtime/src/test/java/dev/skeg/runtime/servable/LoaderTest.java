package dev.skeg.runtime.servable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.runtime.config.ModelConfigFile;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.os.Pace;
import dev.skeg.runtime.testing.Engine;
import dev.skeg.runtime.testing.OnnxGraph;
import dev.skeg.runtime.testing.OnnxModels;
import inference.ModelConfigOuterClass;
import inference.ModelConfigOuterClass.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Versions loaded by the real engine, with and without a configuration. */
final class LoaderTest {
  @RegisterExtension static final Engine ENGINE = new Engine();

  @Test
  void whatTheConfigurationLeavesOutComesFromTheModel() throws IOException {
    Servable servable = load(OnnxModels.dense(3, 2), "");

    ModelConfig config = servable.config();
    assertThat(config.getName()).isEqualTo("m");
    assertThat(config.getPlatform()).isEqualTo("onnxruntime_onnx");
    assertThat(config.getMaxBatchSize()).isEqualTo(64);
    assertThat(config.getInput(0).getName()).isEqualTo("x");
    assertThat(config.getInput(0).getDataType())
        .isEqualTo(ModelConfigOuterClass.DataType.TYPE_FP32);
    assertThat(config.getInput(0).getDimsList()).containsExactly(3L);
    assertThat(config.getOutput(0).getDimsList()).containsExactly(2L);
    assertThat(config.getVersionPolicy().getLatest().getNumVersions()).isEqualTo(1);
    free(servable);
  }

  @Test
  void rowsOfEveryDatatypeCanBeFoundIndependent() throws IOException {
    Servable servable = load(OnnxModels.identity(List.of(DataType.values()), "batch", 2), "");

    assertThat(servable.config().getMaxBatchSize()).isEqualTo(64);
    free(servable);
  }

  @Test
  void rowsThatSeeOneAnotherAreNotABatch() throws IOException {
    Servable mean = load(OnnxModels.meanOverRows(), "");
    Servable scalar = load(OnnxModels.scalar(), "");
    Servable differentNames =
        load(
            new OnnxGraph()
                .input("a", DataType.FP32, "rows", 2)
                .input("b", DataType.FP32, "others", 2)
                .output("y", DataType.FP32, "rows", 2)
                .output("z", DataType.FP32, "others", 2)
                .node("Relu", List.of("a"), List.of("y"))
                .node("Relu", List.of("b"), List.of("z"))
                .build(),
            "");

    assertThat(mean.config().getMaxBatchSize()).isZero();
    assertThat(mean.config().getInput(0).getDimsList()).containsExactly(-1L, 3L);
    assertThat(scalar.config().getMaxBatchSize()).isZero();
    assertThat(differentNames.config().getMaxBatchSize()).isZero();
    free(mean);
    free(scalar);
    free(differentNames);
  }

  @Test
  void indexesThatMustBeSmallDoNotHideThatRowsAreIndependent() throws IOException {
    Servable servable = load(OnnxModels.gather(), "");

    assertThat(servable.config().getMaxBatchSize()).isEqualTo(64);
    free(servable);
  }

  @Test
  void aDeclaredTensorNarrowsAVariableDimensionAndOutputsAreChosen() throws IOException {
    byte[] model =
        new OnnxGraph()
            .input("x", DataType.FP32, "batch", "width")
            .output("y", DataType.FP32, "batch", "width")
            .output("z", DataType.FP32, "batch", "width")
            .node("Relu", List.of("x"), List.of("y"))
            .node("Neg", List.of("x"), List.of("z"))
            .build();

    Servable servable =
        load(
            model,
            "max_batch_size: 8 input { name: 'x' data_type: TYPE_FP32 dims: 4 }"
                + " output { name: 'z' data_type: TYPE_FP32 dims: 4 }");

    assertThat(servable.signature().inputs().getFirst().shape()).isEqualTo(Shape.of(-1, 4));
    assertThat(servable.signature().outputs()).hasSize(1);
    assertThat(servable.config().getMaxBatchSize()).isEqualTo(8);
    free(servable);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          input { name: 'q' data_type: TYPE_FP32 dims: 3 } | input 'q' is not in the model, whose inputs are 'x'
          input { name: 'x' data_type: TYPE_INT8 dims: 3 } | data_type: TYPE_INT8, but the model has TYPE_FP32
          input { name: 'x' data_type: TYPE_FP32 dims: 4 } | dims: [4]
          output { name: 'q' data_type: TYPE_FP32 dims: 3 } | output 'q' is not in the model
          input { name: 'x' data_type: TYPE_FP32 dims: 3 optional: true } | the model has no default for it
          """)
  void whatTheModelDoesNotBearOutIsRefused(String config, String reason) {
    assertThatThrownBy(() -> load(OnnxModels.dense(3, 2), config.replace('\'', '"')))
        .isInstanceOf(ServingException.class)
        .hasMessageContaining("config.pbtxt: ")
        .hasMessageContaining(reason);
  }

  @Test
  void aBatchSizeNeedsABatchDimension() {
    assertThatThrownBy(() -> load(OnnxModels.scalar(), "max_batch_size: 4"))
        .isInstanceOf(ServingException.class)
        .hasMessageContaining("max_batch_size: 4")
        .hasMessageContaining("input 'x' of the model has the shape []");
  }

  @Test
  void aRetiredVersionGivesNoNewClaimsAndIsFreedAfterTheLast() throws IOException {
    Servable servable = load(OnnxModels.dense(3, 2), "");
    ServableHandle handle = Objects.requireNonNull(servable.acquire());

    assertThat(servable.retire()).isNotDone();
    assertThatThrownBy(servable::free).isInstanceOf(IllegalStateException.class);
    handle.close();

    assertThat(servable.acquire()).isNull();
    servable.free();
  }

  private static Servable load(byte[] file, String config) throws IOException {
    Path model = Files.createTempFile(ENGINE.directory(), "model", ".onnx");
    Files.write(model, file);
    ModelConfigFile declared = ModelConfigFile.ABSENT;
    if (!config.isEmpty()) {
      Path pbtxt = Files.createTempFile(ENGINE.directory(), "config", ".pbtxt");
      Files.writeString(pbtxt, config);
      declared = ModelConfigFile.read(pbtxt, "m");
    }
    return new Loader(ENGINE.backend())
        .load(
            new LoadRequest(
                new ModelVersion("m", 1),
                model,
                declared.config(),
                declared.declaresMaxBatchSize(),
                1),
            Pace.AT_ONCE);
  }

  private static void free(Servable servable) {
    assertThat(servable.retire()).isDone();
    servable.free();
  }
}
