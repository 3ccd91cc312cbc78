package dev.skeg.registry.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.registry.Network;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.Progress;
import dev.skeg.registry.PublishRequest;
import dev.skeg.registry.Publisher;
import dev.skeg.registry.SizeCaps;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.Sources;
import dev.skeg.registry.signature.Verification;
import dev.skeg.registry.testing.FaultyServer;
import dev.skeg.registry.testing.Objects;
import dev.skeg.registry.testing.Versions;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One store and several processes. */
final class SharedStoreTest {
  @TempDir Path root;
  private final Sources sources = Sources.load(SharedStoreTest.class.getClassLoader());

  @Test
  void processesThatWantTheSameRevisionTransferItOnce() throws Exception {
    try (FaultyServer server = FaultyServer.start(new Objects())) {
      SourceUri uri = SourceUri.parse("http://" + server.authority() + "/m");
      publish(uri, 1);
      List<Process> processes = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        processes.add(FetchProcess.start(root.resolve("store"), uri));
      }
      for (Process process : processes) {
        try (BufferedReader output = process.inputReader()) {
          assertThat(output.lines().filter(line -> line.startsWith("verified"))).hasSize(1);
        }
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
      }

      assertThat(server.requests())
          .filteredOn(request -> request.method().equals("GET"))
          .filteredOn(request -> request.path().endsWith("model.onnx"))
          .hasSize(1);
    }
  }

  @Test
  void whatAnotherProcessHoldsIsNotEvictedUntilItEnds() throws Exception {
    isNotEvictedWhileAnotherProcess("hold", "verified");
  }

  @Test
  void whatAPointerMeansThatAnotherProcessFollowsIsNotEvictedUntilItEnds() throws Exception {
    isNotEvictedWhileAnotherProcess("follow", "followed");
  }

  private void isNotEvictedWhileAnotherProcess(String does, String says) throws Exception {
    SourceUri held = SourceUri.parse("file:" + root.resolve("held"));
    publish(held, 1);
    Process holder = FetchProcess.start(root.resolve("store"), held, does);
    try (BufferedReader output = holder.inputReader()) {
      String digest = "";
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        if (line.startsWith("verified ")) {
          digest = line.substring("verified ".length());
        }
        if (line.startsWith(says)) {
          break;
        }
      }
      ArtifactStore tiny =
          ArtifactStore.open(
              root.resolve("store"),
              new StoreConfig(1, SizeCaps.defaults(), Network.defaults().retries()));

      assertThat(tiny.evict()).isEmpty();
      tiny.verify(digest);
      holder.getOutputStream().close();
      assertThat(holder.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(tiny.evict()).containsExactly(digest);
      assertThat(tiny.usedBytes()).isZero();
    } finally {
      holder.destroyForcibly();
    }
  }

  @Test
  void aStartFromTheStoreNeedsNoRegistry() throws IOException {
    SourceUri uri;
    try (FaultyServer server = FaultyServer.start(new Objects())) {
      uri = SourceUri.parse("http://" + server.authority() + "/m");
      publish(uri, 1);
      ArtifactStore store = ArtifactStore.open(root.resolve("store"), StoreConfig.defaults());
      try (Source source = sources.open(uri, SourceSettings.defaults())) {
        var revision = source.resolve(Pointer.LATEST, null);
        store.fetch(source, revision, Verification.NONE, Progress.NONE).close();
        store.remember(uri, Pointer.LATEST, new Remembered(revision, List.of()));
      }
    }

    ArtifactStore later = ArtifactStore.open(root.resolve("store"), StoreConfig.defaults());
    var known = later.lastKnown(uri, Pointer.LATEST).orElseThrow().revision();
    try (Held held = later.find(uri, known, Verification.NONE).orElseThrow()) {
      later.verify(held.digest());
      assertThat(held.record().number()).isEqualTo(1);
    }
  }

  private void publish(SourceUri uri, long seed) {
    try (Publisher publisher = sources.publisher(uri, SourceSettings.defaults())) {
      Path version = Versions.write(root.resolve("v" + seed), seed, 2, 300_000);
      publisher.publish(version, PublishRequest.next(), Progress.NONE);
    }
  }
}
