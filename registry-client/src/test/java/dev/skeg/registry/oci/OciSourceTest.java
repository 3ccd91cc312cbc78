package dev.skeg.registry.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.registry.Artifact;
import dev.skeg.registry.Digests;
import dev.skeg.registry.Packing;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.Progress;
import dev.skeg.registry.PublishRequest;
import dev.skeg.registry.Published;
import dev.skeg.registry.Publisher;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.RemoteFile;
import dev.skeg.registry.Revision;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.Sources;
import dev.skeg.registry.Transfer;
import dev.skeg.registry.oci.OciLayout.Layer;
import dev.skeg.registry.signature.Verification;
import dev.skeg.registry.store.ArtifactStore;
import dev.skeg.registry.store.Held;
import dev.skeg.registry.store.StoreConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The {@code oci:} source against Debian's registry, with Debian's skopeo as the other client. */
@Timeout(120)
final class OciSourceTest {
  private static final String IMAGE_CONFIG = "application/vnd.oci.image.config.v1+json";
  private static final String IMAGE_LAYER = "application/vnd.oci.image.layer.v1.tar";

  @TempDir static Path registryDirectory;
  private static DockerRegistry registry;

  @TempDir Path directory;

  @BeforeAll
  static void start() {
    registry = DockerRegistry.start(registryDirectory);
  }

  @AfterAll
  static void stop() {
    registry.close();
  }

  @Test
  void pullsWhatItPushed() throws IOException {
    Path version = version("first");

    Published published = push("round/trip", version, "tag/prod");

    assertThat(published.number()).isEqualTo(1);
    assertThat(published.digest()).isEqualTo(Artifact.of(version).digest());
    assertThat(published.pointers())
        .containsExactly(Pointer.version(1), Pointer.parse("tag/prod"), Pointer.LATEST);
    for (String pointer :
        List.of("latest", "version/1", "tag/prod", "digest/" + published.revision())) {
      assertThat(pull("round/trip", pointer)).containsExactlyEntriesOf(contents(version));
    }
  }

  @Test
  void namesARevisionByItsManifestDigestAndKnowsTheNumber() throws IOException {
    Published published = push("round/names", version("first"));

    try (Source source = open("round/names")) {
      Revision revision = source.resolve(Pointer.LATEST, null);

      assertThat(revision.revision()).isEqualTo(published.revision());
      assertThat(revision.number()).isEqualTo(1);
    }
  }

  @Test
  void answersTheSameRevisionWhileNothingChangesAndAnotherOnceATagMoves() throws IOException {
    push("round/polled", version("first"), "tag/prod");
    try (Source source = open("round/polled")) {
      Pointer prod = Pointer.parse("tag/prod");
      Revision first = source.resolve(prod, null);

      assertThat(source.resolve(prod, first)).isSameAs(first);
      push("round/polled", version("second"), "tag/prod");
      Revision second = source.resolve(prod, first);

      assertThat(second.revision()).isNotEqualTo(first.revision());
      assertThat(second.number()).isEqualTo(2);
    }
  }

  @Test
  void givesTheSameDigestForTheSameFilesAndNumber() throws IOException {
    Published first = push("same/one", version("same"));
    Published second = push("same/two", version("same"));
    Published again = publish("same/one", version("same"), new PublishRequest(1, List.of(), false));

    assertThat(again.revision()).isEqualTo(first.revision());
    assertThat(second.digest()).isEqualTo(first.digest());
  }

  @Test
  void refusesANumberThatIsTakenUnlessForced() throws IOException {
    push("taken/number", version("first"));
    PublishRequest request = new PublishRequest(1, List.of(), false);

    assertThatThrownBy(() -> publish("taken/number", version("second"), request))
        .isInstanceOfSatisfying(
            RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CONFLICT))
        .hasMessageContaining("another version 1");

