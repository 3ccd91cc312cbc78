package dev.skeg.registry.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.registry.Network;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.Progress;
import dev.skeg.registry.PublishRequest;
import dev.skeg.registry.Published;
import dev.skeg.registry.Publisher;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.RemoteFile;
import dev.skeg.registry.Revision;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.Sources;
import dev.skeg.registry.published.PublishedSource;
import dev.skeg.registry.published.PublishedTree;
import dev.skeg.registry.published.PublishedTree.Condition;
import dev.skeg.registry.store.Held;
import dev.skeg.registry.testing.Exchange.Request;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What every source in an object store must do, against a server of the store's protocol with a
 * {@link FaultyServer} before it.
 */
public abstract class BucketContract extends BucketHarness {
  private static final Pointer PROD = Pointer.parse("tag/prod");

  @Test
  void whatWasPublishedIsFetchedWithTheSameDigest() {
    Published published = publish(PublishRequest.next(), 1);

    try (Source source = open();
        Held held = fetch(source, source.resolve(Pointer.LATEST, null))) {
      assertThat(held.digest()).isEqualTo(published.digest());
      assertThat(held.record().number()).isEqualTo(1);
    }
    try (PublishedTree tree = tree(uri(), settings())) {
      assertThat(tree.list("1"))
          .extracting(PublishedTree.Entry::key)
          .containsExactly("1/_MANIFEST.json", "1/model.onnx", "1/weights/w1.bin");
      assertThat(tree.directories()).containsExactlyInAnyOrder("1", "_pointers");
    }
  }

  @Test
  void aLookAtWhatDidNotChangeGivesTheSameObject() {
    publish(PublishRequest.next(), 1);

    try (Source source = open()) {
      for (Pointer pointer : List.of(Pointer.LATEST, Pointer.version(1))) {
        Revision first = source.resolve(pointer, null);
        int before = proxy.requests().size();
        assertThat(source.resolve(pointer, first)).isSameAs(first);
        assertThat(proxy.requests()).hasSize(before + 1);
      }
      Revision first = source.resolve(Pointer.LATEST, null);
      publish(PublishRequest.next(), 2);
      assertThat(source.resolve(Pointer.LATEST, first).number()).isEqualTo(2);
    }
  }

