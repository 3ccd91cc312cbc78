package dev.skeg.registry.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;

import dev.skeg.registry.Packing;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RemoteFile;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What {@link Manifest} and {@link Layers} read, and what they refuse. */
final class ManifestTest {
  private static final String DIGEST = "sha256:" + "ab".repeat(32);

  @Test
  void namesFilesOfDockersModelTypesThatNameNone() {
    String type = "application/vnd.docker.ai.";

    assertThat(
            files(
                type + "model.config.v0.2+json",
                layer(type + "gguf.v3", ""),
                layer(type + "license", ""),
                layer(type + "vllm.config.tar", "")))
        .extracting(RemoteFile::path, RemoteFile::packing)
        .containsExactly(
            tuple("model.gguf", Packing.PLAIN),
            tuple("LICENSE", Packing.PLAIN),
            tuple("", Packing.TAR));
  }

  @Test
  void takesTitledLayersOfAnyArtifactAsFilesUnlessTheySayTheyAreArchives() {
    String tar = "application/vnd.oci.image.layer.v1.tar";
    String title = "\"org.opencontainers.image.title\":\"a/model.onnx\"";

    assertThat(
            files(
                "application/vnd.oci.empty.v1+json",
                layer(tar, title),
                layer(tar + "+gzip", title + ",\"io.deis.oras.content.unpack\":\"true\"")))
        .extracting(RemoteFile::path, RemoteFile::packing)
        .containsExactly(tuple("a/model.onnx", Packing.PLAIN), tuple("", Packing.TAR_GZIP));
  }

  @Test
  void refusesLayersWithoutANameUnsafeNamesAndForeignContent() {
    String type = "application/vnd.cncf.model.";
    String config = type + "config.v1+json";
    assertThatThrownBy(() -> files(config, layer(type + "weight.v1.raw", "")))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("without a file name");
    String escape = "\"" + Layers.FILE_PATH + "\":\"../../etc/passwd\"";
    assertThatThrownBy(() -> files(config, layer(type + "weight.v1.raw", escape)))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("..");
    String elsewhere = layer(type + "weight.v1.raw", "").replaceFirst("\\{", "{\"urls\":[\"x\"],");
    assertThatThrownBy(() -> files(config, elsewhere))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("all content in the registry");
  }

  @Test
  void refusesWhatIsNoManifestWithoutQuotingIt() {
    for (String text :
        List.of("<html>secret-page</html>", "[]", "{\"layers\":[]}", "\"secret-page\"")) {
      assertThatThrownBy(() -> Manifest.parse(bytes(text), "it"))
          .isInstanceOf(RegistryException.class)
          .hasMessageStartingWith("it ")
          .message()
          .doesNotContain("secret-page");
    }
  }

  @Test
  void choosesOfAnIndexWhatIsForNoPlatformAndElseThisMachines() {
    Manifest.Index none = index("linux/s390x", "unknown/unknown");
    Manifest.Index only = index("linux/s390x");
    Manifest.Index foreign = index("linux/s390x", "linux/ppc64le");

    assertThat(none.choose("it").platform()).isEqualTo("unknown/unknown");
    assertThat(only.choose("it").platform()).isEqualTo("linux/s390x");
    assertThatThrownBy(() -> foreign.choose("it"))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("[linux/s390x, linux/ppc64le]");
  }

  private static Manifest.Index index(String... platforms) {
    List<Descriptor> manifests =
        List.of(platforms).stream()
            .map(platform -> new Descriptor("m", "", DIGEST, 1, platform, Map.of()))
            .toList();
    return new Manifest.Index(manifests, Map.of());
  }

  private static List<RemoteFile> files(String configType, String... layers) {
    String manifest =
        "{\"config\":{\"mediaType\":\""
            + configType
            + "\"},\"layers\":["
            + String.join(",", layers)
            + "]}";
    return Layers.files((Manifest.Image) Manifest.parse(bytes(manifest), "it"), false, "it");
  }

  private static String layer(String mediaType, String annotations) {
    return "{\"mediaType\":\""
        + mediaType
        + "\",\"digest\":\""
        + DIGEST
        + "\",\"size\":1,\"annotations\":{"
        + annotations
        + "}}";
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
