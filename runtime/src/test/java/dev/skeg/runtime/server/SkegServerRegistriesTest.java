package dev.skeg.runtime.server;

import static dev.skeg.runtime.server.SourcedServer.publish;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.registry.Published;
import dev.skeg.registry.hf.HubServer;
import dev.skeg.registry.hf.HubServer.HubFile;
import dev.skeg.registry.mlflow.MlflowServer;
import dev.skeg.registry.signature.ModelSigner;
import dev.skeg.registry.testing.Exchange;
import dev.skeg.registry.testing.Fault;
import dev.skeg.registry.testing.FaultyServer;
import dev.skeg.registry.testing.Forwarder;
import dev.skeg.registry.testing.Objects;
import dev.skeg.runtime.testing.OnnxModels;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole server with what {@code models:} can say of a source, from the pointer to the answer.
 */
@Timeout(180)
final class SkegServerRegistriesTest {
  @TempDir Path directory;

  private static Map<String, String> source(String uri, String pointer) {
    Map<String, String> keys = new HashMap<>();
    keys.put("models.m.source", uri);
    keys.put("models.m.pointer", pointer);
    keys.put("models.m.poll-interval", "100ms");
    return keys;
  }

  private SourcedServer start(Map<String, String> keys) throws InterruptedException {
    return SourcedServer.start(directory.resolve("data"), keys);
  }

  @Test
  void anAliasOfMlflowIsFollowed() throws Exception {
    try (MlflowServer mlflow = new MlflowServer()) {
      String uri = "mlflow+http://" + mlflow.authority() + "/m";
      publish(directory, uri, 0, OnnxModels.adding(1), "alias/champion");
      try (SourcedServer server = start(source(uri, "alias/champion"))) {
        assertThat(server.answering()).isEqualTo(1);

        Published two = publish(directory, uri, 0, OnnxModels.adding(2), "alias/champion");

        server.awaitAnswer(2);
        assertThat(server.version(2).path("digest").asText()).isEqualTo(two.digest());
      }
    }
  }

  @Test
  void mlflowIsToldWhichVersionServesAgainAndAgainUntilItListens() throws Exception {
    try (MlflowServer mlflow = new MlflowServer();
        FaultyServer proxy =
            FaultyServer.start(new Forwarder(URI.create("http://" + mlflow.authority())))) {
      String uri = "mlflow+http://" + mlflow.authority() + "/m";
      publish(directory, uri, 0, OnnxModels.adding(1), "alias/champion");
      Map<String, String> keys =
          source("mlflow+http://" + proxy.authority() + "/m", "alias/champion");
      keys.put("models.m.write-back", "true");
      proxy
          .onlyFor(request -> request.path().contains("set-tag"))
          .then(Fault.status(403), Fault.status(403));
      try (SourcedServer server = start(keys)) {
        server.await(() -> mlflow.tag("m", 1, "serving.state").equals("stable"), "the tag of 1");
        assertThat(proxy.isScriptDone()).isTrue();
        publish(directory, uri, 0, OnnxModels.adding(2), "alias/champion");
        server.awaitAnswer(2);
        server.await(() -> mlflow.tag("m", 2, "serving.state").equals("stable"), "the tag of 2");
        server.await(() -> mlflow.tag("m", 1, "serving.state").isEmpty(), "1 to lose its tag");

        var back = server.post("admin", "/v1/models/m/versions/1:load", "");
        assertThat(back.statusCode()).as(back.body()).isEqualTo(200);
        server.await(() -> mlflow.tag("m", 2, "serving.state").isEmpty(), "2 to lose its tag");
        assertThat(mlflow.tag("m", 1, "serving.state")).isEqualTo("stable");
      }
    }
  }

  @Test
  void aBranchOfTheHubIsFollowedByItsCommits() throws Exception {
    try (HubServer hub = new HubServer()) {
      hub.commit("acme/m", "main", Map.of("model.onnx", HubFile.lfs(OnnxModels.adding(1))));
      Map<String, String> keys = source("hf://acme/m", "branch/main");
      keys.put("models.m.endpoint", hub.uri().toString());
      try (SourcedServer server = start(keys)) {
        assertThat(server.answering()).isEqualTo(1);

        String commit =
            hub.commit("acme/m", "main", Map.of("model.onnx", HubFile.lfs(OnnxModels.adding(2))));

        server.awaitAnswer(2);
        server.await(
            () -> server.model().path("source").path("revision").asText().equals(commit),
            "the commit to be told");
      }
    }
  }

