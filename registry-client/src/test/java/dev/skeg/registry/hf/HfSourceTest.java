package dev.skeg.registry.hf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.registry.Digests;
import dev.skeg.registry.Pointer;
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
import dev.skeg.registry.hf.HubServer.HubFile;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The {@code hf:} source against a server that answers as the Hub does. */
@Timeout(120)
final class HfSourceTest {
  private static final byte[] WEIGHTS = "large weights".getBytes(StandardCharsets.UTF_8);
  private static final Map<String, HubFile> FILES =
      Map.of(
          "model.onnx", HubFile.lfs(WEIGHTS),
          "config.json", HubFile.plain("{}"),
          "onnx/a b+c.txt", HubFile.plain("spaced"),
          ".gitattributes", HubFile.plain("*.onnx filter=lfs"));

  private final HubServer hub = new HubServer();

  @AfterEach
  void close() {
    hub.close();
  }

  @Test
  void resolvesABranchToACommitAndReadsEveryFileAtIt() {
    String commit = hub.commit("Acme/Fraud", "main", FILES);
    try (Source source = open("Acme/Fraud")) {
      Revision revision = source.resolve(Pointer.LATEST, null);
      hub.commit("Acme/Fraud", "main", Map.of("model.onnx", HubFile.plain("newer")));

      assertThat(revision.revision()).isEqualTo(commit);
      assertThat(read(source, revision))
          .containsOnly(
              Map.entry("model.onnx", "large weights"),
              Map.entry("config.json", "{}"),
              Map.entry("onnx/a b+c.txt", "spaced"));
      assertThat(hub.requests())
          .filteredOn(request -> request.contains("/resolve/"))
          .allMatch(request -> request.contains("/resolve/" + commit + "/"));
    }
  }

  @Test
  void answersTheSameRevisionUntilTheBranchMoves() {
    hub.commit("acme/fraud", "feature/x", FILES);
    Pointer branch = Pointer.parse("branch/feature/x");
    try (Source source = open("acme/fraud")) {
      Revision first = source.resolve(branch, null);
      assertThat(source.resolve(branch, first)).isSameAs(first);

      String second = hub.commit("acme/fraud", "feature/x", Map.of("m.onnx", HubFile.plain("2")));

      assertThat(source.resolve(branch, first).revision()).isEqualTo(second);
      int requests = hub.requests().size();
      assertThat(source.resolve(Pointer.parse("revision/" + first.revision()), first))
          .isSameAs(first);
      assertThat(hub.requests()).as("a commit is asked for once").hasSize(requests);
    }
  }

  @Test
  void knowsTheSha256OfLargeFilesAndGoesOnWhereTheirDownloadBrokeOff() throws IOException {
    hub.commit("acme/fraud", "main", FILES);
    hub.makePrivate("acme/fraud");
    try (Source source = open("acme/fraud", HubServer.TOKEN)) {
      Revision revision = source.resolve(Pointer.LATEST, null);
      RemoteFile file = file(source, revision, "model.onnx");

      assertThat(file.sha256()).isEqualTo(Digests.sha256Hex(WEIGHTS));
      // The store behind the redirect refuses any request that carries the token.
      try (Transfer transfer = source.open(revision, file, 6)) {
        assertThat(transfer.offset()).isEqualTo(6);
        assertThat(transfer.in()).hasContent("weights");
      }
    }
  }

