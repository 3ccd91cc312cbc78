package dev.skeg.runtime.server;

import static dev.skeg.runtime.server.SourcedServer.publish;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.registry.Digests;
import dev.skeg.registry.Published;
import dev.skeg.registry.oci.DockerRegistry;
import dev.skeg.registry.testing.Exchange;
import dev.skeg.registry.testing.Fault;
import dev.skeg.registry.testing.FaultyServer;
import dev.skeg.registry.testing.Objects;
import dev.skeg.runtime.testing.OnnxModels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The whole server, with models that come from registries while it serves. */
@Timeout(180)
final class SkegServerSourcesTest {
  @TempDir Path directory;
  private Path data;
  private Path root;
  private String file;

  @BeforeEach
  void paths() {
    data = directory.resolve("data");
    root = directory.resolve("registry/m");
    file = "file://" + root;
  }

  /** The next look without a hint is an hour away. */
  private static Map<String, String> source(String uri, String pointer) {
    Map<String, String> keys = new HashMap<>();
    keys.put("models.m.source", uri);
    keys.put("models.m.pointer", pointer);
    keys.put("models.m.poll-interval", "1h");
    return keys;
  }

  @Test
  void aPointerOfADirectoryIsFollowedForthAndBack() throws Exception {
    publish(directory, file, 1, "alias/prod");
    try (SourcedServer server = SourcedServer.start(data, source(file, "alias/prod"))) {
      assertThat(server.answering()).isEqualTo(1);
      assertThat(server.model().path("source").path("pointer").asText()).isEqualTo("alias/prod");

      Published two = publish(directory, file, 2, "alias/prod");
      server.awaitAnswer(2);
      assertThat(server.version(2).path("digest").asText()).isEqualTo(two.digest());
      publish(directory, file, 1, "alias/prod");
      server.awaitAnswer(1);

      assertThat(server.model().path("source").path("problem").asText()).isEmpty();
    }
  }

  @Test
  void anOciTagIsFollowedOnAHintAndServedWithoutItsRegistry() throws Exception {
    Path secret = Files.writeString(directory.resolve("secret"), "hook-secret");
    Path registryDirectory = Files.createDirectories(directory.resolve("docker"));
    DockerRegistry registry = DockerRegistry.start(registryDirectory);
    String uri = "oci://" + registry.authority() + "/team/m";
    Map<String, String> keys = source(uri, "tag/prod");
    keys.put("models.m.hook.secret-file", secret.toString());
    publish(directory, uri, 1, "tag/prod");
    try (SourcedServer server = SourcedServer.start(data, keys)) {
      assertThat(server.answering()).isEqualTo(1);

      publish(directory, uri, 2, "tag/prod");
      assertThat(hint(server, "other-secret")).isEqualTo(401);
      assertThat(hint(server, "hook-secret")).isEqualTo(202);
      server.awaitAnswer(2);

      registry.close();
      assertThat(hint(server, "hook-secret")).isEqualTo(202);
      server.await(
          () -> !server.model().path("source").path("problem").asText().isEmpty(),
          "the registry to be missed");
      assertThat(server.answering()).isEqualTo(2);
    } finally {
      registry.close();
    }

    try (SourcedServer restarted = SourcedServer.start(data, keys)) {
      assertThat(restarted.answering()).isEqualTo(2);
      assertThat(restarted.index()).containsEntry("m/2", "READY ");
    }
  }

