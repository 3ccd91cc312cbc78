package dev.skeg.runtime.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.Window;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.state.WindowArchive.Kept;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A {@link WindowArchive} of at most three windows or 100 bytes a key, and 150 a model. */
final class WindowArchiveTest {
  private static final ProfileKey KEY = ProfileKey.of("fraud", 3);

  @TempDir Path directory;

  private WindowArchive open() {
    return new WindowArchive(directory, 3, 100, 150);
  }

  private static Window window(int number) {
    return new Window(number * 1_000L, (number + 1) * 1_000L);
  }

  private static void keep(WindowArchive archive, ProfileKey key, int number) {
    archive.keep(key, window(number), new byte[] {1, (byte) number}, new byte[] {2}, number);
  }

  @Test
  void givesBackWhatItKeepsAlsoToTheNextProcess() {
    keep(open(), KEY, 5);

    for (WindowArchive archive : List.of(open(), open())) {
      assertThat(archive.profile(KEY, window(5)).orElseThrow()).containsExactly(1, 5);
      assertThat(archive.verdict(KEY, window(5)).orElseThrow()).containsExactly(2);
      assertThat(archive.at(KEY, 5_999)).contains(window(5));
      assertThat(archive.at(KEY, 6_000)).isEmpty();
      assertThat(archive.at(KEY, 4_999)).isEmpty();
      assertThat(archive.lastClosed(KEY)).extracting(Kept::window).containsExactly(window(5));
      assertThat(archive.keys("fraud")).containsExactly(KEY);
    }
  }

  @Test
  void theFirstToCloseGoFirstWhateverTheirTimes() {
    WindowArchive archive = open();
    for (int closed = 1; closed <= 4; closed++) {
      int number = closed == 2 ? 1_000_000 : closed == 4 ? 1 : 10 + closed;
      archive.keep(KEY, window(number), new byte[1], new byte[1], closed);
    }

    for (WindowArchive each : List.of(archive, open())) {
      assertThat(each.lastClosed(KEY))
          .extracting(Kept::window)
          .containsExactly(window(1), window(13), window(1_000_000));
    }
  }

  @Test
  void theBytesOfAModelAreBoundedOverAllItsVersions() {
    WindowArchive archive = open();
    for (int version = 1; version <= 4; version++) {
      ProfileKey key = ProfileKey.of("fraud", version);
      archive.keep(key, window(1), new byte[20], new byte[5], 10L * version);
      archive.keep(key, window(2), new byte[20], new byte[5], 10L * version + 1);
    }
    archive.keep(ProfileKey.of("other", 1), window(1), new byte[90], new byte[5], 1);
    archive.release("fraud", 2);

    archive.prune("fraud");

    for (WindowArchive each : List.of(archive, open())) {
      assertThat(each.keys("fraud")).extracting(ProfileKey::version).containsOnly(2L, 3L, 4L);
      assertThat(each.windowsOf(ProfileKey.of("other", 1))).hasSize(1);
    }
    assertThat(directory.resolve("fraud/1~stable~")).doesNotExist();
  }

  @Test
  void aWindowOfAnotherLengthTakesThePlaceOfTheOneThatBeganWithIt() throws IOException {
    WindowArchive archive = open();
    keep(archive, KEY, 2);
    Window longer = new Window(2_000, 9_000);
    archive.keep(KEY, longer, new byte[1], new byte[1], 5);

    assertThat(archive.windowsOf(KEY)).containsExactly(longer);
    assertThat(open().windowsOf(KEY)).containsExactly(longer);
  }

  @Test
  void ofThoseThatClosedTogetherTheOldestGoFirst() throws IOException {
    WindowArchive archive = open();
    for (int number : List.of(4, 2, 6, 3, 5)) {
      archive.keep(KEY, window(number), new byte[1], new byte[1], 7);
    }

    assertThat(archive.windowsOf(KEY)).containsExactly(window(4), window(5), window(6));
    assertThat(open().windowsOf(KEY)).containsExactly(window(4), window(5), window(6));
    assertThat(archive.profile(KEY, window(2))).isEmpty();
    try (Stream<Path> files = Files.walk(directory).filter(Files::isRegularFile)) {
      assertThat(files).hasSize(6);
    }
  }

  @Test
  void bytesAreBoundedTooAndTheNewestIsAlwaysKept() {
    WindowArchive archive = open();
    archive.keep(KEY, window(1), new byte[60], new byte[10], 1);
    archive.keep(KEY, window(2), new byte[60], new byte[10], 2);
    assertThat(archive.windowsOf(KEY)).containsExactly(window(2));

    archive.keep(KEY, window(3), new byte[600], new byte[10], 3);
    assertThat(open().windowsOf(KEY)).containsExactly(window(3));
  }

  @Test
  void namesAreNoPaths() {
    WindowArchive archive = open();
    ProfileKey odd = new ProfileKey("../team/modèle ~1", 3, "stable", "a/b ~c");
    keep(archive, odd, 1);
    keep(archive, new ProfileKey("..", 3, "stable", ""), 1);

    assertThat(open().keys("../team/modèle ~1")).containsExactly(odd);
    assertThat(directory.resolveSibling("team")).doesNotExist();
    assertThat(open().keys("..")).hasSize(1);
    assertThat(open().keys("absent")).isEmpty();
  }

  @Test
  void whatIsHalfWrittenIsNotThere() throws IOException {
    keep(open(), KEY, 1);
    Path own = directory.resolve("fraud").resolve("3~stable~");
    Files.write(own.resolve("2000-3000.profile"), new byte[4]);
    Files.write(own.resolve("3000-4000.verdict.part"), new byte[4]);

    assertThat(open().windowsOf(KEY)).containsExactly(window(1));
  }

  @Test
  void aDiskThatFailsIsNamed() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "");
    WindowArchive archive = new WindowArchive(file, 3, 100, 150);

    assertThatThrownBy(() -> keep(archive, KEY, 1))
        .isInstanceOf(ServingException.class)
        .hasMessageContaining("expected: a data directory that can be written");
  }
}