  @Test
  void verifiesSmallFilesByTheIdThatGitKnowsThemBy() throws IOException {
    hub.commit("acme/fraud", "main", FILES);
    try (Source source = open("acme/fraud")) {
      Revision revision = source.resolve(Pointer.LATEST, null);
      RemoteFile file = file(source, revision, "config.json");

      assertThat(file.sha256()).isEmpty();
      try (Transfer transfer = source.open(revision, file, 1)) {
        assertThat(transfer.offset()).as("always whole").isZero();
        assertThat(transfer.in()).hasContent("{}");
      }
    }
    byte[] wrong = "{-".getBytes(StandardCharsets.UTF_8);
    String id = HubFile.plain("{}").blobId();
    assertThatThrownBy(() ->
            new GitBlobStream(new ByteArrayInputStream(wrong), "config.json", id, 2).readAllBytes())
        .isInstanceOfSatisfying(
            RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TRANSIENT))
        .hasMessageStartingWith("config.json is corrupt");
  }

  @Test
  void takesOneDirectoryAndChosenFilesOnly() {
    hub.commit("acme/fraud", "main", FILES);

    try (Source source = open("acme/fraud?path=onnx")) {
      assertThat(read(source, source.resolve(Pointer.LATEST, null)))
          .containsOnly(Map.entry("a b+c.txt", "spaced"));
    }
    try (Source source = open("acme/fraud?include=*.onnx,conf?g.json")) {
      assertThat(read(source, source.resolve(Pointer.LATEST, null)))
          .containsOnlyKeys("model.onnx", "config.json");
    }
    try (Source source = open("acme/fraud?include=*.bin")) {
      Revision revision = source.resolve(Pointer.LATEST, null);
      assertThatThrownBy(() -> source.files(revision))
          .hasMessageContaining("options path and include say which");
    }
  }

  @Test
  void saysWhatTheHubSays() {
    hub.commit("acme/fraud", "main", FILES);
    hub.commit("acme/private", "main", FILES);
    hub.makePrivate("acme/private");

    assertFailure("acme/none", "", "latest", Kind.DENIED, "RepoNotFound", "private, a token");
    assertFailure("acme/private", "", "latest", Kind.DENIED, "RepoNotFound", "private, a token");
    assertFailure(
        "acme/none", HubServer.TOKEN, "latest", Kind.NOT_FOUND, "RepoNotFound", "may read");
    assertFailure(
        "acme/fraud", "", "branch/none", Kind.NOT_FOUND, "RevisionNotFound", "branch, tag");
    assertFailure("acme/fraud", "hf_wrong", "latest", Kind.DENIED, "401", "Invalid credentials");
  }

  @Test
  void saysThatARepositoryIsGatedWhenAFileIsAskedFor() {
    hub.commit("acme/gated", "main", FILES);
    hub.makeGated("acme/gated");

    try (Source source = open("acme/gated", HubServer.TOKEN)) {
      Revision revision = source.resolve(Pointer.LATEST, null);
      RemoteFile file = file(source, revision, "model.onnx");
      assertThatThrownBy(() -> source.open(revision, file, 0))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.DENIED))
          .hasMessageContaining("GatedRepo")
          .message()
          .doesNotContain(HubServer.TOKEN);
    }
    try (Source source = open("acme/gated", HubServer.GRANTED_TOKEN)) {
      assertThat(read(source, source.resolve(Pointer.LATEST, null))).hasSize(3);
    }
  }

  @Test
  void refusesPointersAndUrisThatTheHubDoesNotHave() {
    try (Source source = open("acme/fraud")) {
      assertThatThrownBy(() -> source.resolve(Pointer.version(1), null))
          .hasMessageContaining("pointer version/1 of an hf source");
    }
    assertThatThrownBy(() -> open("acme/fraud/main"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("hf://ORGANISATION/REPOSITORY");
    assertThatThrownBy(() -> open("acme/fraud?branch=main"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("option branch");
    assertThatThrownBy(() ->
            Sources.load(getClass().getClassLoader())
                .publisher(SourceUri.parse("hf://a/b"), SourceSettings.defaults()))
        .hasMessageContaining("cannot be published to");
  }

  private void assertFailure(
      String repository, String token, String pointer, Kind kind, String... messages) {
    try (Source source = open(repository, token)) {
      assertThatThrownBy(() -> source.resolve(Pointer.parse(pointer), null))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.kind()).isEqualTo(kind))
          .message()
          .contains(messages)
          .doesNotContain("hf_");
    }
  }

  private Source open(String repository) {
    return open(repository, "");
  }

  private Source open(String repository, String token) {
    SourceSettings settings =
        SourceSettings.defaults().withOptions(Map.of("endpoint", hub.uri().toString()));
    if (!token.isEmpty()) {
      settings = settings.withCredentials(Map.of("token", Secret.of(token)));
    }
    return Sources.load(getClass().getClassLoader())
        .open(SourceUri.parse("hf://" + repository), settings);
  }

  private static RemoteFile file(Source source, Revision revision, String path) {
    return source.files(revision).stream()
        .filter(file -> file.path().equals(path))
        .findFirst()
        .orElseThrow();
  }

  private static Map<String, String> read(Source source, Revision revision) {
    Map<String, String> files = new TreeMap<>();
    for (RemoteFile file : source.files(revision)) {
      try (Transfer transfer = source.open(revision, file, 0)) {
        byte[] bytes = transfer.in().readAllBytes();
        assertThat(bytes).hasSize((int) file.sizeBytes());
        files.put(file.path(), new String(bytes, StandardCharsets.UTF_8));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return files;
  }
}