    publish("taken/number", version("second"), new PublishRequest(1, List.of(), true));
    assertThat(text(pull("taken/number", "latest"), "model.onnx")).isEqualTo("weights second");
  }

  @Test
  void leavesLatestAloneWhenAnOlderNumberIsPublished() throws IOException {
    publish("older/number", version("new"), new PublishRequest(7, List.of(), false));
    Published older =
        publish("older/number", version("old"), new PublishRequest(3, List.of(), false));

    assertThat(older.pointers()).containsExactly(Pointer.version(3));
    assertThat(text(pull("older/number", "latest"), "model.onnx")).isEqualTo("weights new");
    assertThat(push("older/number", version("next")).number()).isEqualTo(8);
  }

  @Test
  void pushesLargeFilesInChunksAndEmptyOnesToo() throws IOException {
    Path version = Files.createDirectories(directory.resolve("large"));
    byte[] weights = new byte[1_000_000];
    new Random(1).nextBytes(weights);
    Files.write(version.resolve("model.onnx"), weights);
    Files.write(version.resolve("empty.json"), new byte[0]);
    OciReference reference = OciReference.of(uri("large/chunks"), SourceSettings.defaults());
    List<Long> progress = new ArrayList<>();

    try (Publisher publisher = new OciPublisher(reference, SourceSettings.defaults(), 300_000)) {
      publisher.publish(
          version,
          PublishRequest.next(),
          (path, done, total) -> {
            if (path.equals("model.onnx")) {
              progress.add(done);
            }
          });
    }

    assertThat(progress).containsExactly(0L, 300_000L, 600_000L, 900_000L, 1_000_000L, 1_000_000L);
    assertThat(pull("large/chunks", "latest")).containsExactlyEntriesOf(contents(version));
  }

  @Test
  void goesOnWhereADownloadBrokeOff() throws IOException {
    push("resumed/blob", version("first"));
    try (Source source = open("resumed/blob")) {
      Revision revision = source.resolve(Pointer.LATEST, null);
      RemoteFile file = file(source.files(revision), "model.onnx");

      try (Transfer transfer = source.open(revision, file, 8)) {
        assertThat(transfer.offset()).isEqualTo(8);
        assertThat(transfer.totalBytes()).isEqualTo(file.sizeBytes());
        assertThat(new String(transfer.in().readAllBytes(), StandardCharsets.UTF_8))
            .isEqualTo("first");
      }
    }
  }

  @Test
  void letsSkopeoPullWhatItPushed() throws IOException {
    Published published = push("cross/pushed", version("first"));
    Path copy = directory.resolve("copy");

    Skopeo.copy(docker("cross/pushed:1"), "dir:" + copy);

    byte[] manifest = Files.readAllBytes(copy.resolve("manifest.json"));
    assertThat("sha256:" + Digests.sha256Hex(manifest)).isEqualTo(published.revision());
    for (byte[] content : contents(version("first")).values()) {
      assertThat(copy.resolve(Digests.sha256Hex(content))).hasBinaryContent(content);
    }
  }

  @Test
  void takesTheModelsDirectoryOfAPlainImage() {
    byte[] base = OciLayout.tar(Map.of("etc/passwd", "root"));
    byte[] models = OciLayout.tar(Map.of("models/model.onnx", "weights of an image"));
    OciLayout layout = new OciLayout(directory.resolve("layout"));
    layout.top(
        layout.manifest(
            "",
            IMAGE_CONFIG,
            OciLayout.imageConfig(List.of(base, models)),
            List.of(
                Layer.of(IMAGE_LAYER + "+gzip", OciLayout.gzip(base)),
                Layer.of(IMAGE_LAYER, models))));
    Skopeo.copy(layout.reference(), docker("plain/image:v1"));

    List<RemoteFile> files = files("plain/image", "tag/v1");

    assertThat(files).extracting(RemoteFile::path).containsOnly("models/");
    assertThat(files)
        .extracting(RemoteFile::packing)
        .containsExactly(Packing.TAR_GZIP, Packing.TAR_GZIP);
    assertThat(pull("plain/image", "tag/v1")).hasSize(1);
  }

  @Test
  void readsDockersOwnMediaTypes() {
    Skopeo.copy(image("docker"), docker("docker/types:v1"), "--format", "v2s2");

    assertThat(Skopeo.manifest(docker("docker/types:v1")))
        .contains("application/vnd.docker.distribution.manifest.v2+json");
    assertThat(files("docker/types", "tag/v1"))
        .singleElement()
        .satisfies(file -> assertThat(file.packing()).isEqualTo(Packing.TAR_GZIP));
    assertThat(pull("docker/types", "tag/v1")).containsOnlyKeys("model.onnx");
  }

  @Test
  void readsLayersPackedWithZstandard() throws IOException {
    // Content of its own: skopeo takes a layer that it knows from elsewhere as it is there.
    Skopeo.copy(image("zstd"), docker("zstd/types:v1"), "--dest-compress-format", "zstd");

    assertThat(files("zstd/types", "tag/v1"))
        .singleElement()
        .satisfies(file -> assertThat(file.packing()).isEqualTo(Packing.TAR_ZSTD));
    try (Held held = store("zstd/types", "tag/v1")) {
      assertThat(held.directory().resolve("model.onnx")).hasContent("zstd");
    }
  }

  @Test
  void storesAnImageWithItsLaterLayersOnTop() throws IOException {
    byte[] below =
        OciLayout.tar(
            Map.of("models/model.onnx", "old", "models/gone.txt", "gone", "etc/passwd", "root"));
    byte[] above = OciLayout.tar(Map.of("models/model.onnx", "new", "models/.wh.gone.txt", ""));
    OciLayout layout = new OciLayout(directory.resolve("layout"));
    layout.top(
        layout.manifest(
            "",
            IMAGE_CONFIG,
            OciLayout.imageConfig(List.of(below, above)),
            List.of(Layer.of(IMAGE_LAYER, below), Layer.of(IMAGE_LAYER, above))));
    Skopeo.copy(layout.reference(), docker("image/layers:v1"));

    try (Held held = store("image/layers", "tag/v1")) {
      assertThat(held.artifact().files())
          .singleElement()
          .satisfies(file -> assertThat(file.path()).isEqualTo("model.onnx"));
      assertThat(held.directory().resolve("model.onnx")).hasContent("new");
    }
  }

  private Held store(String repository, String pointer) {
    ArtifactStore store = ArtifactStore.open(directory.resolve("store"), StoreConfig.defaults());
    try (Source source = open(repository)) {
      Revision revision = source.resolve(Pointer.parse(pointer), null);
      return store.fetch(source, revision, Verification.NONE, Progress.NONE);
    }
  }

  private String image(String content) {
    byte[] models = OciLayout.tar(Map.of("models/model.onnx", content));
    OciLayout layout = new OciLayout(directory.resolve("layout"));
    layout.top(
        layout.manifest(
            "",
            IMAGE_CONFIG,
            OciLayout.imageConfig(List.of(models)),
            List.of(Layer.of(IMAGE_LAYER, models))));
    return layout.reference();
  }

  @Test
  void readsModelPackOfBothGenerationsWithoutDataSets() {
    for (String generation : List.of("cncf", "cnai")) {
      String type = "application/vnd." + generation + ".model.";
      String annotation = "org." + generation + ".model.filepath";
      OciLayout layout = new OciLayout(directory.resolve(generation));
      layout.top(
          layout.manifest(
              type + "manifest.v1+json",
              type + "config.v1+json",
              "{}",
              List.of(
                  Layer.named(type + "weight.v1.raw", annotation, "model.onnx", "weights"),
                  Layer.named(type + "weight.config.v1.raw", annotation, "a/b.json", "{}"),
                  Layer.of(type + "code.v1.tar", OciLayout.tar(Map.of("code/x.py", "pass"))),
                  Layer.named(type + "dataset.v1.raw", annotation, "train.csv", "1,2"))));
      Skopeo.copy(layout.reference(), docker("pack/" + generation + ":v1"));

      Map<String, byte[]> pulled = pull("pack/" + generation, "tag/v1");

      assertThat(pulled).containsOnlyKeys("model.onnx", "a/b.json", "code/x.py");
      assertThat(text(pulled, "model.onnx")).isEqualTo("weights");
      assertThat(files("pack/" + generation + "?datasets=true", "tag/v1")).hasSize(4);
    }
  }

  @Test
  void readsModelKits() {
    String type = "application/vnd.kitops.modelkit.";
    OciLayout layout = new OciLayout(directory.resolve("kit"));
    layout.top(
        layout.manifest(
            "",
            type + "config.v1+json",
            "{\"manifestVersion\":\"1.0.0\"}",
            List.of(
                Layer.of(
                    type + "model.v1.tar+gzip",
                    OciLayout.gzip(OciLayout.tar(Map.of("model.onnx", "weights")))),
                Layer.of(type + "docs.v1.tar", OciLayout.tar(Map.of("README.md", "read"))))));
    Skopeo.copy(layout.reference(), docker("kit/ops:v1"));

    assertThat(pull("kit/ops", "tag/v1")).containsOnlyKeys("model.onnx", "README.md");
  }

  @Test
  void choosesTheModelOfAnIndex() {
    String type = "application/vnd.cncf.model.";
    OciLayout layout = new OciLayout(directory.resolve("index"));
    byte[] tar = OciLayout.tar(Map.of("models/model.onnx", "image"));
    var image =
        layout.manifest(
            "",
            IMAGE_CONFIG,
            OciLayout.imageConfig(List.of(tar)),
            List.of(Layer.of(IMAGE_LAYER, tar)));
    image.putObject("platform").put("os", "linux").put("architecture", "s390x");
    var model =
        layout.manifest(
            type + "manifest.v1+json",
            type + "config.v1+json",
            "{}",
            List.of(Layer.named(type + "weight.v1.raw", Layers.FILE_PATH, "m.onnx", "model")));
    layout.top(layout.index(List.of(image, model)));
    Skopeo.copy(layout.reference(), docker("several/models:v1"), "--all");

    assertThat(pull("several/models", "tag/v1")).containsOnlyKeys("m.onnx");
  }

  @Test
  void saysWhatDoesNotExist() {
    try (Source source = open("no/such")) {
      assertThatThrownBy(() -> source.resolve(Pointer.LATEST, null))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND))
          .hasMessageContaining("no/such/manifests/latest");
    }
  }

  @Test
  void refusesPointersThatARegistryDoesNotHave() {
    try (Source source = open("no/such")) {
      assertThatThrownBy(() -> source.resolve(Pointer.parse("alias/champion"), null))
          .hasMessage(
              "pointer alias/champion of an oci source (expected: latest, tag/NAME,"
                  + " version/NUMBER, or digest/sha256:…)");
      assertThatThrownBy(() -> push("no/such", directory, "alias/champion"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("tag/NAME");
    }
  }

  private SourceUri uri(String repository) {
    return SourceUri.parse("oci://" + registry.authority() + "/" + repository);
  }

  private Source open(String repository) {
    return Sources.load(getClass().getClassLoader())
        .open(uri(repository), SourceSettings.defaults());
  }

  private Published push(String repository, Path version, String... pointers) {
    List<Pointer> parsed = Arrays.stream(pointers).map(Pointer::parse).toList();
    return publish(repository, version, new PublishRequest(0, parsed, false));
  }

  private Published publish(String repository, Path version, PublishRequest request) {
    try (Publisher publisher =
        Sources.load(getClass().getClassLoader())
            .publisher(uri(repository), SourceSettings.defaults())) {
      return publisher.publish(version, request, Progress.NONE);
    }
  }

  private List<RemoteFile> files(String repository, String pointer) {
    try (Source source = open(repository)) {
      return source.files(source.resolve(Pointer.parse(pointer), null));
    }
  }

  private Map<String, byte[]> pull(String repository, String pointer) {
    try (Source source = open(repository)) {
      return Pulled.all(source, Pointer.parse(pointer));
    }
  }

  private static String docker(String image) {
    return "docker://" + registry.authority() + "/" + image;
  }

  /** Writes a version of three files, one of them hidden. */
  private Path version(String name) throws IOException {
    Path version = directory.resolve(name);
    Files.createDirectories(version.resolve("labels"));
    Files.writeString(version.resolve("model.onnx"), "weights " + name);
    Files.writeString(version.resolve("labels/de.txt"), "ja\nnein\n");
    Files.writeString(version.resolve(".hidden"), "not published");
    return version;
  }

  private static Map<String, byte[]> contents(Path version) throws IOException {
    return Pulled.contents(version);
  }

  private static RemoteFile file(List<RemoteFile> files, String path) {
    return files.stream().filter(file -> file.path().equals(path)).findFirst().orElseThrow();
  }

  private static String text(Map<String, byte[]> files, String path) {
    byte[] content = files.get(path);
    assertThat(content).isNotNull();
    return new String(content == null ? new byte[0] : content, StandardCharsets.UTF_8);
  }
}
