package dev.skeg.registry.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.registry.Artifact;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.Progress;
import dev.skeg.registry.PublishRequest;
import dev.skeg.registry.Published;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.RemoteFile;
import dev.skeg.registry.Revision;
import dev.skeg.registry.Source;
import dev.skeg.registry.SourceSettings;
import dev.skeg.registry.SourceUri;
import dev.skeg.registry.Transfer;
import dev.skeg.registry.published.PublishedSource;
import dev.skeg.registry.testing.Versions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code file:} as a source and as a place to publish to. */
final class FileSourceTest {
  @TempDir Path root;

  @Test
  void theHighestCompleteVersionIsTheLatest() {
    Versions.write(root.resolve("m/9"), 1, 2, 10);
    Versions.write(root.resolve("m/10"), 2, 2, 10);

    Revision latest = source(FileSourceTest::noPause).resolve(Pointer.LATEST, null);

    assertThat(latest.number()).isEqualTo(10);
    assertThat(latest.revision()).startsWith("10@listing:");
    assertThat(source(FileSourceTest::noPause).files(latest))
        .extracting(RemoteFile::path)
        .containsExactly("model.onnx", "weights/w1.bin");
  }

  @Test
  void aVersionThatChangesBetweenTwoLooksIsNotTheLatestYet() {
    Versions.write(root.resolve("m/1"), 1, 1, 10);
    Path growing = Versions.write(root.resolve("m/2"), 2, 1, 10);

    Revision whileGrowing =
        source(time -> append(growing.resolve("model.onnx"))).resolve(Pointer.LATEST, null);
    Revision afterwards = source(FileSourceTest::noPause).resolve(Pointer.LATEST, null);

    assertThat(whileGrowing.number()).isEqualTo(2 - 1);
    assertThat(afterwards.number()).isEqualTo(2);
  }

