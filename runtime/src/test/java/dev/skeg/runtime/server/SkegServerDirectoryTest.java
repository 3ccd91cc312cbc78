package dev.skeg.runtime.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.registry.Artifact;
import dev.skeg.registry.PublishedLayout;
import dev.skeg.runtime.testing.OnnxModels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The whole server on a directory of models that changes while it serves. */
@Timeout(180)
final class SkegServerDirectoryTest {
  @TempDir Path directory;
  private Path models;

  @BeforeEach
  void models() throws IOException {
    models = Files.createDirectories(directory.resolve("models"));
  }

  private SourcedServer start(String mode) throws InterruptedException {
    return start(mode, new HashMap<>());
  }

  private SourcedServer start(String mode, Map<String, String> keys) throws InterruptedException {
    keys.put("models-dir", models.toString());
    keys.put("model-control-mode", mode);
    keys.put("repository-poll-secs", "3600"); // What happens sooner happens by inotify.
    return SourcedServer.start(directory.resolve("data"), keys);
  }

  @Test
  void newChangedAndRemovedVersionsAndModelsAreTakenUp() throws Exception {
    try (SourcedServer server = start("poll")) {
      version(1);
      server.awaitAnswer(1);

      version(2);
      server.awaitAnswer(2);

      Files.writeString(
          models.resolve("m/config.pbtxt"), "version_policy { specific { versions: [1] } }");
      server.awaitAnswer(1);

      Files.delete(models.resolve("m/config.pbtxt"));
      server.awaitAnswer(2);

      Files.move(models.resolve("m/2"), directory.resolve("taken-away"));
      server.awaitAnswer(1);

      Files.move(models.resolve("m"), directory.resolve("gone"));
      server.await(() -> server.model().has("error"), "the model to be unknown");
      assertThat(server.answering()).isZero();
    }
  }

  @Test
  void aVersionIsNotLoadedBeforeItIsWhole() throws Exception {
    version(1);
    try (SourcedServer server = start("poll")) {
      Path two = Files.createDirectories(models.resolve("m/2"));
      Files.createFile(two.resolve(PublishedLayout.INCOMPLETE));
      byte[] model = OnnxModels.adding(2);
      Files.write(two.resolve("model.onnx"), Arrays.copyOf(model, model.length / 2));
      version("other", 1);
      server.await(() -> server.index().containsKey("other/1"), "a look after the half version");
      assertThat(server.index()).doesNotContainKey("m/2");

      Files.write(two.resolve("model.onnx"), model);
      Files.write(
          two.resolve(PublishedLayout.MANIFEST),
          PublishedLayout.manifestBytes(2, Artifact.published(two)));
      Files.delete(two.resolve(PublishedLayout.INCOMPLETE));

      server.awaitAnswer(2);
    }
  }

  @Test
  void theModeNoneTakesUpNothing() throws Exception {
    version(1);
    try (SourcedServer server = start("none")) {
      assertThat(server.answering()).isEqualTo(1);
      var refused = server.post("http", "/v2/repository/models/m/load", "");
      assertThat(refused.statusCode()).isEqualTo(503);
    }
  }

  @Test
  void explicitControlBeginsWithWhatItIsToldTo() throws Exception {
    version(1);
    Files.move(models.resolve("m"), models.resolve("other"));
    version(1);
    try (SourcedServer server = start("explicit", new HashMap<>(Map.of("load-models", "m")))) {
      assertThat(server.answering()).isEqualTo(1);
      assertThat(server.index().get("other/1")).startsWith("UNAVAILABLE not loaded");
    }
    try (SourcedServer server = start("explicit", new HashMap<>(Map.of("load-models", "*")))) {
      assertThat(server.index()).containsEntry("m/1", "READY ").containsEntry("other/1", "READY ");
    }
  }

  @Test
  void explicitControlLoadsWhatIsInTheDirectoryWhenItIsAskedTo() throws Exception {
    version(1);
    version(2);
    try (SourcedServer server = start("explicit")) {
      assertThat(server.answering()).isZero();
      assertThat(server.index().get("m/2")).startsWith("UNAVAILABLE not loaded");

      assertThat(server.post("admin", "/v1/models/m/versions/1:load", "").statusCode())
          .isEqualTo(200);
      assertThat(server.answering()).isEqualTo(1);
      assertThat(server.post("http", "/v2/repository/models/m/load", "").statusCode())
          .isEqualTo(200);
      assertThat(server.answering()).isEqualTo(2);
      version(3);
      assertThat(server.post("http", "/v2/repository/models/m/load", "").statusCode())
          .isEqualTo(200);
      assertThat(server.answering()).isEqualTo(3);
      assertThat(server.post("http", "/v2/repository/models/m/unload", "").statusCode())
          .isEqualTo(200);
      assertThat(server.answering()).isZero();

      var unknown = server.post("http", "/v2/repository/models/absent/load", "");
      assertThat(unknown.statusCode()).isEqualTo(404);
      assertThat(unknown.body()).contains("failed to load 'absent'");
    }
  }

