package dev.skeg.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The {@link Artifact} of small directories. */
final class ArtifactTest {
  @TempDir Path root;

  @Test
  void hasTheDigestThatSha256sumGives() throws IOException {
    write("1/model.onnx", "abc");

    Artifact artifact = Artifact.of(root.resolve("1"));

    assertThat(artifact.files())
        .containsExactly(
            new ArtifactFile(
                "model.onnx",
                3,
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    // (cd 1; sha256sum model.onnx) | sha256sum
    assertThat(artifact.digest())
        .isEqualTo("sha256:f487565c464f3c2eda113e820a22f384de425f67914d0ba7b95ed83f7497b384");
  }

  @Test
  void dependsOnNamesAndContentsOnly() throws IOException {
    write("a/model.onnx", "abc");
    write("a/weights/w.bin", "w");
    write("b/weights/w.bin", "w");
    Files.createSymbolicLink(root.resolve("b/model.onnx"), root.resolve("a/model.onnx"));
    Files.setLastModifiedTime(root.resolve("a/model.onnx"), FileTime.fromMillis(0));
    write("c/model.onnx", "abd");
    write("c/weights/w.bin", "w");
    write("d/model.onnx", "abc");
    write("d/weights/v.bin", "w");

    String digest = Artifact.of(root.resolve("a")).digest();

    assertThat(Artifact.of(root.resolve("b")).digest()).isEqualTo(digest);
    assertThat(Artifact.of(root.resolve("c")).digest()).isNotEqualTo(digest);
    assertThat(Artifact.of(root.resolve("d")).digest()).isNotEqualTo(digest);
  }

  @Test
  void refusesLinksThatLeadNowhereOrInACircle() throws IOException {
    write("1/model.onnx", "abc");
    Files.createSymbolicLink(root.resolve("1/gone"), root.resolve("nowhere"));
    write("2/model.onnx", "abc");
    Files.createSymbolicLink(root.resolve("2/again"), root.resolve("2"));

    assertThatThrownBy(() -> Artifact.of(root.resolve("1")))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("gone is a link to something that does not exist");
    assertThatThrownBy(() -> Artifact.of(root.resolve("2")))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("again is a link that leads back to itself");
    assertThatThrownBy(() -> Artifact.of(root.resolve("3")))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("3 does not exist");
  }

  private void write(String path, String content) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }
}
