package dev.skeg.registry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.registry.Artifact;
import dev.skeg.registry.Network;
import dev.skeg.registry.Packing;
import dev.skeg.registry.Pointer;
import dev.skeg.registry.Progress;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import dev.skeg.registry.Revision;
import dev.skeg.registry.SizeCaps;
import dev.skeg.registry.disk.FileLocks;
import dev.skeg.registry.signature.Verification;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An {@link ArtifactStore} in a directory of its own. */
final class ArtifactStoreTest {
  @TempDir Path root;
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private int works;
  private final HeavyWork heavy =
      work -> {
        works++;
        work.run();
      };

  @Test
  void aVersionLiesThereByItsDigestReadOnlyAndIsFoundAgainWithoutTheSource() throws IOException {
    MemorySource source = source(1, 2);
    String digest;
    try (Held held = fetch(open(), source)) {
      digest = held.digest();
      assertThat(Artifact.of(held.directory()).digest()).isEqualTo(digest);
      assertThat(held.directory().getFileName()).hasToString(digest.substring(7));
      assertThat(Files.isWritable(held.directory().resolve("model.onnx")) && !isRoot()).isFalse();
    }
    int opened = source.opened.get();

    try (Held again = fetch(open(), source);
        Held found =
            open().find(source.uri(), source.revision(), Verification.NONE).orElseThrow()) {
      assertThat(again.digest()).isEqualTo(digest);
      assertThat(found.record()).isEqualTo(again.record());
    }
    assertThat(source.opened.get()).isEqualTo(opened);
    assertThat(children("staging")).isEmpty();
    assertThat(children("partial")).isEmpty();
  }

  @Test
  void partsThatNobodyCameBackForAreDeletedInTheEnd() throws IOException {
    ArtifactStore store = open();
    Path forgotten = Files.write(root.resolve("partial/0a-old"), bytes(1));
    Path fresh = Files.write(root.resolve("partial/0b-new"), bytes(2));
    Files.setLastModifiedTime(forgotten, FileTime.from(now.minus(Duration.ofDays(8))));
    Files.setLastModifiedTime(fresh, FileTime.from(now.minus(Duration.ofDays(6))));

    assertThat(open().usedBytes()).isEqualTo(1000).isEqualTo(store.usedBytes());

    assertThat(children("partial")).containsExactly("0b-new");
  }

  private static boolean isRoot() {
    return System.getProperty("user.name").equals("root");
  }

  @Test
  void contentsThatVersionsShareAreThereOnceAndComeOnce() {
    MemorySource first = new MemorySource().plain("a", bytes(1)).plain("shared", bytes(9));
    MemorySource second = new MemorySource().plain("b", bytes(2)).plain("shared", bytes(9));
    ArtifactStore store = open();

    fetch(store, first).close();
    fetch(store, second).close();

    assertThat(second.opened.get()).isEqualTo(1);
    assertThat(store.usedBytes()).isEqualTo(3 * 1000);
  }

  @Test
  void contentsThatCameWithoutADigestAreThereOnceToo() throws IOException {
    MemorySource first = new MemorySource().unnamed("a", bytes(1)).unnamed("shared", bytes(9));
    MemorySource second = new MemorySource().unnamed("b", bytes(2)).unnamed("shared", bytes(9));
    ArtifactStore store = open();

    try (Held one = fetch(store, first);
        Held other = fetch(store, second)) {
      assertThat(Files.getAttribute(other.directory().resolve("shared"), "unix:ino"))
          .isEqualTo(Files.getAttribute(one.directory().resolve("shared"), "unix:ino"));
    }
    assertThat(store.usedBytes()).isEqualTo(3 * 1000);
  }

  @Test
  void whatKeepsAProcessorBusyIsDoneWhereTheUserOfTheStoreWants() throws IOException {
    ArtifactStore store = open();
    byte[] tar;
    try (ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        TarArchiveOutputStream out = new TarArchiveOutputStream(bytes)) {
      TarArchiveEntry entry = new TarArchiveEntry("model.onnx");
      entry.setSize(1000);
      out.putArchiveEntry(entry);
      out.write(bytes(1));
      out.closeArchiveEntry();
      out.finish();
      tar = bytes.toByteArray();
    }

    try (Held held = fetch(store, new MemorySource().add("", tar, Packing.TAR))) {
      assertThat(works).as("unpacking").isEqualTo(1);
      store.verify(held.digest());
      assertThat(works).as("reading again").isEqualTo(2);
    }
    MemorySource broken = new MemorySource().add("", bytes(3), Packing.TAR_GZIP);
    assertThatThrownBy(() -> fetch(store, broken)).hasMessageContaining("does not unpack");
  }

