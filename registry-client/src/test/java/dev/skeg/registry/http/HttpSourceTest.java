package dev.skeg.registry.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.registry.Network;
import dev.skeg.registry.Network.Retries;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.Progress;
import dev.skeg.registry.PublishRequest;
import dev.skeg.registry.Published;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.Revision;
import dev.skeg.registry.Secret;
import dev.skeg.registry.SizeCaps;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.signature.Verification;
import dev.skeg.registry.store.ArtifactStore;
import dev.skeg.registry.store.Held;
import dev.skeg.registry.store.StoreConfig;
import dev.skeg.registry.testing.Exchange.Answer;
import dev.skeg.registry.testing.Exchange.Request;
import dev.skeg.registry.testing.Fault;
import dev.skeg.registry.testing.FaultyServer;
import dev.skeg.registry.testing.Forwarder;
import dev.skeg.registry.testing.Objects;
import dev.skeg.registry.testing.Versions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code http:} against a server that breaks as networks do. */
final class HttpSourceTest {
  private static final Retries RETRIES = new Retries(3, Duration.ofMillis(1), Duration.ofMillis(2));
  private static final SourceSettings SETTINGS =
      SourceSettings.defaults()
          .withNetwork(
              new Network(
                  Duration.ofSeconds(5),
                  Duration.ofSeconds(2),
                  RETRIES,
                  Optional.empty(),
                  Optional.empty()));

  @TempDir Path directory;
  private final Objects objects = new Objects();
  private FaultyServer server;

  @BeforeEach
  void start() throws IOException {
    server = FaultyServer.start(objects);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void whatWasPublishedIsFetchedWithTheSameDigest() {
    Published published = publish(PublishRequest.next(), 1);

    try (Source source = open(SETTINGS);
        Held held = fetch(source, source.resolve(Pointer.LATEST, null))) {
      assertThat(held.digest()).isEqualTo(published.digest());
      assertThat(held.record().number()).isEqualTo(1);
    }
    assertThat(objects.paths()).doesNotContain("/m/1/_INCOMPLETE");
  }

  @Test
  void aLookAtWhatDidNotChangeIsConditionalAndGivesTheSameObject() {
    publish(PublishRequest.next(), 1);

    try (Source source = open(SETTINGS)) {
      Revision first = source.resolve(Pointer.LATEST, null);
      assertThat(source.resolve(Pointer.LATEST, first)).isSameAs(first);
      assertThat(server.requests().getLast().header("If-None-Match")).isEqualTo(first.etag());
      publish(PublishRequest.next(), 2);
      assertThat(source.resolve(Pointer.LATEST, first).number()).isEqualTo(2);
    }
  }

  static List<List<Fault>> faults() {
    return List.of(
        List.of(new Fault.Truncate(1000), new Fault.Truncate(5000)),
        List.of(new Fault.Reset(0), new Fault.Reset(30_000)),
        List.of(new Fault.Stall(70_000)),
        List.of(new Fault.Corrupt(500)),
        List.of(Fault.status(500), Fault.status(503)),
        List.of(new Fault.Status(429, Map.of("Retry-After", "0")), new Fault.Reset(10)),
        List.of(new Fault.Truncate(2000), Fault.status(416)),
        List.of(new Fault.Truncate(2000), Fault.status(502), new Fault.Corrupt(10)));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void aFetchSurvivesWhatPasses(List<Fault> faults) {
    Published published = publish(PublishRequest.next(), 1);
    server
        .onlyFor(request -> request.path().endsWith("model.onnx"))
        .then(faults.toArray(new Fault[0]));

    try (Source source = open(SETTINGS);
        Held held = fetch(source, source.resolve(Pointer.LATEST, null))) {
      assertThat(held.digest()).isEqualTo(published.digest());
    }
    assertThat(server.isScriptDone()).isTrue();
  }

  @Test
  void aBrokenTransferGoesOnWhereItBrokeOffEvenInTheNextFetch() {
    publish(PublishRequest.next(), 1);
    server
        .onlyFor(request -> request.path().endsWith("model.onnx"))
        .then(new Fault.Truncate(150_000), Fault.status(403));

    try (Source source = open(SETTINGS)) {
      Revision revision = source.resolve(Pointer.LATEST, null);
      assertThatThrownBy(() -> fetch(source, revision))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.DENIED));
      fetch(source, revision).close();
    }

    List<Request> reads =
        server.requests().stream()
            .filter(request -> request.method().equals("GET"))
            .filter(request -> request.path().endsWith("model.onnx"))
            .toList();
    assertThat(reads).hasSize(3);
    assertThat(reads.get(0).header("Range")).isEmpty();
    assertThat(reads.get(1).header("Range")).isEqualTo("bytes=150000-");
    assertThat(reads.get(2).header("Range")).isEqualTo("bytes=150000-");
  }

  @ParameterizedTest
  @MethodSource("lasting")
  void aLastingFailureHasItsKindAndDoesNotGoOnForEver(Fault fault, Kind kind, int requests) {
    publish(PublishRequest.next(), 1);
    int before = server.requests().size();
    server.then(fault, fault, fault, fault, fault, fault, fault, fault);

    try (Source source = open(SETTINGS)) {
      assertThatThrownBy(() -> source.resolve(Pointer.parse("tag/prod"), null))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }
    assertThat(server.requests()).hasSize(before + requests);
  }

