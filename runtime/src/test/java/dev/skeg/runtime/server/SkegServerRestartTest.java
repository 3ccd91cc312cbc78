package dev.skeg.runtime.server;

import static dev.skeg.runtime.server.SourcedServer.publish;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.registry.testing.FaultyServer;
import dev.skeg.registry.testing.Objects;
import dev.skeg.runtime.testing.OnnxModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The whole server, started anew on what an earlier one has left in its data directory. */
@Timeout(180)
final class SkegServerRestartTest {
  @TempDir Path directory;

  private static Map<String, String> source(String uri) {
    Map<String, String> keys = new HashMap<>();
    keys.put("models.m.source", uri);
    keys.put("models.m.pointer", "alias/prod");
    keys.put("models.m.poll-interval", "100ms");
    return keys;
  }

  private SourcedServer start(String uri) throws InterruptedException {
    return SourcedServer.start(directory.resolve("data"), source(uri));
  }

  @Test
  void versionsKeptForGoingBackAreKeptAgainThoughTheRegistryIsAway() throws Exception {
    try (FaultyServer web = FaultyServer.start(new Objects())) {
      String uri = web.uri("/m").toString();
      publish(directory, uri, 1, "alias/prod");
      try (SourcedServer server = start(uri)) {
        for (int number = 2; number <= 3; number++) {
          publish(directory, uri, number, "alias/prod");
          server.awaitAnswer(number);
        }
      }
      web.down();

      try (SourcedServer restarted = start(uri)) {
        assertThat(restarted.answering()).isEqualTo(3);
        awaitKept(restarted, Set.of(1, 2));
        goBackTo(restarted, 1);
      }
      try (SourcedServer again = start(uri)) {
        assertThat(again.answering()).isEqualTo(1);
        awaitKept(again, Set.of(2, 3));
        goBackTo(again, 2);
        awaitKept(again, Set.of(1, 3));

        web.up();
        publish(directory, uri, 4, "alias/prod");
        again.awaitAnswer(4); // With or without a look at version 3 before, 2 is one of the last.
        again.await(() -> kept(again).size() == 2 && kept(again).contains(2), "2 to be kept");
      }
    }
  }

  private static void goBackTo(SourcedServer server, int number) {
    var back = server.post("admin", "/v1/models/m/versions/" + number + ":load", "");
    assertThat(back.statusCode()).as(back.body()).isEqualTo(200);
    assertThat(server.answering()).isEqualTo(number);
  }

  private static void awaitKept(SourcedServer server, Set<Integer> numbers) {
    server.await(() -> kept(server).equals(numbers), numbers + " to be kept");
  }

  private static Set<Integer> kept(SourcedServer server) {
    Set<Integer> kept = new TreeSet<>();
    server
        .index()
        .forEach((version, state) -> {
          if (state.startsWith("READY kept for going back")) {
            kept.add(Integer.parseInt(version.substring("m/".length())));
          }
        });
    return kept;
  }

  @Test
  void aServerIsReadyOnceTheVersionsThatLabelsMeanAreThereAgain() throws Exception {
    try (FaultyServer web = FaultyServer.start(new Objects())) {
      String uri = web.uri("/m").toString();
      publish(directory, uri, 1, "alias/prod");
      try (SourcedServer server = start(uri)) {
        publish(labelled(2), uri, 2, List.of("alias/prod"));
        server.awaitAnswer(2);
        assertThat(server.answering("old")).isEqualTo(1);
      }
      web.down();

      try (SourcedServer restarted = start(uri)) {
        assertThat(restarted.answering("old")).isEqualTo(1);
        assertThat(restarted.answering()).isEqualTo(2);
      }
    }
  }

  @Test
  void labelsOfTheServersFileStandBeforeTheVersionsOwnAndMoveToWhatIsReady() throws Exception {
    try (FaultyServer web = FaultyServer.start(new Objects())) {
      String uri = web.uri("/m").toString();
      Map<String, String> keys = source(uri);
      keys.put("models.m.labels.next", "2");
      keys.put("models.m.labels.old", "2"); // Its model.yaml says 1.
      publish(directory, uri, 1, "alias/prod");
      try (SourcedServer server = SourcedServer.start(directory.resolve("data"), keys)) {
        assertThat(server.answering("next")).as("there is no version 2 yet").isZero();
        assertThat(server.model().path("labels").isEmpty()).isTrue();

        publish(labelled(2), uri, 2, List.of("alias/prod"));
        server.awaitAnswer(2);
        assertThat(server.answering("next")).isEqualTo(2);
        assertThat(server.answering("old")).isEqualTo(2);

        publish(labelled(3), uri, 3, List.of("alias/prod"));
        server.awaitAnswer(3);
        assertThat(server.answering("next")).isEqualTo(2);
        assertThat(server.model().path("labels").path("next").asInt()).isEqualTo(2);
      }
      web.down();

      keys.remove("models.m.labels.old"); // Version 3's model.yaml says 2.
      keys.put("models.m.labels.next", "4");
      try (SourcedServer restarted = SourcedServer.start(directory.resolve("data"), keys)) {
        assertThat(restarted.answering("old")).isEqualTo(2);
        assertThat(restarted.answering("next")).isZero();
      }
    }
  }

  /** Writes a version whose label means the one before it. */
  private Path labelled(int number) throws IOException {
    Path version = Files.createDirectory(directory.resolve("labelled-" + number));
    Files.write(version.resolve("model.onnx"), OnnxModels.adding(number));
    Files.writeString(
        version.resolve("model.yaml"), "versions: {labels: {old: " + (number - 1) + "}}\n");
    return version;
  }
}