  @Test
  void aVersionThatIsKeptServesAgainWithoutItsRegistryUntilThePointerMoves() throws Exception {
    try (FaultyServer web = FaultyServer.start(new Objects())) {
      String uri = web.uri("/m").toString();
      Map<String, String> keys = source(uri, "alias/prod");
      keys.put("models.m.poll-interval", "100ms");
      publish(directory, uri, 1, "alias/prod");
      try (SourcedServer server = SourcedServer.start(data, keys)) {
        publish(directory, uri, 2, "alias/prod");
        server.awaitAnswer(2);
        web.down();

        var back = server.post("admin", "/v1/models/m/versions/1:load", "");
        assertThat(back.statusCode()).as(back.body()).isEqualTo(200);
        assertThat(server.answering()).isEqualTo(1);
        var unknown = server.post("admin", "/v1/models/m/versions/7:load", "");
        assertThat(unknown.statusCode()).isEqualTo(503);
        assertThat(unknown.body()).contains("or a version in memory: one of [1, 2]");

        server.await(() -> !problem(server).isEmpty(), "the registry to be missed");
        assertThat(server.get("metrics", "/metrics").body())
            .contains("skeg_source_failing{model=\"m\",kind=\"TRANSIENT\",} 1.0")
            .contains("skeg_source_last_success_timestamp_seconds{model=\"m\",}");
        web.up();
        server.await(() -> problem(server).isEmpty(), "the registry to be there again");
        assertThat(server.get("metrics", "/metrics").body())
            .contains("skeg_source_failing{model=\"m\",kind=\"TRANSIENT\",} 0.0");
        long before = asked(web, "/prod");
        server.await(() -> asked(web, "/prod") > before + 2, "two looks at the pointer");
        assertThat(server.answering()).isEqualTo(1);
        publish(directory, uri, 3, "alias/prod");
        server.awaitAnswer(3);
      }
    }
  }

  private static String problem(SourcedServer server) {
    return server.model().path("source").path("problem").asText();
  }

  private static int hint(SourcedServer server, String secret) {
    return server
        .post(
            "admin",
            "/v1/hooks/oci",
            """
            {"events": [{"action": "push", "target": {"repository": "team/m", "tag": "prod"}}]}\
            """,
            "Authorization",
            "Bearer " + secret)
        .statusCode();
  }

  @Test
  void aVersionThatIsCorruptIsToldOfWhileTheOldOneGoesOn() throws Exception {
    publish(directory, file, 1, "alias/prod");
    publish(directory, file, 2);
    Path model = root.resolve("2/model.onnx");
    byte[] bytes = Files.readAllBytes(model);
    bytes[bytes.length / 2] ^= 1;
    Files.write(model, bytes);
    try (SourcedServer server = SourcedServer.start(data, source(file, "alias/prod"))) {
      movePointerTo(2);

      server.await(
          () -> server.index().getOrDefault("m/2", "").contains("sha256"), "the corrupt version");

      assertThat(server.index().get("m/2")).startsWith("UNAVAILABLE").contains("model.onnx");
      assertThat(server.index()).containsEntry("m/1", "READY ");
      assertThat(server.answering()).isEqualTo(1);
      assertThat(server.model().path("source").path("problem").asText()).contains("model.onnx");
    }
  }

  @Test
  void aVersionIsWarmedByWhatTheModelHasAnsweredLately() throws Exception {
    publish(directory, file, 1, OnnxModels.gather(8), "alias/prod");
    try (SourcedServer server = SourcedServer.start(data, source(file, "alias/prod"))) {
      String body =
          """
          {"inputs": [{"name": "index", "datatype": "INT64", "shape": [1], "data": [5]}]}\
          """;
      assertThat(server.post("http", "/v2/models/m/infer", body).statusCode()).isEqualTo(200);

      publish(directory, file, 2, OnnxModels.gather(4), "alias/prod");

      server.await(() -> server.index().getOrDefault("m/2", "").startsWith("READY"), "version 2");
      assertThat(server.index().get("m/2")).contains("a recent request fails: ").contains("idx=5");
    }
  }

  private void movePointerTo(int version) throws IOException {
    Path manifest = root.resolve(version + "/_MANIFEST.json");
    String sha256 = Digests.sha256Hex(Files.readAllBytes(manifest));
    Path pointer = root.resolve("_pointers/alias/prod");
    Path next = Files.writeString(pointer.resolveSibling(".next"), version + "@sha256:" + sha256);
    Files.move(next, pointer, StandardCopyOption.ATOMIC_MOVE);
  }

