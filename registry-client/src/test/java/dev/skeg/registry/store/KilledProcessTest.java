package dev.skeg.registry.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.registry.Artifact;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.Progress;
import dev.skeg.registry.PublishRequest;
import dev.skeg.registry.Published;
import dev.skeg.registry.Publisher;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.Sources;
import dev.skeg.registry.signature.Verification;
import dev.skeg.registry.testing.Versions;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Processes killed by SIGKILL at random points of a fetch: 10, or as many as {@code
 * -Dskeg.kill-points=50} says, from the seed {@code -Dskeg.seed}.
 */
final class KilledProcessTest {
  private static final int POINTS = Integer.getInteger("skeg.kill-points", 10);
  private static final long SEED = Long.getLong("skeg.seed", 20261125L);
  private static final int FILES = 4;
  private static final int BYTES_EACH = 1_500_000;
  private static final int CHUNKS = FILES * (BYTES_EACH / (1 << 17) + 1);

  @TempDir Path root;

  @Test
  void theNextProcessServesAVerifiedVersionAndNobodyEverSeesAPartOfOne() throws Exception {
    SourceUri uri = SourceUri.parse("file:" + root.resolve("m"));
    Published published;
    Sources sources = Sources.load(KilledProcessTest.class.getClassLoader());
    try (Publisher publisher = sources.publisher(uri, SourceSettings.defaults())) {
      Path version = Versions.write(root.resolve("v"), SEED, FILES, BYTES_EACH);
      published = publisher.publish(version, PublishRequest.next(), Progress.NONE);
    }
    Random random = new Random(SEED);

    for (int point = 0; point < POINTS; point++) {
      Path store = root.resolve("store-" + point);
      // A third of them in the last steps, where no bytes come any more.
      int lines = random.nextInt(3) == 0 ? CHUNKS + random.nextInt(3) : 1 + random.nextInt(CHUNKS);

      kill(store, uri, lines);

      String where = "point " + point + " after line " + lines + " of seed " + SEED;
      assertVersionsAreWhole(store, published.digest(), where);
      ArtifactStore next = ArtifactStore.open(store, StoreConfig.defaults());
      try (Source source = sources.open(uri, SourceSettings.defaults());
          Held held =
              next.fetch(
                  source, source.resolve(Pointer.LATEST, null), Verification.NONE, Progress.NONE)) {
        next.verify(held.digest());
        assertThat(held.digest()).as(where).isEqualTo(published.digest());
      }
      assertVersionsAreWhole(store, published.digest(), where);
      try (var staging = Files.list(store.resolve("staging"))) {
        assertThat(staging).as(where).isEmpty();
      }
    }
  }

  private static void kill(Path store, SourceUri uri, int lines)
      throws IOException, InterruptedException {
    Process process = FetchProcess.start(store, uri);
    try (BufferedReader output = process.inputReader()) {
      for (int i = 0; i < lines && output.readLine() != null; i++) {}
      process.destroyForcibly();
    }
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
  }

  private static void assertVersionsAreWhole(Path store, String digest, String where)
      throws IOException {
    Path versions = store.resolve("versions");
    if (Files.notExists(versions)) {
      return;
    }
    try (var children = Files.newDirectoryStream(versions, Files::isDirectory)) {
      for (Path version : children) {
        assertThat(version.getFileName()).as(where).hasToString(digest.substring(7));
        assertThat(Artifact.of(version).digest()).as(where).isEqualTo(digest);
      }
    }
  }
}