  private static void append(Path file) {
    try {
      if (file.toString().contains("/2/")) {
        Files.write(file, new byte[20]);
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aVersionMarkedAsIncompleteOrEmptyIsNotSeen() throws IOException {
    Versions.write(root.resolve("m/1"), 1, 1, 10);
    Files.createFile(Versions.write(root.resolve("m/2"), 2, 1, 10).resolve("_INCOMPLETE"));
    Files.createDirectories(root.resolve("m/3"));

    assertThat(source(FileSourceTest::noPause).resolve(Pointer.LATEST, null).number()).isEqualTo(1);
    assertThatThrownBy(() -> source(FileSourceTest::noPause).resolve(Pointer.version(2), null))
        .isInstanceOfSatisfying(
            RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND));
  }

  @Test
  void aLegacyFileThatChangesAfterTheLookIsNotRead() throws IOException {
    Path version = Versions.write(root.resolve("m/1"), 1, 1, 10);
    Source source = source(FileSourceTest::noPause);
    Revision revision = source.resolve(Pointer.LATEST, null);
    RemoteFile file = source.files(revision).getFirst();

    Files.write(version.resolve("model.onnx"), new byte[11]);

    assertThatThrownBy(() -> source.open(revision, file, 0)).hasMessageContaining("changed");
    assertThatThrownBy(() -> source.files(revision)).hasMessageContaining("changed");
  }

  @Test
  void nothingChangedGivesTheSameObjectAgain() {
    publish(PublishRequest.next(), 1);
    Versions.write(root.resolve("m/2"), 2, 1, 10);
    Source source = source(FileSourceTest::noPause);

    for (Pointer pointer : List.of(Pointer.LATEST, Pointer.version(1), Pointer.version(2))) {
      Revision first = source.resolve(pointer, null);
      assertThat(source.resolve(pointer, first)).isSameAs(first);
    }
  }

  @Test
  void publishesWithManifestPointersAndTheNextNumber() throws IOException {
    Pointer prod = Pointer.parse("tag/prod");

    Published first = publish(PublishRequest.next(), 1);
    Published second = publish(new PublishRequest(0, List.of(prod), false), 2);

    assertThat(first.number()).isEqualTo(1);
    assertThat(second.number()).isEqualTo(2);
    assertThat(second.pointers()).containsExactly(prod, Pointer.LATEST);
    Source source = source(FileSourceTest::noPause);
    Revision revision = source.resolve(prod, null);
    assertThat(revision.revision()).isEqualTo(second.revision());
    assertThat(source.resolve(Pointer.parse("revision/" + first.revision()), null).number())
        .isEqualTo(1);
    String digest = first.revision().substring(2);
    assertThat(source.resolve(Pointer.parse("digest/" + digest), null).number()).isEqualTo(1);
    assertThat(Artifact.of(root.resolve("m/2")).digest()).isEqualTo(second.digest());
    RemoteFile file = source.files(revision).getFirst();
    try (Transfer transfer = source.open(revision, file, 4)) {
      assertThat(transfer.offset()).isEqualTo(4);
      assertThat(transfer.in().readAllBytes()).hasSize(96);
    }
    try (var left = Files.list(root.resolve("m"))) {
      assertThat(left.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("1", "2", "_pointers", ".skeg.lock");
    }
  }

  @Test
  void aTakenNumberIsRefusedUnlessItIsTheSameOrForced() {
    publish(new PublishRequest(5, List.of(), false), 1);

    Published again = publish(new PublishRequest(5, List.of(Pointer.parse("tag/x")), false), 1);
    assertThat(again.number()).isEqualTo(5);
    assertThatThrownBy(() -> publish(new PublishRequest(5, List.of(), false), 2))
        .isInstanceOfSatisfying(
            RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CONFLICT));
    Published forced = publish(new PublishRequest(5, List.of(), true), 2);
    assertThat(forced.digest()).isNotEqualTo(again.digest());
    assertThatThrownBy(() ->
            source(FileSourceTest::noPause)
                .resolve(Pointer.parse("revision/" + again.revision()), null))
        .hasMessageContaining("was not replaced");
  }

  @Test
  void latestNeverMovesBackAndImmutablePointersAreNotMoved() {
    publish(new PublishRequest(5, List.of(), false), 1);

    Published older = publish(new PublishRequest(3, List.of(), false), 2);

    assertThat(older.pointers()).isEmpty();
    assertThatThrownBy(() -> publish(new PublishRequest(0, List.of(Pointer.version(3)), false), 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("tag/NAME");
  }

  @Test
  void manyThatPublishAtOnceGetANumberEach() throws Exception {
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Published>> all =
          IntStream.range(0, 8)
              .mapToObj(i -> executor.submit(() -> publish(PublishRequest.next(), i)))
              .toList();
      for (Future<Published> one : all) {
        one.get(60, TimeUnit.SECONDS);
      }
    }

    Revision latest = source(FileSourceTest::noPause).resolve(Pointer.LATEST, null);
    assertThat(latest.number()).isEqualTo(8);
    assertThat(source(FileSourceTest::noPause).files(latest)).hasSize(2);
  }

  @Test
  void aChangeInTheDirectoryIsHinted() throws Exception {
    publish(PublishRequest.next(), 1);
    CountDownLatch hinted = new CountDownLatch(1);

    try (DirectoryChanges changes = DirectoryChanges.watch(root.resolve("m"), hinted::countDown)) {
      publish(PublishRequest.next(), 2);

      assertThat(hinted.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(changes).isNotNull();
    }
  }

  @Test
  void anotherHostOrOptionIsRefused() {
    FileSources sources = new FileSources();

    assertThatThrownBy(
            () -> sources.open(SourceUri.parse("file://host/x"), SourceSettings.defaults()))
        .hasMessageContaining("names host host");
    assertThatThrownBy(() -> sources.open(SourceUri.parse("file:x?a=b"), SourceSettings.defaults()))
        .hasMessageContaining("option a");
  }

  private static void noPause(Duration time) {}

  private SourceUri uri() {
    return SourceUri.parse("file:" + root.resolve("m"));
  }

  private Source source(Consumer<Duration> pause) {
    return new PublishedSource(uri(), new FileTree(root.resolve("m"), 1000), pause);
  }

  private Published publish(PublishRequest request, long seed) {
    Path version = Versions.write(root.resolve("v" + seed), seed, 2, 100);
    return new FileSources()
        .publisher(uri(), SourceSettings.defaults())
        .orElseThrow()
        .publish(version, request, Progress.NONE);
  }
}