  @Test
  void aVersionThatTheEngineRefusesIsInQuarantineUntilItIsForced() throws Exception {
    publish(directory, file, 1, "alias/prod");
    Map<String, String> keys = source(file, "alias/prod");
    try (SourcedServer server = SourcedServer.start(data, keys)) {
      publish(directory, file, 2, "no model".getBytes(StandardCharsets.UTF_8), "alias/prod");

      server.await(
          () -> server.index().getOrDefault("m/2", "").startsWith("UNAVAILABLE Load model"),
          "the engine to refuse");
      assertThat(server.answering()).isEqualTo(1);
    }

    try (SourcedServer restarted = SourcedServer.start(data, keys)) {
      assertThat(restarted.answering()).isEqualTo(1);
      restarted.await(
          () -> restarted.index().getOrDefault("m/2", "").contains("is in quarantine"),
          "the quarantine");

      assertThat(restarted.post("admin", "/v1/models/m/versions/2:load", "").statusCode())
          .isEqualTo(503);
      var forced = restarted.post("admin", "/v1/models/m/versions/2:load?force=true", "");
      assertThat(forced.statusCode()).isEqualTo(400);
      assertThat(forced.body()).contains("failed to load 'm'").contains("Protobuf parsing failed");
      assertThat(
              restarted.post("admin", "/v1/models/m/versions/7:load?force=true", "").statusCode())
          .isEqualTo(404);
      assertThat(restarted.answering()).isEqualTo(1);
    }
  }

  @Test
  void aRegistryThatHangsHoldsReadinessForItsTimeoutsOnly() throws Exception {
    Exchange.Handler nothing = request -> new Exchange.Answer(404, Map.of(), new byte[0]);
    try (FaultyServer silent = FaultyServer.start(nothing).then(stalls(20))) {
      Map<String, String> keys = source(silent.uri("/m").toString(), "latest");
      keys.put("models.m.network.connect-timeout", "100ms");
      keys.put("models.m.network.read-timeout", "300ms");

      try (SourcedServer server = SourcedServer.start(data, keys)) {
        assertThat(server.get("http", "/v2/health/ready").statusCode()).isEqualTo(200);
        assertThat(server.index().get("m/")).startsWith("UNAVAILABLE");
        assertThat(silent.isScriptDone()).isFalse();
      }
    }
  }

  @Test
  void aSilentRegistryHidesNothingThatTheStoreHasInAnyMode() throws Exception {
    try (FaultyServer web = FaultyServer.start(new Objects())) {
      String uri = web.uri("/m").toString();
      publish(directory, uri, 1, "alias/prod");
      Map<String, String> keys = source(uri, "alias/prod");
      keys.put("models.m.network.connect-timeout", "100ms");
      keys.put("models.m.network.read-timeout", "300ms");
      try (SourcedServer server = SourcedServer.start(data, keys)) {
        assertThat(server.answering()).isEqualTo(1);
      }

      for (String mode : List.of("none", "explicit")) {
        keys.put("model-control-mode", mode);
        if (mode.equals("explicit")) {
          keys.put("load-models", "m");
        }
        web.clear();
        web.then(stalls(20));
        try (SourcedServer server = SourcedServer.start(data, keys)) {
          assertThat(server.answering()).as(mode).isEqualTo(1);
        }
      }
    }
  }

  @Test
  void aTransferThatThePointerHasOvertakenIsBrokenOff() throws Exception {
    CountDownLatch moved = new CountDownLatch(1);
    try (FaultyServer web = FaultyServer.start(new Objects())) {
      String uri = web.uri("/m").toString();
      Map<String, String> keys = source(uri, "alias/prod");
      keys.put("models.m.poll-interval", "100ms");
      publish(directory, uri, 1, "alias/prod");
      try (SourcedServer server = SourcedServer.start(data, keys)) {
        web.onlyFor(request -> isGet(request, "/2/model.onnx")).then(new Fault.Wait(1000, moved));
        publish(directory, uri, 2, OnnxModels.adding(2, 1_000_000), "alias/prod");
        server.await(() -> asked(web, "/2/model.onnx") > 0, "the transfer of version 2");

        publish(directory, uri, 3, "alias/prod");
        long before = asked(web, "/prod");
        server.await(() -> asked(web, "/prod") > before + 2, "two looks at the pointer");
        moved.countDown();

        server.awaitAnswer(3);
        assertThat(server.index()).containsKey("m/1").doesNotContainKey("m/2");
      }
    }
  }

  private static long asked(FaultyServer web, String end) {
    return web.requests().stream().filter(request -> isGet(request, end)).count();
  }

  private static boolean isGet(Exchange.Request request, String end) {
    return request.method().equals("GET") && request.path().endsWith(end);
  }

  private static Fault[] stalls(int count) {
    Fault[] faults = new Fault[count];
    Arrays.fill(faults, new Fault.Stall(0));
    return faults;
  }

