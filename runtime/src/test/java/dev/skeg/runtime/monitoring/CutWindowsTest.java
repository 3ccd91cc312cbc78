package dev.skeg.runtime.monitoring;

import static dev.skeg.runtime.monitoring.MonitorsTest.await;
import static dev.skeg.runtime.monitoring.TestWindows.HOUR;
import static dev.skeg.runtime.monitoring.TestWindows.KEY;
import static dev.skeg.runtime.monitoring.TestWindows.ROWS;
import static dev.skeg.runtime.monitoring.TestWindows.START;
import static dev.skeg.runtime.monitoring.TestWindows.baseline;
import static dev.skeg.runtime.monitoring.TestWindows.part;
import static dev.skeg.runtime.monitoring.TestWindows.profile;
import static dev.skeg.runtime.monitoring.TestWindows.window;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.monitor.alert.Alert;
import dev.skeg.monitor.alert.AlertFilter;
import dev.skeg.monitor.alert.AlertPolicy;
import dev.skeg.monitor.drift.DriftConfig;
import dev.skeg.monitor.drift.DriftState;
import dev.skeg.monitor.drift.VerdictJson;
import dev.skeg.monitor.drift.WindowVerdict;
import dev.skeg.monitor.profile.ProfileJson;
import dev.skeg.runtime.state.JudgeStates;
import dev.skeg.runtime.state.SqliteAlertStore;
import dev.skeg.runtime.state.StateDatabase;
import dev.skeg.runtime.state.WindowArchive;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@link Monitors} of windows that close before their end, with a clock that stands still. */
final class CutWindowsTest {
  @TempDir static Path libraries;

  @TempDir Path directory;

  private final AtomicLong now = new AtomicLong(START + HOUR / 2);
  private StateDatabase database;
  private WindowArchive archive;
  private Monitors monitors;

  @BeforeEach
  void open() {
    database = new StateDatabase(directory, libraries);
    start();
  }

  @AfterEach
  void close() {
    monitors.close();
    database.close();
  }

  private void start() {
    archive = new WindowArchive(directory.resolve("profiles"), 100, 1 << 24, 1 << 26);
    monitors =
        new Monitors(
            new SqliteAlertStore(database),
            new JudgeStates(database),
            archive,
            () -> Instant.ofEpochMilli(now.get()),
            Duration.ofMillis(10));
  }

  private Runnable watch() {
    return monitors.watch(
        KEY.model(),
        KEY.version(),
        new Judging(DriftConfig.ofWindow(Duration.ofHours(1)), AlertPolicy.DEFAULT),
        Optional.of(baseline()),
        () -> 0,
        List::of);
  }

  private Optional<WindowVerdict> verdict() {
    return archive.verdict(KEY, window(0)).map(VerdictJson::read);
  }

  @Test
  void aWindowThatARestartCutsInTwoIsJudgedOnceAndWhole() {
    Runnable whenGone = watch();
    monitors.closed(part(0, .5));
    whenGone.run();
    monitors.close();
    assertThat(verdict().orElseThrow().features().getFirst().state()).isEqualTo(DriftState.DRIFT);
    assertThat(monitors.alerts(AlertFilter.open())).isEmpty();

    start();
    watch();
    now.set(START + HOUR + 1_000);
    monitors.closed(part(0, .5));
    monitors.close();

    byte[] kept = archive.profile(KEY, window(0)).orElseThrow();
    assertThat(ProfileJson.read(kept).rows()).isEqualTo(2 * ROWS);
    assertThat(verdict().orElseThrow().rows()).isEqualTo(2 * ROWS);
    assertThat(monitors.alerts(AlertFilter.open())).hasSize(1);
  }

  @Test
  void aWindowWhoseVersionIsGoneIsJudgedAtItsEnd() {
    Runnable whenGone = watch();
    monitors.closed(part(0, .5));
    whenGone.run();
    await(() -> !monitors.isWatched(KEY.model()));
    assertThat(monitors.alerts(AlertFilter.open())).isEmpty();

    now.set(START + HOUR);

    await(() -> !monitors.alerts(AlertFilter.open()).isEmpty());
  }

  @Test
  void aWindowWhoseRestHasNoRowsIsJudgedBeforeTheNextOne() {
    watch();
    monitors.closed(part(0, .5));
    await(() -> verdict().isPresent());

    now.set(START + HOUR + 1_000); // Its rest is still waited for.
    monitors.closed(profile(KEY, 1, 0));
    monitors.close();

    assertThat(monitors.alerts(AlertFilter.open()))
        .extracting(Alert::raisedIn)
        .containsExactly(window(0));
  }

  @Test
  void ofSeveralWindowsThatAreCutAtOnceEachIsJudgedAtItsEnd() {
    Runnable whenGone = watch();
    monitors.closed(part(0, .5));
    monitors.closed(part(1, 0)); // Of rows whose times are ahead of the clock.
    whenGone.run();
    await(() -> !monitors.isWatched(KEY.model()));

    now.set(START + HOUR);

    await(() -> !monitors.alerts(AlertFilter.open()).isEmpty());
    assertThat(monitors.alerts(AlertFilter.open()))
        .extracting(Alert::raisedIn)
        .containsExactly(window(0));
  }
}
