package dev.skeg.runtime.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.runtime.config.ModelYaml;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.servable.LoadRequest;
import dev.skeg.runtime.testing.OnnxGraph;
import dev.skeg.runtime.testing.OnnxModels;
import inference.ModelConfigOuterClass.DataType;
import inference.ModelConfigOuterClass.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model of three columns, loaded by the real engine. */
final class BackendCheckerTest {
  @TempDir Path directory;

  private List<String> check(String yaml) throws IOException {
    return check(OnnxModels.dense(3, 2), yaml, ModelConfig.getDefaultInstance());
  }

  private List<String> check(byte[] file, String yaml) throws IOException {
    return check(file, yaml, ModelConfig.getDefaultInstance());
  }

  private List<String> check(String yaml, ModelConfig declared) throws IOException {
    return check(OnnxModels.dense(3, 2), yaml, declared);
  }

  private List<String> check(byte[] file, String yaml, ModelConfig declared) throws IOException {
    Path version = Files.createDirectories(directory.resolve("m/1"));
    Path model = Files.write(version.resolve("model.onnx"), file);
    Path config = Files.writeString(directory.resolve("m/model.yaml"), yaml);
    Files.writeString(version.resolve("baseline.json"), "{");
    LoadRequest request = new LoadRequest(new ModelVersion("m", 1), model, declared, false, 1);
    try (BackendChecker checker = new BackendChecker()) {
      return checker.check(request, ModelYaml.read(config).monitor());
    }
  }

  @Test
  void saysWhatIsToBeWatchedAndDoesNotFitTheModel() throws IOException {
    assertThat(check("monitor: {features: {names: [a, b], categorical: [zip]}}"))
        .contains(
            "monitor.features.names: 2 names (expected: 3, one a column of input 'x')",
            "monitor.features.categorical: zip (expected: a feature or output of the model)")
        .anyMatch(warning -> warning.startsWith("its baseline cannot be read: "));
  }

  @Test
  void saysWhatTheModelsMetadataHasThatIsNotUsed() throws IOException {
    byte[] file = OnnxModels.withMetadata(OnnxModels.dense(3, 2), "feature_names", "[\"a\", \n1]");
    file = OnnxModels.withMetadata(file, "categorical_features", "zip,city");

    assertThat(check(file, "monitor: {window: 1h}"))
        .contains(
            "feature_names in the model's metadata: '1' is no text, so no name is used (expected:"
                + " a JSON array of names, one a column, each 1 to 256 characters; or an object of"
                + " such arrays by input)",
            "categorical_features in the model's metadata: city, zip, not used (expected: features"
                + " or outputs of the model)");
  }

  @Test
  void whereTheConfigurationSaysThatThereAreNoCategoriesTheFileHasNoSay() throws IOException {
    byte[] file =
        OnnxModels.withMetadata(OnnxModels.dense(3, 2), "categorical_features", "zip,city");

    assertThat(check(file, "monitor: {features: {categorical: []}}"))
        .noneMatch(warning -> warning.contains("categorical"));
  }

  @Test
  void saysNothingOfWhatIsNotWatched() throws IOException {
    assertThat(check("monitor: {enabled: false, features: {categorical: [zip]}}")).isEmpty();
  }

  @Test
  void saysWhichInputOfABatchTheModelDoesNotHave() {
    ModelConfig.Builder declared = ModelConfig.newBuilder();
    declared
        .addBatchInputBuilder()
        .addTargetName("count")
        .setDataType(DataType.TYPE_INT32)
        .addSourceInput("x");

    assertThatThrownBy(() -> check("monitor: {enabled: false}", declared.build()))
        .hasMessage(
            "config.pbtxt: batch_input[0].target_name: \"count\" is not an input of the model,"
                + " whose inputs are 'x'");
  }

  @Test
  void saysWhichFieldsTheModelLeavesWithoutEffect() throws IOException {
    byte[] flat =
        new OnnxGraph()
            .input("x", dev.skeg.runtime.model.DataType.FP32, "elements")
            .output("y", dev.skeg.runtime.model.DataType.FP32, "elements")
            .node("Neg", List.of("x"), List.of("y"))
            .build();
    ModelConfig.Builder declared = ModelConfig.newBuilder();
    declared.addInputBuilder().setName("x").addDims(-1).setAllowRaggedBatch(true);
    declared.getDynamicBatchingBuilder().setMaxQueueDelayMicroseconds(100);

    assertThat(check(flat, "monitor: {enabled: false}", declared.build()))
        .containsExactly(
            "config.pbtxt: dynamic_batching.max_queue_delay_microseconds: has no effect: with"
                + " allow_ragged_batch each request runs as a batch of its own");
  }
}