  @Test
  void aVersionWithoutANumberGetsOneAndKeepsIt() throws Exception {
    Path registryDirectory = Files.createDirectories(directory.resolve("docker"));
    try (DockerRegistry registry = DockerRegistry.start(registryDirectory)) {
      String uri = "oci://" + registry.authority() + "/team/m";
      publish(directory, uri, 1, "tag/prod");

      try (SourcedServer server = SourcedServer.start(data, source(uri, "tag/prod"))) {
        assertThat(server.answering()).isEqualTo(1);
      }
      assertThat(Files.readString(data.resolve("numbers/m.json"))).contains("sha256:");
    }
  }

  @Test
  void explicitControlLoadsAndUnloadsWhatItIsAskedTo() throws Exception {
    publish(directory, file, 1);
    publish(directory, file, 2);
    Map<String, String> keys = source(file, "latest");
    keys.put("model-control-mode", "explicit");
    try (SourcedServer server = SourcedServer.start(data, keys)) {
      assertThat(server.answering()).isZero();
      assertThat(server.index().get("m/")).contains("not loaded (expected: to be asked for");

      assertThat(server.post("http", "/v2/repository/models/m/load", "").statusCode())
          .isEqualTo(200);
      assertThat(server.answering()).isEqualTo(2);
      assertThat(server.post("admin", "/v1/models/m/versions/1:load", "").statusCode())
          .isEqualTo(200);
      assertThat(server.index()).containsEntry("m/1", "READY ").containsEntry("m/2", "READY ");
      assertThat(server.post("admin", "/v1/models/m/versions/2:unload", "").statusCode())
          .isEqualTo(200);
      assertThat(server.answering()).isEqualTo(1);
      awaitUnloaded(server, "m/2");
      assertThat(server.post("admin", "/v1/models/m/versions/9:load", "").statusCode())
          .isEqualTo(404);
      assertThat(server.post("http", "/v2/repository/models/m/unload", "{}").statusCode())
          .isEqualTo(200);
      assertThat(server.answering()).isZero();
      assertThat(server.post("http", "/v2/repository/models/m/unload", "{}").statusCode())
          .isEqualTo(404);
      assertThat(server.post("http", "/v2/repository/models/x/load", "{}").statusCode())
          .isEqualTo(404);
    }
  }

  @Test
  void explicitControlBeginsWithTheModelsThatItIsToldTo() throws Exception {
    publish(directory, file, 1);
    Map<String, String> keys = source(file, "latest");
    keys.put("model-control-mode", "explicit");
    keys.put("load-models", "other, m");
    try (SourcedServer server = SourcedServer.start(data, keys)) {
      assertThat(server.answering()).isEqualTo(1);
      assertThat(server.post("http", "/v2/repository/models/m/unload", "{}").statusCode())
          .isEqualTo(200);
      assertThat(server.answering()).isZero();
    }
  }

  /** Waits until a version that was asked to go has finished its last requests and is freed. */
  private static void awaitUnloaded(SourcedServer server, String version) throws Exception {
    long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!String.valueOf(server.index().get(version)).startsWith("UNAVAILABLE unloaded")) {
      assertThat(System.nanoTime()).as("%s is %s", version, server.index()).isLessThan(giveUp);
    }
  }

  @Test
  void explicitControlIsRefusedWhereTheServerDecides() throws Exception {
    publish(directory, file, 1);
    try (SourcedServer server = SourcedServer.start(data, source(file, "latest"))) {
      var refused = server.post("http", "/v2/repository/models/m/unload", "");

      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(refused.body())
          .contains("explicit model load / unload is not allowed if polling is enabled");
      assertThat(server.answering()).isEqualTo(1);
    }
  }

  @Test
  void theModeNoneTakesThePointerAsItIsAtTheStart() throws Exception {
    publish(directory, file, 1, "alias/prod");
    Map<String, String> keys = source(file, "alias/prod");
    keys.put("model-control-mode", "none");
    try (SourcedServer server = SourcedServer.start(data, keys)) {
      assertThat(server.answering()).isEqualTo(1);
    }
    publish(directory, file, 2, "alias/prod");
    try (SourcedServer server = SourcedServer.start(data, keys)) {
      assertThat(server.answering()).isEqualTo(2);
    }
  }
}