  @Test
  void everyPointerLeadsToItsVersion() {
    Published first = publish(PublishRequest.next(), 1);
    Published second = publish(new PublishRequest(0, List.of(PROD), false), 2);

    assertThat(second.pointers()).containsExactly(PROD, Pointer.LATEST);
    try (Source source = open()) {
      assertThat(source.resolve(PROD, null).revision()).isEqualTo(second.revision());
      assertThat(source.resolve(Pointer.version(1), null).revision()).isEqualTo(first.revision());
      String digest = first.revision().substring(2);
      for (String pinned : List.of("revision/" + first.revision(), "digest/" + digest)) {
        assertThat(source.resolve(Pointer.parse(pinned), null).number()).isEqualTo(1);
      }
      for (String absent : List.of("tag/none", "version/7", "revision/2" + first.revision())) {
        assertThatThrownBy(() -> source.resolve(Pointer.parse(absent), null))
            .isInstanceOfSatisfying(
                RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND));
      }
    }
  }

  @Test
  void aPointerThatSomebodyElseMovedMeanwhileIsLeftToThem() {
    publish(new PublishRequest(0, List.of(PROD), false), 1);
    beforeProdIsWritten.set(() -> {
      try (PublishedTree tree = tree(uri(), settings(server()))) {
        String target = "9@sha256:" + "0".repeat(64);
        tree.write("_pointers/tag/prod", bytes(target), new Condition.Any());
      }
    });

    assertThatThrownBy(() -> publish(new PublishRequest(0, List.of(PROD), false), 2))
        .isInstanceOfSatisfying(
            RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CONFLICT));
    try (Source source = open()) {
      assertThat(source.resolve(PROD, null).number()).isEqualTo(9);
    }
  }

  @Test
  void aNewPointerIsNotMadeOverOneThatAppearedMeanwhile() {
    try (PublishedTree tree = tree(uri(), settings())) {
      tree.write("a", bytes("1"), new Condition.Absent());

      assertThatThrownBy(() -> tree.write("a", bytes("2"), new Condition.Absent()))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CONFLICT));
      assertThat(tree.read("a", 10, ""))
          .isInstanceOfSatisfying(
              PublishedTree.Look.Found.class,
              found -> assertThat(found.bytes()).containsExactly('1'));
      tree.delete("a");
      tree.delete("a");
      assertThat(tree.read("a", 10, "")).isInstanceOf(PublishedTree.Look.Absent.class);
    }
  }

  @Test
  void severalThatPublishAtOnceGetANumberEach() throws Exception {
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Published>> all =
          IntStream.range(0, 4)
              .mapToObj(i -> executor.submit(() -> publish(PublishRequest.next(), i)))
              .toList();
      for (Future<Published> one : all) {
        one.get(60, TimeUnit.SECONDS);
      }
    }

    try (Source source = open()) {
      assertThat(source.resolve(Pointer.LATEST, null).number()).isEqualTo(4);
    }
  }

  @Test
  void aTakenNumberIsRefusedUnlessItIsTheSameOrForced() {
    publish(new PublishRequest(5, List.of(), false), 1);

    assertThat(publish(new PublishRequest(5, List.of(), false), 1).number()).isEqualTo(5);
    assertThatThrownBy(() -> publish(new PublishRequest(5, List.of(), false), 2))
        .isInstanceOfSatisfying(
            RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CONFLICT));
    Published forced = publish(new PublishRequest(5, List.of(), true), 2);
    try (Source source = open();
        Held held = fetch(source, source.resolve(Pointer.LATEST, null))) {
      assertThat(held.digest()).isEqualTo(forced.digest());
    }
  }

  @Test
  void aVersionWithoutAManifestIsReadOnlyAsItWasListed() throws IOException {
    Path files = Versions.write(directory.resolve("legacy"), 1, 2, 1000);
    try (PublishedTree tree = tree(uri(), settings())) {
      tree.upload("3/model.onnx", files.resolve("model.onnx"), Progress.NONE);
      PublishedSource source = new PublishedSource(uri(), tree, time -> {});
      Revision revision = source.resolve(Pointer.LATEST, null);
      RemoteFile file = source.files(revision).getFirst();
      assertThat(revision.revision()).startsWith("3@listing:");
      source.open(revision, file, 10).close();

      tree.upload("3/model.onnx", files.resolve("weights/w1.bin"), Progress.NONE);

      if (!tree.pinsVersions()) {
        assertThatThrownBy(() -> source.open(revision, file, 0)).hasMessageContaining("changed");
      }
      assertThatThrownBy(() -> source.files(revision)).hasMessageContaining("changed");
    }
  }

  static List<List<Fault>> passingFaults() {
    return List.of(
        List.of(new Fault.Truncate(1000), new Fault.Truncate(5000)),
        List.of(new Fault.Reset(0), new Fault.Reset(30_000)),
        List.of(new Fault.Stall(40_000)),
        List.of(new Fault.Corrupt(500)),
        List.of(Fault.status(500), Fault.status(503)),
        List.of(new Fault.Status(429, Map.of("Retry-After", "0")), new Fault.Reset(10)),
        List.of(new Fault.Truncate(2000), Fault.status(416)),
        List.of(new Fault.Truncate(2000), Fault.status(502), new Fault.Corrupt(10)));
  }

  @ParameterizedTest
  @MethodSource("passingFaults")
  void aFetchSurvivesWhatPasses(List<Fault> faults) {
    Published published = publish(PublishRequest.next(), 1);
    proxy.onlyFor(BucketContract::readsTheModel).then(faults.toArray(new Fault[0]));
    boolean stalls = faults.stream().anyMatch(Fault.Stall.class::isInstance);

    try (Source source =
            provider()
                .open(uri(), stalls ? patient(settings(), Duration.ofSeconds(1)) : settings());
        Held held = fetch(source, source.resolve(Pointer.LATEST, null))) {
      assertThat(held.digest()).isEqualTo(published.digest());
    }
    assertThat(proxy.isScriptDone()).isTrue();
  }

  private static boolean readsTheModel(Request request) {
    return request.method().equals("GET") && request.path().contains("model.onnx");
  }

  /** A client may lose what it has received and not handed over yet: it goes on as a rule. */
  @Test
  void aBrokenTransferGoesOnWhereItBrokeOff() {
    List<String> ranges = new ArrayList<>();
    for (int version = 1; version <= 5 && !ranges.contains("bytes=30000-"); version++) {
      publish(PublishRequest.next(), version);
      proxy.onlyFor(BucketContract::readsTheModel).then(new Fault.Truncate(30_000));

      try (Source source = open()) {
        fetch(source, source.resolve(Pointer.LATEST, null)).close();
      }

      List<Request> reads =
          proxy.requests().stream().filter(BucketContract::readsTheModel).toList();
      assertThat(reads).hasSize(2 * version);
      String range = range(reads.getLast());
      ranges.add(range.substring(0, Math.min(range.length(), "bytes=30000-".length())));
    }
    assertThat(ranges).contains("bytes=30000-");
  }

  private static String range(Request request) {
    String own = request.header("x-ms-range");
    return own.isEmpty() ? request.header("Range") : own;
  }

  @Test
  void uploadsAreSentAgain() {
    proxy
        .onlyFor(request -> request.path().contains("w1.bin") || isBodyOf(request, "w1.bin"))
        .then(Fault.status(503), Fault.status(500), Fault.status(503));

    Published published = publish(PublishRequest.next(), 1);

    assertThat(proxy.isScriptDone()).isTrue();
    try (Source source = open();
        Held held = fetch(source, source.resolve(Pointer.LATEST, null))) {
      assertThat(held.digest()).isEqualTo(published.digest());
    }
  }

  private static boolean isBodyOf(Request request, String name) {
    return request.method().equals("POST")
        && new String(request.body(), StandardCharsets.ISO_8859_1).contains(name);
  }

  @Test
  void tellsRefusalAbsenceAndTroubleApart() {
    publish(PublishRequest.next(), 1);

    SourceFaults.assertTellsApart(
        proxy, this::open, revision -> assertThat(revision.number()).isEqualTo(1));
  }

  @Test
  void aServerThatAsksForPatienceIsNotAskedAgain() {
    publish(PublishRequest.next(), 1);
    int before = proxy.requests().size();
    proxy.then(new Fault.Status(503, Map.of("Retry-After", "60")));

    try (Source source = open()) {
      assertThatThrownBy(() -> source.resolve(Pointer.LATEST, null))
          .isInstanceOfSatisfying(
              RegistryException.class,
              e -> assertThat(e.retryAfter()).contains(Duration.ofSeconds(60)));
    }
    assertThat(proxy.requests()).hasSize(before + 1);
  }

  @Test
  void aBucketThatDoesNotExistIsNotFound() {
    SourceUri nowhere = SourceUri.parse(bucket() + "-nowhere/fraud");

    try (Source source = provider().open(nowhere, settings())) {
      assertThatThrownBy(() -> source.resolve(Pointer.LATEST, null))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND))
          .hasMessageContaining("nowhere");
    }
  }

  @Test
  void everyRequestGoesThroughTheConfiguredProxy() {
    publish(PublishRequest.next(), 1);
    int before = proxy.requests().size();
    SourceSettings direct = settings(server());

    try (Source source =
        provider()
            .open(
                uri(),
                direct.withNetwork(
                    new Network(
                        direct.network().connectTimeout(),
                        direct.network().readTimeout(),
                        direct.network().retries(),
                        Optional.of(proxy.address()),
                        Optional.empty())))) {
      assertThat(source.resolve(Pointer.LATEST, null).number()).isEqualTo(1);
    }
    assertThat(proxy.requests().subList(before, proxy.requests().size()))
        .isNotEmpty()
        .allMatch(request -> request.path().startsWith(server().toString()));
  }

  @Test
  void onlyAServerWhoseCertificateIsTrustedIsAsked() throws Exception {
    publish(PublishRequest.next(), 1);
    TestCertificate certificate =
        TestCertificate.make(Files.createDirectory(directory.resolve("ours")));
    TestCertificate other =
        TestCertificate.make(Files.createDirectory(directory.resolve("another")));
    try (FaultyServer tls = FaultyServer.start(new Forwarder(server().resolve("/")), certificate)) {
      SourceSettings settings = patient(settings(tls.uri("")), Duration.ofSeconds(20));

      for (Optional<Path> file :
          List.of(Optional.<Path>empty(), Optional.of(other.certificateFile()))) {
        try (Source source = provider().open(uri(), trusting(settings, file))) {
          assertThatThrownBy(() -> source.resolve(Pointer.LATEST, null))
              .isInstanceOfSatisfying(
                  RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TRANSIENT));
        }
      }
      assertThat(tls.requests()).isEmpty();
      try (Source source =
          provider().open(uri(), trusting(settings, Optional.of(certificate.certificateFile())))) {
        assertThat(source.resolve(Pointer.LATEST, null).number()).isEqualTo(1);
      }
    }
  }

  private static SourceSettings trusting(SourceSettings settings, Optional<Path> caFile) {
    Network network = settings.network();
    return settings.withNetwork(
        new Network(
            network.connectTimeout(),
            network.readTimeout(),
            network.retries(),
            network.proxy(),
            caFile));
  }

  @Test
  void worksFromADirectoryOfJarsThatTheClassPathDoesNotHave() throws IOException {
    ClassLoader parent = SeparateJars.withoutSource(provider().getClass().getPackageName());
    Path jars = SeparateJars.write(directory.resolve("sources/" + uri().scheme()));
    Sources sources = Sources.load(parent, Optional.ofNullable(jars.getParent()));
    Path version = Versions.write(directory.resolve("v1"), 1, 1, 1000);
    ClassLoader before = Thread.currentThread().getContextClassLoader();

    try (Publisher publisher = sources.publisher(uri(), settings());
        Source source = sources.open(uri(), settings())) {
      publisher.publish(version, PublishRequest.next(), Progress.NONE);
      assertThat(source.resolve(Pointer.LATEST, null).number()).isEqualTo(1);
    }
    assertThat(Thread.currentThread().getContextClassLoader()).isSameAs(before);
    assertThatThrownBy(() ->
            Sources.load(parent, Optional.of(directory.resolve("none"))).open(uri(), settings()))
        .hasMessageContaining(uri().scheme() + ": needs the jars of");
  }

  @Test
  void anUnknownOptionIsRefused() {
    SourceUri uri = SourceUri.parse(uri() + "?reigon=x");

    assertThatThrownBy(() -> provider().open(uri, settings()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("option reigon");
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
