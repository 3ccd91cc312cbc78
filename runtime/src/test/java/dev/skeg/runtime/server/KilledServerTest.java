package dev.skeg.runtime.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.registry.Artifact;
import dev.skeg.runtime.server.KillPoint.Scene;
import dev.skeg.runtime.server.KillPoint.Step;
import dev.skeg.runtime.testing.OnnxModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code skeg serve} killed by SIGKILL at random points of fetch, verification and swap, 8 times or
 * as often as {@code -Dskeg.kill-points} says, from the seed {@code -Dskeg.seed}; a directory, a
 * web server and an OCI registry in turn. {@code benchmarks/report --only kill} has it done 50
 * times.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES, threadMode = ThreadMode.SEPARATE_THREAD)
final class KilledServerTest {
  private static final int POINTS = Integer.getInteger("skeg.kill-points", 8);
  private static final long SEED = Long.getLong("skeg.seed", 20261126L);
  private static final String REPORT = System.getProperty("skeg.kill-report", "");
  private static final int FIRST = 101;

  /** Of a version's model beside what it computes: so that a transfer takes a while. */
  private static final int BALLAST_FLOATS = 1_000_000;

  private final Random random = new Random(SEED);
  private final Map<Step, Integer> found = new EnumMap<>(Step.class);
  private int kills;
  @TempDir Path directory;

  @Test
  void theNextProcessServesAVerifiedVersionAndThenTheOneThatThePointerMeans() throws Exception {
    List<Killing> killings = new ArrayList<>();
    try (MovingSource file = MovingSource.file(Files.createDirectory(directory.resolve("files")));
        MovingSource http = MovingSource.http();
        MovingSource oci = MovingSource.oci(Files.createDirectory(directory.resolve("oci")))) {
      int each = (POINTS + 2) / 3;
      killings.add(new Killing("http", http, each));
      killings.add(new Killing("oci", oci, (POINTS + 1) / 3));
      killings.add(new Killing("file", file, POINTS / 3));
      for (Killing killing : killings) {
        killing.run();
      }
    }

    assertThat(found.values().stream().mapToInt(Integer::intValue).sum()).isEqualTo(POINTS);
    report(found.toString());
  }