  static List<Object[]> lasting() {
    return List.of(
        new Object[] {Fault.status(401), Kind.DENIED, 1},
        new Object[] {Fault.status(403), Kind.DENIED, 1},
        new Object[] {Fault.status(404), Kind.NOT_FOUND, 1},
        new Object[] {Fault.status(429), Kind.TRANSIENT, 3},
        new Object[] {Fault.status(500), Kind.TRANSIENT, 3},
        new Object[] {Fault.status(503), Kind.TRANSIENT, 3},
        new Object[] {Fault.status(418), Kind.TRANSIENT, 1},
        // Longer than our patience: handed on at once.
        new Object[] {new Fault.Status(503, Map.of("Retry-After", "60")), Kind.TRANSIENT, 1});
  }

  @Test
  void aCorruptSourceIsRefusedAndNothingOfItIsLoaded() {
    publish(PublishRequest.next(), 1);
    objects.get("/m/1/model.onnx")[7] ^= 1;

    try (Source source = open(SETTINGS)) {
      Revision revision = source.resolve(Pointer.LATEST, null);
      assertThatThrownBy(() -> fetch(source, revision))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID))
          .hasMessageContaining("sha256");
      assertThat(store().find(source.uri(), revision, Verification.NONE)).isEmpty();
    }
  }

  @Test
  void credentialsAreSentButNotToTheHostOfAPresignedUrl() throws IOException {
    publish(PublishRequest.next(), 1);
    Objects elsewhere = new Objects();
    elsewhere.put("/blob?X-Signature=hunter2", objects.get("/m/1/model.onnx"));
    try (FaultyServer blobs = FaultyServer.start(elsewhere);
        FaultyServer front =
            FaultyServer.start(request ->
                request.path().endsWith("model.onnx")
                    ? Answer.of(307)
                        .with("Location", blobs.uri("/blob?X-Signature=hunter2").toString())
                    : objects.handle(request));
        Source source =
            new HttpSources()
                .open(
                    SourceUri.parse("http://" + front.authority() + "/m"),
                    SETTINGS.withCredentials(Map.of("token", Secret.of("t0ken"))));
        Held held = fetch(source, source.resolve(Pointer.LATEST, null))) {
      assertThat(front.requests())
          .allMatch(request -> request.header("Authorization").equals("Bearer t0ken"));
      assertThat(blobs.requests()).hasSize(1);
      assertThat(blobs.requests().getFirst().header("Authorization")).isEmpty();
      assertThat(held.artifact().files()).hasSize(2);

      blobs.then(Fault.status(403));
      assertThatThrownBy(() ->
              source
                  .open(
                      source.resolve(Pointer.LATEST, null),
                      source.files(source.resolve(Pointer.LATEST, null)).getFirst(),
                      0)
                  .close())
          .hasMessageNotContaining("hunter2")
          .hasMessageNotContaining("t0ken");
    }
  }

  @Test
  void twoThatPublishTheSameNumberGetOneVersionAndOneConflict() {
    publish(new PublishRequest(4, List.of(), false), 1);

    assertThatThrownBy(() -> publish(new PublishRequest(4, List.of(), false), 2))
        .isInstanceOfSatisfying(
            RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CONFLICT));
    assertThat(publish(PublishRequest.next(), 3).number()).isEqualTo(5);
  }

  @Test
  void aNumberThatSomebodyClaimedIsLeftToThem() {
    publish(PublishRequest.next(), 1);
    objects.put("/m/2/_INCOMPLETE", new byte[0]);

    assertThat(publish(PublishRequest.next(), 2).number()).isEqualTo(3);
    assertThatThrownBy(() -> publish(new PublishRequest(2, List.of(), false), 3))
        .hasMessageContaining("left half-way");
  }

  @Test
  void aFaultyProxyBeforeARealServerBreaksTheSameWay() throws IOException {
    Published published = publish(PublishRequest.next(), 1);
    try (FaultyServer proxy = FaultyServer.start(new Forwarder(server.uri("/")))) {
      proxy.then(Fault.status(503), new Fault.Truncate(3), new Fault.Reset(0));
      SourceUri uri = SourceUri.parse("http://" + proxy.authority() + "/m");
      try (Source source = new HttpSources().open(uri, SETTINGS)) {
        assertThatThrownBy(() -> source.resolve(Pointer.LATEST, null))
            .isInstanceOf(RegistryException.class);
        try (Held held = fetch(source, source.resolve(Pointer.LATEST, null))) {
          assertThat(held.digest()).isEqualTo(published.digest());
        }
      }
    }
  }

  private SourceUri uri() {
    return SourceUri.parse("http://" + server.authority() + "/m");
  }

  private Source open(SourceSettings settings) {
    return new HttpSources().open(uri(), settings);
  }

  private Published publish(PublishRequest request, long seed) {
    Path version = Versions.write(directory.resolve("v" + seed), seed, 2, 200_000);
    try (var publisher = new HttpSources().publisher(uri(), SETTINGS).orElseThrow()) {
      return publisher.publish(version, request, Progress.NONE);
    }
  }

  private ArtifactStore store() {
    return ArtifactStore.open(
        directory.resolve("store"), new StoreConfig(Long.MAX_VALUE, SizeCaps.defaults(), RETRIES));
  }

  private Held fetch(Source source, Revision revision) {
    return store().fetch(source, revision, Verification.NONE, Progress.NONE);
  }
}