  @Test
  void aCopyThatIsSpoiltOnDiskIsReplacedByWhatComesAnew() throws IOException {
    ArtifactStore store = open();
    try (Held held = fetch(store, new MemorySource().unnamed("shared", bytes(9)))) {
      Path file = held.directory().resolve("shared");
      assertThat(file.toFile().setWritable(true)).isTrue();
      Files.write(file, bytes(8));
    }

    MemorySource anew = new MemorySource().unnamed("a", bytes(1)).unnamed("b", bytes(9));
    try (Held held = fetch(store, anew)) {
      store.verify(held.digest());
    }
  }

  @Test
  void whatHasComeOfATransferThatBrokeOffNeedsNoRoomAgain() throws IOException {
    ArtifactStore store = open(2500);
    try (Held _ = fetch(store, source(1, 1))) {
      byte[] content = new byte[1500];
      MemorySource source = new MemorySource().plain("model.onnx", content);
      Path partial =
          new StoreLayout(root)
              .partial(source.uri(), source.revision(), source.files(source.revision()).getFirst());
      Files.write(partial, Arrays.copyOf(content, 1000));

      fetch(store, source).close();

      assertThat(find(store, source)).isTrue();
    }
  }

  @Test
  void manyThatFetchTheSameRevisionTransferItOnce() throws Exception {
    MemorySource source = source(1, 3);
    List<Future<String>> all = new ArrayList<>();
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 8; i++) {
        ArtifactStore store = open();
        all.add(
            executor.submit(() -> {
              try (Held held = fetch(store, source)) {
                return held.digest();
              }
            }));
      }
      for (Future<String> one : all) {
        assertThat(one.get(60, TimeUnit.SECONDS)).isEqualTo(all.getFirst().get());
      }
    }

    assertThat(source.opened.get()).isEqualTo(3);
  }

  @Test
  void evictsTheLeastRecentlyUsedButNeverWhatIsHeld() {
    ArtifactStore store = open(3500);
    MemorySource one = source(1, 1);
    MemorySource two = source(2, 1);
    MemorySource three = source(3, 1);
    Held held = fetch(store, one);
    tick();
    fetch(store, two).close();
    tick();
    fetch(store, three).close();
    tick();
    String twoDigest = digest(store, two);
    tick();
    digest(store, three);

    fetch(store, source(4, 1)).close();

    assertThat(store.find(twoDigest, Verification.NONE)).isEmpty();
    assertThat(find(store, one)).isTrue();
    assertThat(find(store, three)).isTrue();
    held.close();
    tick();
    digest(store, three);
    fetch(store, source(5, 1)).close();
    assertThat(store.usedBytes()).isLessThanOrEqualTo(3500);
    assertThat(find(store, three)).isTrue();
  }

  @Test
  void evictsWhatAStoppedServerServedLastAfterAllElseUnlessNobodyHasUsedItForLong() {
    ArtifactStore store = open(2500);
    MemorySource stable = source(1, 1);
    fetch(store, stable).close();
    store.remember(stable.uri(), Pointer.LATEST, remembered(stable));
    for (int seed = 2; seed <= 4; seed++) {
      tick();
      fetch(store, source(seed, 1)).close();
    }
    assertThat(find(store, stable)).isTrue();
    assertThat(find(store, source(4, 1))).isTrue();

    now = now.plus(Duration.ofDays(31));
    assertThat(find(store, source(4, 1))).isTrue();
    fetch(store, source(5, 1)).close();
    assertThat(find(store, stable)).isFalse();
    assertThat(find(store, source(4, 1))).isTrue();
  }

  @Test
  void whatPointersMeantThatNobodyFollowsGoesOldestFirstBeforeAFetchIsRefused() {
    ArtifactStore store = open(3500);
    ArtifactStore another = open(3500);
    List<MemorySource> served = new ArrayList<>();
    for (int seed = 1; seed <= 3; seed++) {
      MemorySource source = source(seed, 1);
      served.add(source);
      fetch(store, source).close();
      store.remember(source.uri(), Pointer.parse("tag/" + seed), remembered(source));
      tick();
    }
    FileLocks.Lock second = another.follow(served.get(1).uri(), Pointer.parse("tag/2"));

    Held fourth = fetch(store, source(4, 1));
    assertThat(served).map(source -> find(store, source)).containsExactly(false, true, true);
    Held fifth = fetch(store, source(5, 1));
    assertThat(served).map(source -> find(store, source)).containsExactly(false, true, false);
    assertThatThrownBy(() -> fetch(store, source(6, 1)))
        .isInstanceOfSatisfying(
            RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TRANSIENT))
        .hasMessageContaining("has no room for 1000 more");

    now = now.plus(Duration.ofDays(31));
    assertThatThrownBy(() -> fetch(store, source(6, 1))).hasMessageContaining("has no room");
    second.close();
    fetch(store, source(6, 1)).close();
    assertThat(find(store, served.get(1))).isFalse();
    fourth.close();
    fifth.close();
  }

  @Test
  void whatIsFollowedCountsAsUsedSinceItsFollowerMayBeKilled() throws IOException {
    ArtifactStore store = open(1500);
    MemorySource source = source(1, 1);
    String digest;
    try (Held held = fetch(store, source)) {
      digest = held.digest();
    }
    store.remember(source.uri(), Pointer.LATEST, remembered(source));
    now = now.plus(Duration.ofDays(31));

    try (FileLocks.Lock _ = store.follow(source.uri(), Pointer.LATEST)) {
      assertThatThrownBy(() -> fetch(store, source(2, 1))).hasMessageContaining("has no room");
    }

    Path record = root.resolve("versions/" + digest.substring(7) + ".json");
    assertThat(Files.getLastModifiedTime(record)).isEqualTo(FileTime.from(now));
  }

  private static Remembered remembered(MemorySource source) {
    return new Remembered(source.revision(), List.of());
  }

  @Test
  void whatIsHeldCountsAsUsedUntilThen() {
    ArtifactStore store = open(2500);
    MemorySource stable = source(1, 1);
    Held held = fetch(store, stable);
    store.remember(stable.uri(), Pointer.LATEST, new Remembered(stable.revision(), List.of()));

    now = now.plus(Duration.ofDays(31));
    held.close();
    fetch(store, source(2, 1)).close();
    fetch(store, source(3, 1)).close();

    assertThat(find(store, stable)).isTrue();
  }

  @Test
  void whatTheEvictorFindsHeldCountsAsUsedThenSinceItsHolderMayBeKilled() throws IOException {
    ArtifactStore store = open(1500);
    try (Held held = fetch(store, source(1, 1))) {
      now = now.plus(Duration.ofDays(31));
      assertThatThrownBy(() -> fetch(store, source(2, 1))).hasMessageContaining("has no room");

      Path record = root.resolve("versions/" + held.digest().substring(7) + ".json");
      assertThat(Files.getLastModifiedTime(record)).isEqualTo(FileTime.from(now));
    }
  }

  @Test
  void aVersionThatDoesNotFitBesideWhatIsHeldIsRefusedForNow() {
    ArtifactStore store = open(2500);
    try (Held held = fetch(store, source(1, 2))) {
      assertThatThrownBy(() -> fetch(store, source(2, 1)))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TRANSIENT))
          .hasMessageContaining("budget of 2500 bytes");
      assertThat(Artifact.of(held.directory()).digest()).isEqualTo(held.digest());
    }
    fetch(store, source(2, 1)).close();
  }

  @Test
  void aVersionSpoiltOnDiskIsFoundOutTakenOutAndFetchedAgain() throws IOException {
    ArtifactStore store = open();
    MemorySource source = source(1, 2);
    try (Held held = fetch(store, source)) {
      store.verify(held.digest());
      Path file = held.directory().resolve("model.onnx");
      assertThat(file.toFile().setWritable(true)).isTrue();
      byte[] content = Files.readAllBytes(file);
      content[5] ^= 1;
      Files.write(file, content);

      assertThatThrownBy(() -> store.verify(held.digest()))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID))
          .hasMessageContaining("model.onnx is missing or changed");
      assertThat(store.find(held.digest(), Verification.NONE)).isEmpty();
    }
    try (Held again = fetch(store, source)) {
      store.verify(again.digest());
    }
  }

  @Test
  void aFileTooManyIsFoundOut() throws IOException {
    ArtifactStore store = open();
    try (Held held = fetch(store, source(1, 1))) {
      Files.writeString(held.directory().resolve("extra"), "x");

      assertThatThrownBy(() -> store.verify(held.digest()))
          .hasMessageContaining("does not belong to it");
    }
  }

  @Test
  void quarantineOutlivesARestartAndEndsByPardon() {
    MemorySource source = source(1, 1);
    String digest;
    try (Held held = fetch(open(), source)) {
      digest = held.digest();
    }
    open().quarantine(digest, "golden set differs");

    assertThat(open().quarantined(digest)).contains("golden set differs");
    assertThatThrownBy(() -> fetch(open(), source))
        .isInstanceOfSatisfying(
            RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID))
        .hasMessageContaining("golden set differs");
    open().pardon(source.uri(), source.revision());
    fetch(open(), source).close();
  }

  @Test
  void anUnsafeRevisionIsNotTransferredTwice() {
    MemorySource source = new MemorySource().plain("a", bytes(1)).plain("A", bytes(2));

    assertThatThrownBy(() -> fetch(open(), source)).hasMessageContaining("comes twice");
    int opened = source.opened.get();
    assertThatThrownBy(() -> fetch(open(), source)).hasMessageContaining("in quarantine");

    assertThat(source.opened.get()).isEqualTo(opened);
    open().pardon(source.uri(), source.revision());
    assertThatThrownBy(() -> fetch(open(), source)).hasMessageContaining("comes twice");
  }

  @Test
  void capsAreHeldBeforeAnythingIsTransferred() {
    MemorySource source = source(1, 3);
    SizeCaps caps = new SizeCaps(2, 1 << 20, 1 << 20, 10, 10);

    assertThatThrownBy(() ->
            fetch(
                ArtifactStore.open(root, new StoreConfig(Long.MAX_VALUE, caps, retries())), source))
        .hasMessageContaining("has 3 files (expected: 1 to 2)");
    assertThat(source.opened.get()).isZero();
  }

  @Test
  void whatAPointerMeantIsKnownAfterARestart() {
    MemorySource source = source(1, 1);
    Remembered remembered =
        new Remembered(
            new Revision("r", 7, "\"e\"", Map.of("author", "ann")),
            List.of(new Revision("p", 0, "", Map.of()), new Revision("q", 6, "", Map.of())));

    open().remember(source.uri(), Pointer.parse("tag/prod"), remembered);

    assertThat(open().lastKnown(source.uri(), Pointer.parse("tag/prod"))).contains(remembered);
    assertThat(open().lastKnown(source.uri(), Pointer.LATEST)).isEmpty();
  }

  @Test
  void whatDeadProcessesLeftIsCleanedUpWhenTheStoreIsOpened() throws IOException {
    fetch(open(), source(1, 1)).close();
    Files.createDirectories(root.resolve("staging/dead/tree"));
    Files.writeString(root.resolve("staging/dead/tree/half"), "x");
    Files.createFile(root.resolve("staging/dead.lock"));
    Files.createDirectories(root.resolve("staging/trash-1/x"));
    Files.writeString(root.resolve("versions/" + "0".repeat(64) + ".json"), "{}");

    open();

    assertThat(children("staging")).isEmpty();
    assertThat(root.resolve("versions/" + "0".repeat(64) + ".json")).doesNotExist();
  }

  @Test
  void anUnsignedVersionIsRefusedWhereASignatureIsRequiredThoughItIsHere() throws IOException {
    MemorySource source = source(1, 1);
    fetch(open(), source).close();
    Verification required = Verification.byKey(root.resolve("key.pem"));

    assertThatThrownBy(() -> open().fetch(source, source.revision(), required, Progress.NONE))
        .isInstanceOfSatisfying(
            RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID))
        .hasMessageContaining("is not signed");
  }

  private ArtifactStore open() {
    return open(Long.MAX_VALUE);
  }

  private ArtifactStore open(long maxBytes) {
    return ArtifactStore.open(
        root,
        new StoreConfig(maxBytes, SizeCaps.defaults(), retries()),
        () -> now,
        time -> {},
        heavy);
  }

  private static Network.Retries retries() {
    return Network.defaults().retries();
  }

  private void tick() {
    now = now.plusSeconds(1);
  }

  private Held fetch(ArtifactStore store, MemorySource source) {
    return store.fetch(source, source.revision(), Verification.NONE, Progress.NONE);
  }

  private static String digest(ArtifactStore store, MemorySource source) {
    try (Held held = store.find(source.uri(), source.revision(), Verification.NONE).orElseThrow()) {
      return held.digest();
    }
  }

  private static boolean find(ArtifactStore store, MemorySource source) {
    var held = store.find(source.uri(), source.revision(), Verification.NONE);
    held.ifPresent(Held::close);
    return held.isPresent();
  }

  private List<String> children(String directory) throws IOException {
    try (var children = Files.list(root.resolve(directory))) {
      return children.map(path -> path.getFileName().toString()).toList();
    }
  }

  private static MemorySource source(long seed, int files) {
    MemorySource source = new MemorySource();
    for (int i = 0; i < files; i++) {
      source.plain(i == 0 ? "model.onnx" : "w/" + i, bytes(seed * 100 + i));
    }
    return source;
  }

  private static byte[] bytes(long seed) {
    byte[] bytes = new byte[1000];
    new Random(seed).nextBytes(bytes);
    System.arraycopy(
        Long.toString(seed).getBytes(StandardCharsets.UTF_8),
        0,
        bytes,
        0,
        Long.toString(seed).length());
    return bytes;
  }
}