  /** Appends a line for whoever looks on, or wants to know where it ended. */
  private static void report(String line) throws IOException {
    if (!REPORT.isEmpty()) {
      Files.writeString(
          Path.of(REPORT), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
  }

  /** One server after the other in the same place, each but the last killed. */
  private final class Killing {
    private final String name;
    private final MovingSource source;
    private final int points;
    private final Path home;
    private final Path data;
    private final Path config;
    private final Map<Integer, String> digests = new TreeMap<>();
    private String revision = ""; // Of the newest.
    private int newest = FIRST - 1;

    Killing(String name, MovingSource source, int points) throws IOException {
      this.name = name;
      this.source = source;
      this.points = points;
      this.home = Files.createDirectory(directory.resolve("server-" + name));
      this.data = home.resolve("data");
      this.config =
          Files.writeString(
              home.resolve("skeg.yaml"),
              """
              models:
                m:
                  source: "%s"
                  pointer: "%s"
                  poll-interval: 100ms
                  network: {connect-timeout: 2s, read-timeout: 5s}
              """
                  .formatted(source.uri(), source.pointer()));
    }

    void run() throws IOException {
      Path first = prepare(OnnxModels.adding(FIRST, BALLAST_FLOATS));
      publish(first);
      ServeProcess process = ServeProcess.start(config, data);
      try {
        for (int i = 0; i < points; i++) {
          KillPoint point = KillPoint.draw(random, BALLAST_FLOATS * Float.BYTES);
          String where = name + ", " + point + " of seed " + SEED;
          long begin = System.nanoTime();
          Step reached = killAt(point, process, where);
          source.flow(); // If it was killed before its transfer began.
          assertStoreIsSound(where);
          boolean isAlone = random.nextBoolean();
          if (isAlone) {
            source.down();
          }
          process = ServeProcess.start(config, data);
          try (SourcedServer clients = SourcedServer.of(process)) {
            assertServesAVerifiedVersion(clients, newest - 1, where);
            if (isAlone) {
              source.up();
            }
            clients.awaitAnswer(newest);
          }
          assertStoreIsSound(where);
          assertNothingIsLeft(process, where);
          found.merge(reached, 1, Integer::sum);
          report(
              "%d %s %s: killed at %s, %.1f s"
                  .formatted(++kills, name, point, reached, (System.nanoTime() - begin) / 1e9));
        }
      } catch (AssertionError e) {
        e.addSuppressed(new AssertionError("the servers' log: " + process.log()));
        throw e;
      } finally {
        process.close();
      }
    }

    /** Publishes another version, moves the pointer to it, and kills the server as it takes it. */
    private Step killAt(KillPoint point, ServeProcess process, String where) throws IOException {
      byte[] model = OnnxModels.adding(newest + 1, BALLAST_FLOATS);
      if (point.step() == Step.TRANSFERRED) {
        source.stall(newest + 1, model, point.afterBytes());
      }
      try (SourcedServer clients = SourcedServer.of(process)) {
        Path store = data.resolve("store");
        clients.await(
            () -> Scene.isRemembered(store, revision), "the last version to be written down");
        Path version = prepare(model);
        int number = newest;
        Scene scene =
            Scene.of(
                store,
                digestOf(number).substring("sha256:".length()),
                () -> clients.version(number).path("state").asText().equals("LOADING"),
                () -> clients.answering() == number);
        publish(version);
        long begin = System.nanoTime();
        while (!point.isReached(scene)) {
          clients.pauseSince(begin, () -> where + ": it does not come so far");
        }
        long reached = System.nanoTime();
        while (System.nanoTime() - reached < TimeUnit.MICROSECONDS.toNanos(point.afterMicros())) {
          Thread.onSpinWait();
        }
        process.kill();
        return scene.reached();
      }
    }

    private void publish(Path version) {
      revision =
          SourcedServer.publish(version, source.uri(), newest, List.of(source.pointer()))
              .revision();
    }

    private Path prepare(byte[] model) throws IOException {
      newest++;
      Path version = Files.createDirectory(home.resolve("version-" + newest));
      Files.write(version.resolve("model.onnx"), model);
      digests.put(newest, Artifact.of(version).digest());
      return version;
    }

    private String digestOf(int number) {
      return Objects.requireNonNull(digests.get(number), "published before");
    }

    /** Every version that lies in the store under its name is one that was published, whole. */
    private void assertStoreIsSound(String where) throws IOException {
      Path store = data.resolve("store");
      try (var versions = Files.newDirectoryStream(store.resolve("versions"), Files::isDirectory)) {
        for (Path version : versions) {
          String digest = "sha256:" + version.getFileName();
          assertThat(digests.values()).as(where).contains(digest);
          assertThat(Artifact.of(version).digest()).as(where).isEqualTo(digest);
        }
      }
      try (var refused = Files.list(store.resolve("quarantine"))) {
        assertThat(refused).as(where).isEmpty();
      }
    }

    /** The answer's value is that version's own, and so is the digest that the server tells. */
    private void assertServesAVerifiedVersion(SourcedServer clients, int oldest, String where) {
      int answering = clients.answering();
      assertThat(answering).as(where).isBetween(oldest, newest);
      assertThat(clients.version(answering).path("digest").asText())
          .as(where)
          .isEqualTo(digestOf(answering));
      assertThat(clients.version(answering).path("state").asText()).as(where).isEqualTo("READY");
    }

    /** Nothing partial was ever given to the engine, and nothing of it lies about. */
    private void assertNothingIsLeft(ServeProcess process, String where) throws IOException {
      assertThat(process.log()).as(where).doesNotContain("Version cannot be served");
      for (String each : List.of("staging", "partial")) {
        try (var left = Files.list(data.resolve("store").resolve(each))) {
          assertThat(left).as(where + ": " + each).isEmpty();
        }
      }
    }
  }
}
