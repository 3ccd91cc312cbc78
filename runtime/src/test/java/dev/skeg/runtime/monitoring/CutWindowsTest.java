package dev.skeg.runtime.monitoring;

import static dev.skeg.runtime.monitoring.MonitorsTest.await;
import static dev.skeg.runtime.monitoring.TestWindows.BINS;
import static dev.skeg.runtime.monitoring.TestWindows.HOUR;
import static dev.skeg.runtime.monitoring.TestWindows.KEY;
import static dev.skeg.runtime.monitoring.TestWindows.ROWS;
import static dev.skeg.runtime.monitoring.TestWindows.START;
import static dev.skeg.runtime.monitoring.TestWindows.baseline;
import static dev.skeg.runtime.monitoring.TestWindows.feature;
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
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileJson;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.RowCounts;
import dev.skeg.runtime.state.JudgeStates;
import dev.skeg.runtime.state.SqliteAlertStore;
import dev.skeg.runtime.state.StateDatabase;
import dev.skeg.runtime.state.WindowArchive;
import dev.skeg.runtime.telemetry.MonitorMetrics.KeySample;
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
    return watch(Duration.ZERO);
  }

  private Runnable watch(Duration allowedLateness) {
    return monitors.watch(
        KEY.model(),
        KEY.version(),
        new Judging(
            DriftConfig.ofWindow(Duration.ofHours(1)), AlertPolicy.DEFAULT, allowedLateness),
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

  @Test
  void aWindowWhoseRestNeverComesSinceTheServerWasDownIsJudgedAfterTheNextStart() {
    watch();
    monitors.closed(part(0, .5));
    monitors.close();

    now.set(START + 5 * HOUR);
    start();
    watch();
    ProfileKey segment = KEY.withSegment("eu");
    monitors.closed(profile(segment, 4, 0));
    await(() -> archive.verdict(segment, window(4)).isPresent());
    assertThat(monitors.alerts(AlertFilter.open())).isEmpty(); // Its rest is still waited for.
    now.addAndGet(600_000);

    await(() -> !monitors.alerts(AlertFilter.open()).isEmpty());
    assertThat(monitors.alerts(AlertFilter.open()))
        .extracting(Alert::raisedIn)
        .containsExactly(window(0));
    await(() -> windows() == 2);
    assertThat(rows()).isEqualTo(ROWS); // Of the segment: the others were counted before the stop.
  }

  @Test
  void aWindowIsJudgedAtItsEndThoughItsRestDoesNotComeAfterARestartWithinIt() {
    watch();
    monitors.closed(part(0, .5));
    monitors.close();

    start();
    watch();
    ProfileKey segment = KEY.withSegment("eu");
    monitors.closed(profile(segment, -1, 0));
    await(() -> archive.verdict(segment, window(-1)).isPresent());
    now.set(START + HOUR + 60_000);

    await(() -> !monitors.alerts(AlertFilter.open()).isEmpty());
  }

  @Test
  void aWindowThatHasBeenJudgedIsNotJudgedAgainAfterAStart() {
    watch();
    now.set(START + HOUR);
    monitors.closed(part(0, .5)); // Watched from amid it to its end.
    monitors.close();

    start();
    watch();
    now.set(START + 2 * HOUR);
    monitors.closed(profile(KEY, 1, 0));
    monitors.close();

    assertThat(windows()).isEqualTo(1);
  }

  @Test
  void aWindowThatWasCutLongAgoTellsNobodyAnything() {
    watch();
    monitors.closed(part(0, .5));
    monitors.close();

    now.set(START + HOUR + Duration.ofDays(8).toMillis());
    start();
    watch();
    monitors.closed(profile(KEY, 24 * 8, 0));
    monitors.close();

    assertThat(monitors.alerts(AlertFilter.open())).isEmpty();
  }

  @Test
  void theRestOfAWindowIsWaitedForAsLongAsRowsMayBeLate() {
    Duration lateness = Duration.ofMinutes(30);
    watch(lateness);
    now.set(START + HOUR + lateness.toMillis() - 1);
    monitors.closed(part(0, .5));
    monitors.close();
    assertThat(monitors.alerts(AlertFilter.open())).isEmpty();

    start();
    watch(lateness);
    now.addAndGet(1);
    monitors.closed(profile(KEY, 0, .5));
    monitors.close();

    assertThat(verdict().orElseThrow().rows()).isEqualTo(2 * ROWS);
    assertThat(monitors.alerts(AlertFilter.open())).hasSize(1);
  }

  @Test
  void aWindowInTwoPartsIsCountedOnceAndItsRowsAll() {
    watch();
    monitors.closed(part(0, 0));
    await(() -> rows() == ROWS);
    assertThat(windows()).isZero();
    watch();
    now.set(START + HOUR);
    monitors.closed(part(0, 0));
    await(() -> rows() == 2 * ROWS);

    assertThat(windows()).isEqualTo(1);
  }

  @Test
  void recordedTrafficThatIsPlayedBackStandsInPlaceOfWhatWasKept() {
    watch();
    now.set(START + HOUR);
    monitors.closed(part(0, 0)); // The version was loaded amid the window.
    monitors.close();

    now.set(START + 5 * HOUR);
    start();
    watch();
    monitors.closed(profile(KEY, 0, .5));
    monitors.close();

    assertThat(ProfileJson.read(archive.profile(KEY, window(0)).orElseThrow()))
        .isEqualTo(profile(KEY, 0, .5));
  }

  @Test
  void aFewRowsThatComeAfterARestartDoNotStandInPlaceOfTheirWindow() {
    watch();
    now.set(START + HOUR);
    monitors.closed(profile(KEY, 0, 0));
    monitors.close();

    start();
    watch();
    Profile late =
        new Profile(KEY, window(0), RowCounts.of(100), List.of(feature(BINS, 100, 1, .5)));
    monitors.closed(late);
    monitors.close();

    assertThat(verdict().orElseThrow().rows()).isEqualTo(ROWS);
    assertThat(rows()).isZero();
    assertThat(windows()).isZero();
    assertThat(monitors.metrics().keys()).extracting(KeySample::late).containsExactly(100L);
  }

  private long windows() {
    return monitors.metrics().keys().stream().mapToLong(KeySample::windows).sum();
  }

  private long rows() {
    return monitors.metrics().keys().stream().mapToLong(KeySample::rows).sum();
  }
}