  @Test
  void whatIsNotSignedAsItMustBeIsRefusedAndTheOldVersionGoesOn() throws Exception {
    KeyPair ours = ModelSigner.pair("secp256r1");
    String uri = "file://" + directory.resolve("registry");
    Map<String, String> keys = source(uri, "alias/prod");
    keys.put("models.m.signature.required", "true");
    keys.put(
        "models.m.signature.key-file",
        Files.writeString(directory.resolve("key.pem"), ModelSigner.pem(ours)).toString());
    publish(version(1, ours), uri, 1, List.of("alias/prod"));
    try (SourcedServer server = start(keys)) {
      assertThat(server.answering()).isEqualTo(1);

      publish(version(2, ModelSigner.pair("secp256r1")), uri, 2, List.of("alias/prod"));
      awaitRefusal(server, 2, "expected key");
      publish(directory, uri, 3, "alias/prod");
      awaitRefusal(server, 3, "is not signed");

      publish(version(4, ours), uri, 4, List.of("alias/prod"));
      server.awaitAnswer(4);
      server.await(
          () -> server.model().path("source").path("problem").asText().isEmpty(),
          "the problem to be over");
    }
  }

  private Path version(int number, KeyPair signer) throws Exception {
    Path version = Files.createDirectory(directory.resolve("signed-" + number));
    Files.write(version.resolve("model.onnx"), OnnxModels.adding(number));
    ModelSigner.sign(version, signer);
    return version;
  }

  /** The reason is in the index and on the admin port, and version 1 answers. */
  private static void awaitRefusal(SourcedServer server, int number, String reason) {
    server.await(() -> server.index().getOrDefault("m/" + number, "").contains(reason), reason);
    assertThat(server.index().get("m/" + number)).startsWith("UNAVAILABLE");
    assertThat(server.version(number).path("reason").asText()).contains(reason);
    assertThat(server.model().path("source").path("problem").asText()).contains(reason);
    assertThat(server.answering()).isEqualTo(1);
  }

  @Test
  void everyRequestToARegistryGoesThroughItsProxy() throws Exception {
    String host = "http://models.example.invalid";
    Objects objects = new Objects();
    Exchange.Handler proxied =
        request ->
            objects.handle(
                new Exchange.Request(
                    request.method(),
                    request.path().substring(host.length()),
                    request.headers(),
                    request.body()));
    try (FaultyServer origin = FaultyServer.start(objects);
        FaultyServer proxy = FaultyServer.start(proxied)) {
      publish(directory, origin.uri("/m").toString(), 1, "alias/prod");
      Map<String, String> keys = source(host + "/m", "alias/prod");
      keys.put("models.m.network.proxy", proxy.authority());
      try (SourcedServer server = start(keys)) {
        assertThat(server.answering()).isEqualTo(1);

        publish(directory, origin.uri("/m").toString(), 2, "alias/prod");

        server.awaitAnswer(2);
        assertThat(proxy.requests()).allMatch(request -> request.path().startsWith(host + "/m/"));
      }
    }
  }

  @Test
  void theBudgetOfTheStoreEvictsWhatIsNeitherLoadedNorKept() throws Exception {
    String uri = "file://" + directory.resolve("registry");
    Map<String, String> keys = source(uri, "alias/prod");
    keys.put("store.max-size", "1MiB");
    Map<Integer, String> digests = new HashMap<>();
    digests.put(1, publish(large(1, 75_000), uri, 1, List.of("alias/prod")).digest());
    try (SourcedServer server = start(keys)) {
      for (int number = 2; number <= 5; number++) {
        digests.put(
            number, publish(large(number, 75_000), uri, number, List.of("alias/prod")).digest());
        server.awaitAnswer(number);
        assertThat(stored()).contains(digests.get(number), digests.get(number - 1));
        assertThat(storedBytes()).isLessThanOrEqualTo(1 << 20);
      }
      assertThat(stored()).doesNotContain(digests.get(1), digests.get(2));
      assertThat(server.index().get("m/4")).startsWith("READY kept for going back");

      publish(large(6, 150_000), uri, 6, List.of("alias/prod"));
      server.await(
          () -> server.model().path("source").path("problem").asText().contains("has no room"),
          "the budget to be too small");
      assertThat(server.answering()).isEqualTo(5);
      assertThat(stored()).contains(digests.get(4), digests.get(5));
    }
  }

  /** Writes a version that keeps one previous version loaded. */
  private Path large(int number, int floats) throws IOException {
    Path version = Files.createDirectory(directory.resolve("large-" + number));
    Files.write(version.resolve("model.onnx"), OnnxModels.adding(number, floats));
    Files.writeString(version.resolve("model.yaml"), "versions: {keep-previous: 1}\n");
    return version;
  }

  private Set<String> stored() throws IOException {
    Set<String> digests = new TreeSet<>();
    Path versions = directory.resolve("data/store/versions");
    try (var children = Files.newDirectoryStream(versions, Files::isDirectory)) {
      children.forEach(version -> digests.add("sha256:" + version.getFileName()));
    }
    return digests;
  }

  private long storedBytes() throws IOException {
    long bytes = 0;
    try (var files = Files.walk(directory.resolve("data/store/files"))) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        bytes += Files.size(file);
      }
    }
    return bytes;
  }
}