  @Test
  void aVersionThatTheEngineRefusesIsNotTriedAgainAfterARestartUnlessItIsForced() throws Exception {
    version(1);
    try (SourcedServer server = start("poll")) {
      version(2, "no model".getBytes(StandardCharsets.UTF_8));
      awaitState(server, "m/2", "UNAVAILABLE Load model");
      assertThat(server.answering()).isEqualTo(1);
    }

    try (SourcedServer restarted = start("poll")) {
      assertThat(restarted.answering()).isEqualTo(1);
      assertThat(restarted.index().get("m/2"))
          .startsWith("UNAVAILABLE in quarantine: Load model")
          .endsWith("(expected: other files or configuration, or force)");
      assertThat(restarted.index()).containsEntry("m/1", "READY ");

      var forced = restarted.post("admin", "/v1/models/m/versions/2:load?force=true", "");
      assertThat(forced.statusCode()).as(forced.body()).isEqualTo(400);
      assertThat(forced.body()).contains("Protobuf parsing failed");
      assertThat(restarted.answering()).isEqualTo(1);
    }

    try (SourcedServer again = start("poll")) {
      assertThat(again.answering()).isEqualTo(1);
      assertThat(again.index().get("m/2")).startsWith("UNAVAILABLE in quarantine: Load model");
      version(2);
      again.awaitAnswer(2);
    }
  }

  @Test
  void anotherConfigurationTakesAVersionOutOfQuarantine() throws Exception {
    version(1);
    Path config = models.resolve("m/config.pbtxt");
    Files.writeString(config, "input { name: 'x' data_type: TYPE_INT8 dims: 1 }");
    try (SourcedServer server = start("poll")) {
      awaitState(server, "m/1", "UNAVAILABLE");
    }
    try (SourcedServer restarted = start("poll")) {
      assertThat(restarted.index().get("m/1")).startsWith("UNAVAILABLE in quarantine: ");
      Files.delete(config);
      restarted.awaitAnswer(1);
    }
  }

  @Test
  void aVersionThatHasServedIsTriedAgainWithTheNextStartWhateverItHasFailedAt() throws Exception {
    version(1);
    Path row = warmedUpWith(new byte[Float.BYTES]);
    try (SourcedServer server = start("poll")) {
      assertThat(server.answering()).isEqualTo(1);
    }
    Files.delete(row);
    try (SourcedServer without = start("poll")) {
      assertThat(without.index().get("m/1"))
          .startsWith("UNAVAILABLE ")
          .contains("row.bin")
          .doesNotContain("quarantine");
    }
    Files.write(row, new byte[Float.BYTES]);
    try (SourcedServer again = start("poll")) {
      assertThat(again.answering()).isEqualTo(1);
    }
  }

  /** Has the model warmed up with a row, which lies beside its versions. */
  private Path warmedUpWith(byte[] row) throws IOException {
    Files.writeString(
        models.resolve("m/config.pbtxt"),
        "model_warmup { name: 'row' batch_size: 1 inputs { key: 'x' value {"
            + " data_type: TYPE_FP32 dims: 1 input_data_file: 'row.bin' } } }");
    Path directory = Files.createDirectories(models.resolve("m/warmup"));
    return Files.write(directory.resolve("row.bin"), row);
  }

  @Test
  void anotherRowToWarmUpWithTakesAVersionOutOfQuarantine() throws Exception {
    version(1);
    Path row = warmedUpWith(new byte[1]);
    try (SourcedServer server = start("poll")) {
      awaitState(server, "m/1", "UNAVAILABLE");
    }
    try (SourcedServer restarted = start("poll")) {
      assertThat(restarted.index().get("m/1")).startsWith("UNAVAILABLE in quarantine: ");
    }
    Files.write(row, new byte[Float.BYTES]);
    try (SourcedServer again = start("poll")) {
      assertThat(again.answering()).isEqualTo(1);
    }
  }

  @Test
  void aConfigurationThatNeverLoadedDoesNotCountAsOneThatHasServed() throws Exception {
    version(1);
    try (SourcedServer server = start("poll")) {
      Files.writeString(
          models.resolve("m/config.pbtxt"), "input { name: 'x' data_type: TYPE_INT8 dims: 1 }");
      awaitState(server, "m/1", "READY serves as it was loaded before");
    }
    try (SourcedServer restarted = start("poll")) {
      awaitState(restarted, "m/1", "UNAVAILABLE");
    }
    try (SourcedServer again = start("poll")) {
      assertThat(again.index().get("m/1")).startsWith("UNAVAILABLE in quarantine: ");
    }
  }

  private static void awaitState(SourcedServer server, String version, String state) {
    server.await(() -> server.index().getOrDefault(version, "").startsWith(state), state);
  }

  private void version(int number) throws IOException {
    version("m", number);
  }

  private void version(String model, int number) throws IOException {
    Path version = Files.createDirectories(models.resolve(model + "/" + number));
    Files.write(version.resolve("model.onnx"), OnnxModels.adding(number));
  }

  private void version(int number, byte[] model) throws IOException {
    Path version = Files.createDirectories(models.resolve("m/" + number));
    Files.write(version.resolve("model.onnx"), model);
  }
}
