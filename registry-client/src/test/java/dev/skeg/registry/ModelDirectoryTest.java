package dev.skeg.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A {@link ModelDirectory} over directories made for each test. */
final class ModelDirectoryTest {
  @TempDir Path root;

  @Test
  void listsModelsByNameAndVersionsByNumber() throws IOException {
    version("fraud", "10");
    version("fraud", "9");
    version("churn", "1");

    ModelListing listing = ModelDirectory.open(root).list();

    assertThat(listing.models()).extracting(ModelEntry::name).containsExactly("churn", "fraud");
    assertThat(listing.models().getLast().versions())
        .extracting(VersionEntry::number)
        .containsExactly(9L, 10L);
    assertThat(listing.models()).allMatch(model -> model.problem().isEmpty());
  }

  @Test
  void ignoresVersionsThatAreNoIntegersOrBeginWithZeroAsTritonDoes() throws IOException {
    for (String name : new String[] {"0", "01", "1a", "-1", "+1", "v2", "99999999999999999999"}) {
      version("fraud", name);
    }
    version("fraud", "9223372036854775807");
    Files.writeString(root.resolve("fraud/7"), "a file");

    ModelEntry fraud = ModelDirectory.open(root).list().models().getFirst();

    assertThat(fraud.versions())
        .extracting(VersionEntry::number)
        .containsExactly(9223372036854775807L);
  }

  @Test
  void plainFilesAndHiddenDirectoriesAreNoModels() throws IOException {
    version("fraud", "1");
    version(".git", "1");
    version("_MANIFEST", "1");
    Files.writeString(root.resolve("README.md"), "models");

    ModelListing listing = ModelDirectory.open(root).list();

    assertThat(listing.models()).extracting(ModelEntry::name).containsExactly("fraud");
    assertThat(listing.skipped()).containsExactly(".git", "_MANIFEST");
  }

  @Test
  void aBrokenModelIsListedWithItsProblemAndHidesNoOther() throws IOException {
    version("good", "1");
    Files.createDirectories(root.resolve("empty"));
    Files.createSymbolicLink(root.resolve("dangling"), root.resolve("nowhere"));

    ModelListing listing = ModelDirectory.open(root).list();

    assertThat(listing.models())
        .extracting(ModelEntry::name)
        .containsExactly("dangling", "empty", "good");
    assertThat(listing.models().get(0).problem().orElseThrow()).contains("link", "does not exist");
    assertThat(listing.models().get(1).problem().orElseThrow()).contains("has no version");
    assertThat(listing.models().get(2).problem()).isEmpty();
  }

  @Test
  void findsTheConfigurationFilesThatExist() throws IOException {
    version("fraud", "1");
    Files.writeString(root.resolve("fraud/config.pbtxt"), "");

    ModelEntry fraud = ModelDirectory.open(root).list().models().getFirst();

    assertThat(fraud.configFile()).contains(root.resolve("fraud/config.pbtxt"));
    assertThat(fraud.yamlFile()).isEmpty();
    assertThat(fraud.version(1)).isPresent();
    assertThat(fraud.version(2)).isEmpty();
  }

  @Test
  void followsLinksToModelsAndVersions() throws IOException {
    Path elsewhere = Files.createDirectories(root.resolve(".store/abc"));
    Files.writeString(elsewhere.resolve("model.onnx"), "x");
    Files.createDirectories(root.resolve("fraud"));
    Files.createSymbolicLink(root.resolve("fraud/3"), elsewhere);

    ModelEntry fraud = ModelDirectory.open(root).list().models().getFirst();

    assertThat(fraud.versions().getFirst().artifact().files())
        .extracting(ArtifactFile::path)
        .containsExactly("model.onnx");
  }

  @Test
  void saysWhatIsWrongWithTheRoot() throws IOException {
    Path file = Files.writeString(root.resolve("file"), "x");
    Path link = Files.createSymbolicLink(root.resolve("link"), root.resolve("nowhere"));

    assertThatThrownBy(() -> ModelDirectory.open(root.resolve("missing")))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("missing does not exist (expected: a directory");
    assertThatThrownBy(() -> ModelDirectory.open(Path.of("no-such-relative-directory")))
        .hasMessageContaining("does not exist in /");
    assertThatThrownBy(() -> ModelDirectory.open(file)).hasMessageContaining("is a file");
    assertThatThrownBy(() -> ModelDirectory.open(link)).hasMessageContaining("is a link");
  }

  private void version(String model, String version) throws IOException {
    Path directory = Files.createDirectories(root.resolve(model).resolve(version));
    Files.writeString(directory.resolve("model.onnx"), model + version);
  }
}
