package dev.skeg.registry.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.registry.Artifact;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.Progress;
import dev.skeg.registry.PublishRequest;
import dev.skeg.registry.Publisher;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.Revision;
import dev.skeg.registry.SizeCaps;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.signature.Verification;
import dev.skeg.registry.store.ArtifactStore;
import dev.skeg.registry.store.Held;
import dev.skeg.registry.store.StoreConfig;
import dev.skeg.registry.testing.Fault;
import dev.skeg.registry.testing.FaultyServer;
import dev.skeg.registry.testing.Forwarder;
import dev.skeg.registry.testing.SourceFaults;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The {@code mlflow:} source and the store, with a proxy before the server that breaks things. */
@Timeout(120)
final class MlflowFaultsTest {
  @TempDir Path directory;
  private final MlflowServer server = new MlflowServer();
  private FaultyServer proxy;
  private Path version;

  @BeforeEach
  void publish() throws IOException {
    proxy = FaultyServer.start(new Forwarder(server.uri()));
    version = Files.createDirectories(directory.resolve("version"));
    byte[] weights = new byte[100_000];
    new Random(7).nextBytes(weights);
    Files.write(version.resolve("model.onnx"), weights);
    try (Publisher publisher =
        new MlflowProvider().publisher(uri(), SourceFaults.SETTINGS).orElseThrow()) {
      publisher.publish(version, PublishRequest.next(), Progress.NONE);
    }
  }

  @AfterEach
  void close() {
    proxy.close();
    server.close();
  }

  @Test
  void fetchesAVerifiedVersionThroughEveryFaultThatPasses() {
    proxy
        .onlyFor(request -> request.path().endsWith("/model.onnx"))
        .then(
            Fault.status(501), // Of the presigned URL.
            new Fault.Truncate(10_000),
            new Fault.Reset(20_000),
            new Fault.Stall(30_000),
            Fault.status(416),
            Fault.status(500),
            new Fault.Status(429, Map.of("Retry-After", "0")),
            Fault.status(503),
            new Fault.Corrupt(50_000));

    assertFetched();

    assertThat(proxy.isScriptDone()).isTrue();
  }

  @Test
  void goesThroughTheServerWhenTheStoreIsOutOfReach() {
    server.presigned(MlflowServer.Presigned.ENABLED);
    server.refuseAtStore(true);

    assertFetched();

    assertThat(server.requests()).anyMatch(request -> request.startsWith("STORE "));
  }

  @Test
  void resolvesThroughFaultsThatPass() {
    proxy.then(
        Fault.status(503),
        new Fault.Status(429, Map.of("Retry-After", "0")),
        new Fault.None(),
        Fault.status(502));

    try (Source source = open()) {
      assertThat(source.resolve(Pointer.LATEST, null).number()).isEqualTo(1);
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
        assertThat(source.resolve(Pointer.LATEST, null).number()).isEqualTo(1);
      }
    }
  }

  @Test
  void tellsRefusalAbsenceAndTroubleApart() {
    SourceFaults.assertTellsApart(
        proxy, this::open, revision -> assertThat(revision.number()).isEqualTo(1));
  }

  private void assertFetched() {
    try (Source source = open()) {
      Revision revision = source.resolve(Pointer.LATEST, null);
      ArtifactStore store =
          ArtifactStore.open(
              directory.resolve("store"),
              new StoreConfig(Long.MAX_VALUE, SizeCaps.defaults(), SourceFaults.RETRIES));
      try (Held held = store.fetch(source, revision, Verification.NONE, Progress.NONE)) {
        assertThat(held.digest()).isEqualTo(Artifact.of(version).digest());
      }
    }
  }

  private SourceUri uri() {
    return SourceUri.parse("mlflow+http://" + proxy.authority() + "/fraud");
  }

  private Source open() {
    return new MlflowProvider().open(uri(), SourceFaults.SETTINGS);
  }
}
