package dev.skeg.registry.hf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.registry.ArtifactFile;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.Progress;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.Revision;
import dev.skeg.registry.SizeCaps;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.hf.HubServer.HubFile;
import dev.skeg.registry.signature.Verification;
import dev.skeg.registry.store.ArtifactStore;
import dev.skeg.registry.store.Held;
import dev.skeg.registry.store.StoreConfig;
import dev.skeg.registry.testing.Fault;
import dev.skeg.registry.testing.FaultyServer;
import dev.skeg.registry.testing.Forwarder;
import dev.skeg.registry.testing.SourceFaults;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The {@code hf:} source and the store, with proxies before the Hub and its store that break
 * things.
 */
@Timeout(120)
final class HfFaultsTest {

  @TempDir Path directory;
  private final HubServer hub = new HubServer();
  private FaultyServer proxy;
  private FaultyServer store;
  private final HubFile weights = HubFile.lfs(random(100_000));
  private final HubFile labels = new HubFile(random(50_000), false);

  @BeforeEach
  void commit() throws IOException {
    hub.commit("acme/fraud", "main", Map.of("model.onnx", weights, "labels.txt", labels));
    proxy = FaultyServer.start(new Forwarder(hub.uri()));
    store = FaultyServer.start(new Forwarder(hub.storeUri()));
    hub.redirectTo(store.uri(""));
  }

  @AfterEach
  void close() {
    proxy.close();
    store.close();
    hub.close();
  }

  @Test
  void fetchesVerifiedFilesThroughEveryFaultThatPasses() {
    proxy
        .onlyFor(request -> request.path().endsWith("/labels.txt"))
        .then(
            Fault.status(503),
            new Fault.None(),
            new Fault.Truncate(10_000),
            new Fault.None(),
            new Fault.Corrupt(20_000),
            new Fault.Status(429, Map.of("Retry-After", "0")));
    store.then(
        new Fault.Truncate(10_000),
        new Fault.Reset(20_000),
        new Fault.Stall(30_000),
        Fault.status(416),
        Fault.status(500),
        Fault.status(503),
        new Fault.Corrupt(50_000));

    try (Source source = open();
        Held held =
            ArtifactStore.open(
                    directory.resolve("store"),
                    new StoreConfig(Long.MAX_VALUE, SizeCaps.defaults(), SourceFaults.RETRIES))
                .fetch(
                    source,
                    source.resolve(Pointer.LATEST, null),
                    Verification.NONE,
                    Progress.NONE)) {
      assertThat(held.artifact().files())
          .containsExactly(
              new ArtifactFile("labels.txt", 50_000, labels.sha256()),
              new ArtifactFile("model.onnx", 100_000, weights.sha256()));
    }
    assertThat(proxy.isScriptDone()).isTrue();
    assertThat(store.isScriptDone()).isTrue();
    assertThat(store.requests())
        .as("goes on where it broke off")
        .anyMatch(request -> request.header("Range").matches("bytes=[1-9][0-9]*-"));
  }

  @Test
  void resolvesThroughFaultsThatPass() {
    proxy.then(
        Fault.status(503), Fault.status(502), new Fault.Status(429, Map.of("Retry-After", "0")));

    try (Source source = open()) {
      Revision revision = source.resolve(Pointer.LATEST, null);
      assertThat(source.resolve(Pointer.LATEST, revision)).isSameAs(revision);
    }
    assertThat(proxy.isScriptDone()).isTrue();
  }

  @Test
  void callsAnAnswerThatBreaksOffTransient() {
    for (Fault fault : List.<Fault>of(new Fault.Stall(10), new Fault.Truncate(10))) {
      proxy.then(fault);
      try (Source source = open()) {
        assertThatThrownBy(() -> source.resolve(Pointer.LATEST, null))
            .isInstanceOfSatisfying(
                RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TRANSIENT))
            .hasMessageContaining("broke off");
        assertThat(source.resolve(Pointer.LATEST, null).revision()).hasSize(40);
      }
    }
  }

  @Test
  void tellsRefusalAbsenceAndTroubleApart() {
    SourceFaults.assertTellsApart(
        proxy, this::open, revision -> assertThat(revision.revision()).hasSize(40));
  }

  private Source open() {
    SourceSettings settings =
        SourceFaults.SETTINGS.withOptions(Map.of("endpoint", proxy.uri("").toString()));
    return new HfProvider().open(SourceUri.parse("hf://acme/fraud"), settings);
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }
}
