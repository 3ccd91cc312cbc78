package dev.skeg.registry.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.registry.Artifact;
import dev.skeg.registry.Digests;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.Progress;
import dev.skeg.registry.PublishRequest;
import dev.skeg.registry.Published;
import dev.skeg.registry.Publisher;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.RemoteFile;
import dev.skeg.registry.Revision;
import dev.skeg.registry.Secret;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.Sources;
import dev.skeg.registry.Transfer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.mlflow.api.proto.ModelRegistry.ModelVersionStatus;

/** The {@code mlflow:} source against a server that is held to the protocol. */
@Timeout(120)
final class MlflowSourceTest {
  private static final String ROOT = "1/ab/artifacts/model";

  @TempDir Path directory;
  private final MlflowServer server = new MlflowServer();

  @AfterEach
  void close() {
    server.close();
  }

  @Test
  void resolvesAliasVersionAndTheHighestReadyVersion() {
    log("model.onnx", "weights");
    for (int i = 0; i < 120; i++) {
      version();
    }
    server.models().nextStatus(ModelVersionStatus.PENDING_REGISTRATION);
    for (int i = 0; i < 60; i++) {
      version();
    }
    server.models().alias("fraud", "champion", 7);

    try (Source source = open()) {
      assertThat(source.resolve(Pointer.parse("alias/champion"), null).number()).isEqualTo(7);
      assertThat(source.resolve(Pointer.version(3), null).number()).isEqualTo(3);
      // The first page of 50 holds none that is ready.
      assertThat(source.resolve(Pointer.LATEST, null).number()).isEqualTo(120);
      assertThatThrownBy(() -> source.resolve(Pointer.version(121), null))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TRANSIENT))
          .hasMessage("model fraud version 121 is PENDING_REGISTRATION (expected: READY)");
    }
  }

  @Test
  void fetchesEveryFileOfEveryDirectoryWhetherLongsAreNumbersOrStrings() {
    Map<String, String> files =
        Map.of("model.onnx", "weights", "a/b/c d+e%20.txt", "deep", "MLmodel", "flavors: {}");
    files.forEach(this::log);
    log(".hidden", "not content");
    version();

    for (boolean strings : List.of(false, true)) {
      server.longsAreStrings(strings);
      assertThat(pull(Pointer.LATEST)).containsExactlyInAnyOrderEntriesOf(files);
    }
  }

  @Test
  void readsFromTheStoreByPresignedUrlsWithoutCredentialsAndGoesOnThere() throws IOException {
    log("model.onnx", "weights");
    version();
    server.presigned(MlflowServer.Presigned.ENABLED);
    server.requireAuthorization("Bearer secret-token");

    try (Source source = open(credentials(Map.of("token", Secret.of("secret-token"))))) {
      Revision revision = source.resolve(Pointer.LATEST, null);
      RemoteFile file = source.files(revision).getFirst();
      try (Transfer transfer = source.open(revision, file, 3)) {
        assertThat(transfer.offset()).isEqualTo(3);
        assertThat(transfer.totalBytes()).isEqualTo(7);
        assertThat(transfer.in()).hasContent("ghts");
      }
    }
    assertThat(server.requests())
        .anyMatch(request -> request.startsWith("STORE GET"))
        .noneMatch(request -> request.contains("mlflow-artifacts/artifacts/"));
  }

  @Test
  void fallsBackToTheProxyOnceWhenTheServerMakesNoPresignedUrls() throws IOException {
    log("model.onnx", "weights");
    log("other.txt", "other");
    version();
    for (MlflowServer.Presigned mode :
        List.of(MlflowServer.Presigned.NOT_IMPLEMENTED, MlflowServer.Presigned.ABSENT)) {
      server.presigned(mode);
      server.requests().clear();

      assertThat(pull(Pointer.LATEST)).containsEntry("model.onnx", "weights").hasSize(2);

      assertThat(server.requests())
          .filteredOn(request -> request.contains("/presigned/"))
          .hasSize(1);
    }
  }

  @Test
  void beginsAgainWhereTheProxyCannotGoOn() throws IOException {
    log("model.onnx", "weights");
    version();
    try (Source source = open()) {
      Revision revision = source.resolve(Pointer.LATEST, null);

      try (Transfer transfer = source.open(revision, source.files(revision).getFirst(), 3)) {
        assertThat(transfer.offset()).isZero();
        assertThat(transfer.in()).hasContent("weights");
      }
    }
  }

  @Test
  void followsLoggedModelsWhetherTheServerResolvesThemOrNot() {
    log("model.onnx", "weights");
    server.loggedModel("m-0123", "mlflow-artifacts:/" + ROOT);
    server.models().add("fraud", "models:/m-0123");

    for (boolean resolves : List.of(true, false)) {
      server.loggedModelsResolve(resolves);
      assertThat(pull(Pointer.LATEST)).containsOnlyKeys("model.onnx");
    }
  }

  @Test
  void answersTheSameRevisionUntilFilesOrAliasChange() {
    log("model.onnx", "weights");
    int version = version();
    server.models().alias("fraud", "champion", version);
    Pointer champion = Pointer.parse("alias/champion");
    try (Source source = open()) {
      Revision first = source.resolve(champion, null);
      assertThat(source.resolve(champion, first)).isSameAs(first);

      log("labels.txt", "ja");

      assertThatThrownBy(() -> source.files(first))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TRANSIENT))
          .hasMessageContaining("have changed since it was resolved");
      Revision changed = source.resolve(champion, first);
      assertThat(changed.number()).isEqualTo(first.number());
      assertThat(changed.revision()).isNotEqualTo(first.revision());
      server.models().alias("fraud", "champion", version());
      assertThat(source.resolve(champion, changed).number()).isEqualTo(version + 1);
    }
  }

  @Test
  void publishesFilesThenTheVersionThenAliasesAndVerifiesWhatItReadsBack() throws IOException {
    Path model = directory.resolve("model");
    Files.createDirectories(model.resolve("labels"));
    Files.writeString(model.resolve("model.onnx"), "weights");
    Files.writeString(model.resolve("labels/de.txt"), "ja\n");

    Published published = publish(model, 0, "alias/champion");

    assertThat(published.number()).isEqualTo(1);
    assertThat(published.digest()).isEqualTo(Artifact.of(model).digest());
    assertThat(server.models().tag("fraud", 1, "skeg.digest")).isEqualTo(published.digest());
    try (Source source = open()) {
      Revision revision = source.resolve(Pointer.parse("alias/champion"), null);
      assertThat(revision.revision()).isEqualTo(published.revision());
      assertThat(source.files(revision))
          .extracting(RemoteFile::sha256)
          .containsExactly(hash("ja\n"), hash("weights"));
    }
    int uploads = uploads();
    assertThat(publish(model, 2).number()).isEqualTo(2);
    assertThat(uploads()).as("the files are there already").isEqualTo(uploads);
  }

  @Test
  void refusesNumbersThatMlflowWouldNotGiveAndReservedAliases() throws IOException {
    Files.writeString(directory.resolve("model.onnx"), "weights");

    assertThatThrownBy(() -> publish(directory, 5))
        .isInstanceOfSatisfying(
            RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CONFLICT))
        .hasMessageContaining("MLflow gives it 1");
    for (String pointer : List.of("alias/Latest", "alias/v1", "tag/prod")) {
      assertThatThrownBy(() -> publish(directory, 0, pointer))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(pointer);
    }
  }

  @Test
  void writesServingStateAndAliasesBack() {
    log("model.onnx", "weights");
    int version = version();
    try (MlflowWriter writer = MlflowWriter.open(uri(), SourceSettings.defaults());
        Source source = open()) {
      writer.setTag(version, MlflowWriter.SERVING_STATE, "canary:10");
      writer.setAlias("champion", version);

      assertThat(server.models().tag("fraud", version, "serving.state")).isEqualTo("canary:10");
      assertThat(source.resolve(Pointer.parse("alias/champion"), null).properties())
          .containsEntry("serving.state", "canary:10");

      writer.deleteTag(version, MlflowWriter.SERVING_STATE);
      writer.deleteAlias("champion");
      assertThat(server.models().tag("fraud", version, "serving.state")).isEmpty();
      assertThatThrownBy(() -> source.resolve(Pointer.parse("alias/champion"), null))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND));
      assertThatThrownBy(() -> writer.setTag(99, "a", "b"))
          .hasMessageContaining("RESOURCE_DOES_NOT_EXIST")
          .hasMessageContaining("version=99");
    }
  }

  @Test
  void sendsBasicOrBearerAndNeverShowsThem() {
    log("model.onnx", "weights");
    version();
    server.requireAuthorization("Basic dXNlcjpzZWNyZXQ=");

    try (Source source =
        open(credentials(Map.of("username", Secret.of("user"), "password", Secret.of("secret"))))) {
      assertThat(source.resolve(Pointer.LATEST, null).number()).isEqualTo(1);
    }
    try (Source source = open(credentials(Map.of("token", Secret.of("wrong-secret"))))) {
      assertThatThrownBy(() -> source.resolve(Pointer.LATEST, null))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.DENIED))
          .message()
          .contains("answered 401")
          .doesNotContain("wrong-secret");
    }
  }

  @Test
  void saysWhatIsMissingAndWhatIsElsewhere() {
    try (Source source = open()) {
      assertThatThrownBy(() -> source.resolve(Pointer.LATEST, null))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND))
          .hasMessage("model fraud has no version (expected: one that is READY)");
      for (String elsewhere :
          List.of("s3://bucket/model", "mlflow-artifacts://other.example:5000/1/a", "file:///a")) {
        int version = server.models().add("fraud", elsewhere);
        assertThatThrownBy(() -> source.resolve(Pointer.version(version), null))
            .hasMessageContaining("is at " + elsewhere)
            .hasMessageContaining("--serve-artifacts");
      }
    }
  }

  @Test
  void refusesFilesThatTheListOfDigestsDoesNotKnow() throws IOException {
    Path model = Files.createDirectories(directory.resolve("model"));
    Files.writeString(model.resolve("model.onnx"), "weights");
    Published published = publish(model, 0);
    String stored = "skeg/fraud/" + published.digest().substring("sha256:".length());
    server.artifacts().put(stored + "/extra.py", new byte[] {1});

    try (Source source = open()) {
      assertThatThrownBy(() -> source.resolve(Pointer.LATEST, null))
          .isInstanceOf(RegistryException.class)
          .hasMessageContaining("extra.py is not in .sha256sums");
    }
  }

  @Test
  void speaksTlsUnlessToldOtherwise() {
    assertThat(base("mlflow://mlflow.example.org/fraud"))
        .isEqualTo("https://mlflow.example.org/api/2.0/");
    assertThat(base("mlflow://mlflow.example.org:5000/some/where/fraud"))
        .isEqualTo("https://mlflow.example.org:5000/some/where/api/2.0/");
    assertThat(base("mlflow+http://127.0.0.1:5000/fraud"))
        .isEqualTo("http://127.0.0.1:5000/api/2.0/");
    assertThat(base("mlflow://127.0.0.1:5000/fraud?insecure=true"))
        .isEqualTo("http://127.0.0.1:5000/api/2.0/");
    assertThatThrownBy(() -> base("mlflow://mlflow.example.org"))
        .hasMessageContaining("mlflow://HOST[:PORT]/MODEL");
  }

  private static String base(String uri) {
    try (MlflowApi api = new MlflowApi(SourceUri.parse(uri), SourceSettings.defaults())) {
      return api.uri("").toString();
    }
  }

  private void log(String path, String content) {
    server.artifacts().put(ROOT + "/" + path, content.getBytes(StandardCharsets.UTF_8));
  }

  private int version() {
    return server.models().add("fraud", "mlflow-artifacts:/" + ROOT);
  }

  private int uploads() {
    return (int) server.requests().stream().filter(each -> each.startsWith("PUT ")).count();
  }

  private SourceUri uri() {
    return SourceUri.parse("mlflow+http://" + server.authority() + "/fraud");
  }

  private static SourceSettings credentials(Map<String, Secret> credentials) {
    return SourceSettings.defaults().withCredentials(credentials);
  }

  private Source open() {
    return open(SourceSettings.defaults());
  }

  private Source open(SourceSettings settings) {
    return Sources.load(getClass().getClassLoader()).open(uri(), settings);
  }

  private Published publish(Path version, long number, String... pointers) {
    List<Pointer> parsed = List.of(pointers).stream().map(Pointer::parse).toList();
    try (Publisher publisher =
        Sources.load(getClass().getClassLoader()).publisher(uri(), SourceSettings.defaults())) {
      return publisher.publish(version, new PublishRequest(number, parsed, false), Progress.NONE);
    }
  }

  private Map<String, String> pull(Pointer pointer) {
    Map<String, String> files = new TreeMap<>();
    try (Source source = open()) {
      Revision revision = source.resolve(pointer, null);
      for (RemoteFile file : source.files(revision)) {
        try (Transfer transfer = source.open(revision, file, 0)) {
          byte[] bytes = transfer.in().readAllBytes();
          assertThat(bytes).hasSize((int) file.sizeBytes());
          files.put(file.path(), new String(bytes, StandardCharsets.UTF_8));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
    return files;
  }

  private static String hash(String content) {
    return Digests.sha256Hex(content.getBytes(StandardCharsets.UTF_8));
  }
}
