package dev.skeg.runtime.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Loads of a version that has ended as many processes as it may. */
final class LoadAttemptsTest {
  private static final String DIGEST = "sha256:aa";

  @TempDir Path directory;

  private final LoadTurns turns = new LoadTurns();
  private LoadAttempts attempts;

  @BeforeEach
  void die() throws IOException {
    attempts = new LoadAttempts(directory, turns);
    die("sha256-aa");
  }

  /**
   * Processes have ended while they loaded a version: their locks are gone, their files are not.
   */
  private void die(String version) throws IOException {
    for (int deaths = 0; deaths < LoadAttempts.MOST_DEATHS; deaths++) {
      Files.createFile(directory.resolve(version + "." + deaths));
    }
  }

  @Test
  void aLoadThatShowsNothingForgetsNoDeath() {
    attempts.begin(DIGEST).end(false);

    assertThat(attempts.isDeadly(DIGEST)).isTrue();
  }

  @Test
  void aLoadThatTheProcessSurvivedForgetsTheDeathsBeforeIt() {
    attempts.begin(DIGEST).end(true);

    assertThat(directory).isEmptyDirectory();
    assertThat(attempts.isDeadly(DIGEST)).isFalse();
  }

  @Test
  void nothingIsForgottenOnceTheServerStops() {
    var before = attempts.begin(DIGEST);
    attempts.close();

    before.end(true);
    attempts.begin(DIGEST).end(true);

    assertThat(attempts.isDeadly(DIGEST)).isTrue();
  }

  @Test
  void aLoadThatCannotBeWrittenDownForgetsDeathsOnlyIfItIsSurvived() throws IOException {
    String tooLong = "a".repeat(240); // With what makes it unique, no file's name may be so long.
    die(tooLong);

    attempts.begin(tooLong).end(false);
    assertThat(attempts.isDeadly(tooLong)).isTrue();

    attempts.begin(tooLong).end(true);
    assertThat(attempts.isDeadly(tooLong)).isFalse();
    die(tooLong);
    var last = attempts.begin(tooLong);
    attempts.close();
    last.end(true);
    assertThat(attempts.isDeadly(tooLong)).isTrue();
  }

  @Test
  void whatIsThrownHindersNoLoad() {
    String impossible = "a\0b"; // No path may have that.

    attempts.begin(impossible).end(true);

    assertThat(attempts.isDeadly(DIGEST)).isTrue();
  }

  @Test
  void aVersionWithDeathsIsLoadedAlone() throws InterruptedException {
    LoadAttempts other = new LoadAttempts(directory.resolve("other"), turns);
    var one = other.begin("sha256:bb");
    var two = other.begin("sha256:cc"); // Those without stand side by side.

    Thread alone = waiting(() -> attempts.begin(DIGEST).end(false));
    assertThat(directory.resolve("other")).isDirectoryContaining("glob:**cc.*");
    one.end(true);
    two.end(true);
    alone.join();

    var suspect = attempts.begin(DIGEST);
    Thread behind = waiting(() -> other.begin("sha256:bb").end(true));
    assertThat(directory.resolve("other")).isEmptyDirectory();
    suspect.end(true);
    behind.join();

    var survivor = attempts.begin(DIGEST);
    other.begin("sha256:bb").end(true);
    survivor.end(true);
  }

  /** Starts a thread and returns it once it waits. */
  private static Thread waiting(Runnable task) {
    Thread thread = Thread.ofPlatform().daemon().start(task);
    while (thread.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    return thread;
  }
}
