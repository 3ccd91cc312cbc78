package dev.skeg.registry.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.registry.Artifact;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.Progress;
import dev.skeg.registry.PublishRequest;
import dev.skeg.registry.Published;
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

/**
 * The {@code oci:} source and the store, with a proxy before Debian's registry that breaks things.
 */
@Timeout(120)
final class OciFaultsTest {
  @TempDir Path directory;
  private DockerRegistry registry;
  private FaultyServer proxy;
  private Path version;

  @BeforeEach
  void publish() throws IOException {
    registry =
        DockerRegistry.startBehindProxy(Files.createDirectories(directory.resolve("registry")));
    proxy = FaultyServer.start(new Forwarder(registry.uri()));
    version = Files.createDirectories(directory.resolve("version"));
    byte[] weights = new byte[100_000];
    new Random(7).nextBytes(weights);
    Files.write(version.resolve("model.onnx"), weights);
    try (Publisher publisher =
        new OciProvider().publisher(uri(), SourceFaults.SETTINGS).orElseThrow()) {
      publisher.publish(version, PublishRequest.next(), Progress.NONE);
    }
  }

  @AfterEach
  void close() {
    proxy.close();
    registry.close();
  }

  @Test
  void fetchesAVerifiedVersionThroughEveryFaultThatPasses() {
    proxy
        .onlyFor(request -> request.path().contains("/blobs/"))
        .then(
            new Fault.Truncate(10_000),
            new Fault.Reset(20_000),
            new Fault.Stall(30_000),
            Fault.status(416),
            new Fault.Truncate(40_000),
            Fault.status(500),
            new Fault.Status(429, Map.of("Retry-After", "0")),
            Fault.status(503),
            Fault.status(401),
            new Fault.Corrupt(50_000));

    try (Source source = open()) {
      Revision revision = source.resolve(Pointer.LATEST, null);
      try (Held held = store().fetch(source, revision, Verification.NONE, Progress.NONE)) {
        assertThat(held.digest()).isEqualTo(Artifact.of(version).digest());
      }
    }
    assertThat(proxy.isScriptDone()).isTrue();
    assertThat(proxy.requests())
        .as("goes on where it broke off")
        .anyMatch(request -> request.header("Range").matches("bytes=[1-9][0-9]*-"));
  }

  @Test
  void resolvesThroughFaultsThatPassAndPollsWithAConditionalHead() {
    proxy
        .onlyFor(request -> request.path().contains("/manifests/"))
        .then(
            Fault.status(503),
            new Fault.Stall(0),
            new Fault.Status(429, Map.of("Retry-After", "0")),
            new Fault.None(),
            new Fault.Corrupt(5));

    try (Source source = open()) {
      Revision revision = source.resolve(Pointer.LATEST, null);
      int before = proxy.requests().size();

      assertThat(source.resolve(Pointer.LATEST, revision)).isSameAs(revision);

      assertThat(proxy.isScriptDone()).isTrue();
      assertThat(proxy.requests().subList(before, proxy.requests().size()))
          .singleElement()
          .satisfies(request -> {
            assertThat(request.method()).isEqualTo("HEAD");
            assertThat(request.header("If-None-Match"))
                .isEqualTo("\"" + revision.revision() + "\"");
          });
    }
  }

  @Test
  void refusesAManifestThatStaysCorrupt() {
    proxy
        .onlyFor(
            request -> request.path().contains("/manifests/") && request.method().equals("GET"))
        .then(new Fault.Corrupt(5), new Fault.Corrupt(5));

    try (Source source = open()) {
      assertThatThrownBy(() -> source.resolve(Pointer.LATEST, null))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID))
          .hasMessageContaining("is corrupt: its digest is sha256:");
    }
  }

  @Test
  void tellsRefusalAbsenceAndTroubleApart() {
    Map<Integer, Kind> kinds =
        Map.of(403, Kind.DENIED, 404, Kind.NOT_FOUND, 500, Kind.TRANSIENT, 503, Kind.TRANSIENT);
    kinds.forEach((status, kind) -> {
      try (Source source = open()) {
        boolean isRetried = kind == Kind.TRANSIENT;
        for (int i = 0; i < (isRetried ? SourceFaults.RETRIES.attempts() : 1); i++) {
          proxy.then(Fault.status(status));
        }
        assertThatThrownBy(() -> source.resolve(Pointer.LATEST, null))
            .isInstanceOfSatisfying(
                RegistryException.class, e -> assertThat(e.kind()).isEqualTo(kind))
            .hasMessageContaining("answered " + status);
        assertThat(source.resolve(Pointer.LATEST, null).number()).isEqualTo(1);
      }
    });
  }

  @Test
  void pushesThroughFaultsThatPassWithoutDoublingAChunk() throws IOException {
    byte[] weights = new byte[100_000];
    new Random(8).nextBytes(weights);
    Files.write(version.resolve("model.onnx"), weights);
    proxy
        .onlyFor(request -> List.of("PATCH", "PUT").contains(request.method()))
        .then(
            new Fault.None(),
            // The chunk arrives, its answer does not.
            new Fault.Status(502, Map.of()),
            new Fault.Reset(0),
            new Fault.None(),
            Fault.status(503));
    OciReference reference = OciReference.of(uri(), SourceFaults.SETTINGS);

    Published published;
    try (Publisher publisher = new OciPublisher(reference, SourceFaults.SETTINGS, 30_000)) {
      published = publisher.publish(version, PublishRequest.next(), Progress.NONE);
    }

    assertThat(proxy.isScriptDone()).isTrue();
    try (Source source = open()) {
      Revision revision = source.resolve(Pointer.LATEST, null);
      assertThat(revision.revision()).isEqualTo(published.revision());
      try (Held held = store().fetch(source, revision, Verification.NONE, Progress.NONE)) {
        assertThat(held.digest()).isEqualTo(Artifact.of(version).digest());
      }
    }
  }

  @Test
  void aPushGoesOnAsLongAsBytesArrive() throws IOException {
    byte[] weights = new byte[100_000];
    new Random(9).nextBytes(weights);
    Files.write(version.resolve("model.onnx"), weights);
    proxy.onlyFor(request -> request.method().equals("PATCH"));
    for (int i = 0; i < 8; i++) {
      proxy.then(Fault.status(502), new Fault.None());
    }
    OciReference reference = OciReference.of(uri(), SourceFaults.SETTINGS);

    try (Publisher publisher = new OciPublisher(reference, SourceFaults.SETTINGS, 10_000)) {
      Published published = publisher.publish(version, PublishRequest.next(), Progress.NONE);
      assertThat(published.digest()).isEqualTo(Artifact.of(version).digest());
    }
    assertThat(proxy.isScriptDone()).isTrue();
  }

  private SourceUri uri() {
    return SourceUri.parse("oci://" + proxy.authority() + "/team/fraud");
  }

  private Source open() {
    return new OciProvider().open(uri(), SourceFaults.SETTINGS);
  }

  private ArtifactStore store() {
    return ArtifactStore.open(
        directory.resolve("store"),
        new StoreConfig(Long.MAX_VALUE, SizeCaps.defaults(), SourceFaults.RETRIES));
  }
}
