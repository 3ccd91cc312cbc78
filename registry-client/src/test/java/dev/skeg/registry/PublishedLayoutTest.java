package dev.skeg.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.registry.PublishedLayout.Manifest;
import dev.skeg.registry.PublishedLayout.Target;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The bytes of {@link PublishedLayout}. */
final class PublishedLayoutTest {
  private static final String A = "a".repeat(64);

  @Test
  void aManifestHasTheSameBytesWhateverTheOrderAndReadsBack() {
    ArtifactFile x = new ArtifactFile("x.bin", 1, A);
    ArtifactFile y = new ArtifactFile("d/y.bin", 2, A);

    byte[] bytes = PublishedLayout.manifestBytes(8, List.of(x, y));

    assertThat(bytes).isEqualTo(PublishedLayout.manifestBytes(8, List.of(y, x)));
    assertThat(new String(bytes, StandardCharsets.UTF_8))
        .isEqualTo(
            "{\"version\":\"8\",\"files\":[{\"path\":\"d/y.bin\",\"size\":2,\"sha256\":\""
                + A
                + "\"},{\"path\":\"x.bin\",\"size\":1,\"sha256\":\""
                + A
                + "\"}]}");
    assertThat(PublishedLayout.parseManifest(bytes, "m")).isEqualTo(new Manifest(8, List.of(x, y)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{}",
        "<html>",
        "{\"version\":\"8\",\"files\":[]}",
        "{\"version\":\"0\",\"files\":[F]}",
        "{\"files\":[F]}",
        "{\"version\":\"8\",\"files\":[F,F]}",
        "{\"version\":\"8\",\"files\":[F]} x",
        "{\"version\":\"8\",\"files\":[{\"path\":\"a\"}]}",
        "{\"version\":\"8\",\"files\":[F",
        "{\"version\":\"8\",\"version\":\"9\",\"files\":[F]}",
        "{\"version\":\"8\",\"files\":[{\"path\":\"../a\",\"size\":1,\"sha256\":\"S\"}]}",
        "{\"version\":\"8\",\"files\":[{\"path\":\"/a\",\"size\":1,\"sha256\":\"S\"}]}",
        "{\"version\":\"8\",\"files\":[F,{\"path\":\"MODEL\",\"size\":1,\"sha256\":\"S\"}]}"
      })
  void refusesWhatIsNoManifest(String text) {
    String json =
        text.replace("F", "{\"path\":\"model\",\"size\":1,\"sha256\":\"S\"}").replace("S", A);

    assertThatThrownBy(
            () -> PublishedLayout.parseManifest(json.getBytes(StandardCharsets.UTF_8), "m"))
        .isInstanceOf(RegistryException.class);
  }

  @Test
  void aPointerReadsBackAndAnythingElseIsRefused() {
    Target target = new Target(8, A);

    assertThat(PublishedLayout.parsePointer(PublishedLayout.pointerBytes(target), "p"))
        .isEqualTo(target);
    assertThat(PublishedLayout.pointerPath(Pointer.parse("tag/prod")))
        .isEqualTo("_pointers/tag/prod");
    assertThatThrownBy(() ->
            PublishedLayout.parsePointer("<html>secret".getBytes(StandardCharsets.UTF_8), "p"))
        .hasMessageNotContaining("secret")
        .hasMessageContaining("NUMBER@sha256");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/etc/passwd",
        "../x",
        "a/../b",
        "a//b",
        "./a",
        "a\\b",
        "C:x",
        "a\u0000b",
        "a/"
      })
  void unsafePathsAreRefused(String path) {
    assertThatThrownBy(() -> SafePath.require(path)).isInstanceOf(RegistryException.class);
  }

  @Test
  void whatIsNoContentDoesNotChangeTheDigest() {
    ArtifactFile model = new ArtifactFile("model.onnx", 1, A);

    Artifact plain = Artifact.ofFiles(List.of(model));
    Artifact with =
        Artifact.ofFiles(
            List.of(
                model,
                new ArtifactFile("_MANIFEST.json", 1, A),
                new ArtifactFile("model.sig", 1, A),
                new ArtifactFile(".git/config", 1, A),
                new ArtifactFile("sub/.DS_Store", 1, A)));

    assertThat(with).isEqualTo(plain);
  }
}
