package dev.skeg.runtime.monitoring;

import static dev.skeg.runtime.monitoring.TestWindows.AMOUNT;
import static dev.skeg.runtime.monitoring.TestWindows.BINS;
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
import dev.skeg.monitor.alert.AlertStore;
import dev.skeg.monitor.alert.ClearedAlerts;
import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.drift.DriftConfig;
import dev.skeg.monitor.drift.DriftState;
import dev.skeg.monitor.drift.EffectFloors;
import dev.skeg.monitor.drift.FeatureVerdict;
import dev.skeg.monitor.drift.VerdictJson;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileJson;
import dev.skeg.monitor.profile.ProfileKey;
import dev.skeg.monitor.profile.RowCounts;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.state.JudgeStates;
import dev.skeg.runtime.state.SqliteAlertStore;
import dev.skeg.runtime.state.StateDatabase;
import dev.skeg.runtime.state.WindowArchive;
import dev.skeg.runtime.telemetry.MonitorMetrics.AlertSample;
import dev.skeg.runtime.telemetry.MonitorMetrics.FailureSample;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@link Monitors} with a real disk and a clock that stands still. */
final class MonitorsTest {
  private static final Judging JUDGING =
      new Judging(DriftConfig.ofWindow(Duration.ofHours(1)), AlertPolicy.DEFAULT, Duration.ZERO);
  private static final AlertPolicy PATIENT =
      new AlertPolicy(3, 3, Duration.ZERO, Duration.ofDays(500), Duration.ofDays(500));
  private static final ProfileKey SEGMENT = KEY.withSegment("eu");
  private static final ProfileKey NEWER = ProfileKey.of(KEY.model(), 2);
  private static final ProfileKey OTHER = ProfileKey.of("other", 1);

  @TempDir static Path libraries;

  @TempDir Path directory;

  private final AtomicLong now = new AtomicLong(START + 100 * HOUR);
  private StateDatabase database;
  private WindowArchive archive;
  private Monitors monitors;

  @BeforeEach
  void open() {
    database = new StateDatabase(directory, libraries);
    archive = new WindowArchive(directory.resolve("profiles"), 100, 1 << 24, 1 << 26);
    monitors = monitors(new SqliteAlertStore(database));
  }

  @AfterEach
  void close() {
    monitors.close();
    database.close();
  }

  private Monitors monitors(AlertStore store) {
    return new Monitors(
        store,
        new JudgeStates(database),
        archive,
        () -> Instant.ofEpochMilli(now.get()),
        Duration.ofMillis(10));
  }

  private Runnable watch(Optional<Baseline> baseline) {
    return monitors.watch(KEY.model(), KEY.version(), JUDGING, baseline, () -> 7, List::of);
  }

  private Optional<FeatureVerdict> verdict(ProfileKey key, int hour) {
    return archive
        .verdict(key, window(hour))
        .map(bytes -> VerdictJson.read(bytes).features().getFirst());
  }

  static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(deadline - System.nanoTime()).isPositive();
      LockSupport.parkNanos(1_000_000);
    }
  }

  @Test
  void aSegmentIsNotHeldAgainstTheBaselineOfTheWhole() {
    watch(Optional.of(baseline()));
    monitors.closed(profile(KEY, 0, .5));
    monitors.closed(profile(SEGMENT, 0, .5));
    monitors.close();

    assertThat(verdict(KEY, 0).orElseThrow().state()).isEqualTo(DriftState.DRIFT);
    assertThat(verdict(SEGMENT, 0).orElseThrow().state()).isEqualTo(DriftState.INSUFFICIENT);
    assertThat(monitors.baseline(SEGMENT)).isEmpty();
    assertThat(monitors.alerts(AlertFilter.open())).extracting(Alert::key).containsExactly(KEY);
  }

  @Test
  void theArmsOfARolloutAreJudgedKeptAndAskedForApart() {
    ProfileKey candidate = new ProfileKey(KEY.model(), KEY.version(), ProfileKey.CANDIDATE, "");
    watch(Optional.of(baseline()));
    monitors.closed(profile(KEY, 0, 0));
    monitors.closed(profile(candidate, 0, .5));
    monitors.close();

    assertThat(verdict(KEY, 0).orElseThrow().state()).isEqualTo(DriftState.OK);
    assertThat(verdict(candidate, 0).orElseThrow().state()).isEqualTo(DriftState.DRIFT);
    assertThat(monitors.alerts(AlertFilter.open()))
        .extracting(Alert::key)
        .containsExactly(candidate);
    assertThat(monitors.metrics().keys())
        .extracting(key -> key.arm() + " " + key.rows())
        .containsExactlyInAnyOrder("stable " + ROWS, "candidate " + ROWS);
    MonitorReader reader = new MonitorReader(monitors);
    for (ProfileKey key : List.of(KEY, candidate)) {
      assertThat(reader.find(new MonitorReader.Query(KEY.model(), "", key.arm(), "", "")))
          .isEqualTo(new MonitorReader.Found.At(key, window(0)));
    }
    assertThat(reader.find(new MonitorReader.Query(KEY.model(), "", "", "", "")))
        .isEqualTo(new MonitorReader.Found.At(KEY, window(0)));
    WindowArchive next = new WindowArchive(directory.resolve("profiles"), 100, 1 << 24, 1 << 26);
    assertThat(next.keys(KEY.model())).containsExactlyInAnyOrder(KEY, candidate);
    assertThat(ProfileJson.read(next.profile(candidate, window(0)).orElseThrow()))
        .isEqualTo(profile(candidate, 0, .5));
  }

  @Test
  void aVersionThatIsLoadedAgainIsWatchedAlthoughTheEarlierLoadGoesAfterwards() {
    Runnable earlier = watch(Optional.empty());
    watch(Optional.of(baseline()));
    earlier.run();
    monitors.closed(profile(KEY, 0, .5));
    monitors.close();

    assertThat(verdict(KEY, 0).orElseThrow().state()).isEqualTo(DriftState.DRIFT);
    assertThat(monitors.metrics().keys()).hasSize(1);
    assertThat(monitors.metrics().failures()).containsExactly(new FailureSample("fraud", "1", 7));
  }

  @Test
  void aBaselineInTheBinsThatAreAlreadyUsedIsTakenUp() {
    watch(Optional.empty());
    monitors.closed(profile(KEY, 0, .5));
    await(() -> verdict(KEY, 0).isPresent());
    watch(Optional.of(baseline()));
    monitors.closed(profile(KEY, 1, .5));
    monitors.close();

    assertThat(verdict(KEY, 0).orElseThrow().state()).isEqualTo(DriftState.INSUFFICIENT);
    assertThat(verdict(KEY, 1).orElseThrow().state()).isEqualTo(DriftState.DRIFT);
  }

  @Test
  void nothingThatBelongsToAVersionThatIsGoneIsHeldOnTo() {
    Runnable whenGone = watch(Optional.empty());
    monitors.closed(profile(KEY, 0, 0));
    whenGone.run(); // While its last window may still wait to be judged.
    monitors.close();

    assertThat(verdict(KEY, 0)).isPresent();
    assertThat(monitors.metrics().keys()).isEmpty();
    assertThat(monitors.isWatched(KEY.model())).isFalse();
    assertThat(new JudgeStates(database).load(KEY.model())).isPresent();
  }

  @Test
  void anAlertOfAModelWithoutTrafficExpires() {
    watch(Optional.of(baseline()));
    monitors.closed(profile(KEY, 0, .5));
    await(() -> !monitors.alerts(AlertFilter.open()).isEmpty());

    now.addAndGet(Duration.ofDays(400).toMillis());

    await(() -> monitors.alerts(AlertFilter.open()).isEmpty());
    await(() -> monitors.metrics().alerts().isEmpty());
  }

  private Runnable watch(ProfileKey key, DriftConfig drift, AlertPolicy alerts) {
    return monitors.watch(
        key.model(),
        key.version(),
        new Judging(drift, alerts, Duration.ZERO),
        Optional.of(baseline()),
        () -> 0,
        List::of);
  }

  @Test
  void anAlertExpiresWhenItsModelsNewestVersionSays() {
    watch(NEWER, JUDGING.drift(), PATIENT);
    watch(KEY, JUDGING.drift(), AlertPolicy.DEFAULT);
    watch(OTHER, JUDGING.drift(), AlertPolicy.DEFAULT);
    monitors.closed(profile(KEY, 0, .5));
    monitors.closed(profile(OTHER, 0, .5));
    await(() -> monitors.alerts(AlertFilter.open()).size() == 2);

    now.addAndGet(Duration.ofDays(400).toMillis());

    await(() -> monitors.alerts(AlertFilter.open()).size() == 1);
    assertThat(monitors.alerts(AlertFilter.open())).extracting(Alert::key).containsExactly(KEY);
  }

  @Test
  void anAlertOfAModelThatIsNotLoadedYetDoesNotExpireAtTheStart() {
    watch(KEY, JUDGING.drift(), PATIENT);
    monitors.closed(profile(KEY, 0, .5));
    await(() -> !monitors.alerts(AlertFilter.open()).isEmpty());
    monitors.close();

    int hour = 10_000;
    now.set(window(hour).startMillis() + HOUR / 2);
    monitors = monitors(new SqliteAlertStore(database));
    Runnable whenGone = watch(OTHER, JUDGING.drift(), AlertPolicy.DEFAULT);
    Profile cut = part(hour, .5);
    monitors.closed(new Profile(OTHER, cut.window(), cut.counts(), cut.features()));
    whenGone.run();
    await(() -> !monitors.isWatched(OTHER.model()));
    now.set(window(hour).endMillis());
    // Judged when what is due has been looked for.
    await(() -> monitors.alerts(AlertFilter.open()).stream().anyMatch(MonitorsTest::isOfOther));
    monitors.close();

    assertThat(monitors.alerts(AlertFilter.open()))
        .extracting(Alert::key)
        .containsExactlyInAnyOrder(KEY, OTHER);
  }

  private static boolean isOfOther(Alert alert) {
    return alert.key().equals(OTHER);
  }

  @Test
  void aModelIsJudgedAsItsNewestVersionSaysWhateverWasLoadedLast() {
    DriftConfig usual = JUDGING.drift();
    DriftConfig blind =
        new DriftConfig(
            usual.falsePagesPerMonth(),
            usual.window(),
            new EffectFloors(9, 9, 9, 9, 9),
            usual.featureFloors(),
            usual.minRows(),
            usual.compatibility());
    Runnable whenGone = watch(NEWER, blind, AlertPolicy.DEFAULT);
    watch(KEY, usual, AlertPolicy.DEFAULT);
    monitors.closed(profile(KEY, 0, .5));
    whenGone.run();
    monitors.closed(profile(KEY, 1, .5));
    monitors.close();

    assertThat(verdict(KEY, 0).orElseThrow().state()).isEqualTo(DriftState.OK);
    assertThat(verdict(KEY, 1).orElseThrow().state()).isEqualTo(DriftState.DRIFT);
  }

  @Test
  void openAlertsAreCountedByTheStateThatTheyAreIn() {
    watch(Optional.of(baseline()));
    monitors.closed(profile(KEY, 0, .5));
    await(() -> !monitors.metrics().alerts().isEmpty());
    assertThat(monitors.metrics().alerts())
        .containsExactly(new AlertSample("fraud", "page", "shift", "raised", 1));
    Alert alert = monitors.alerts(AlertFilter.open()).getFirst();
    assertThat(monitors.alert(alert.id())).contains(alert);
    assertThat(monitors.alert("absent")).isEmpty();

    monitors.acknowledge(alert.id(), "ann", "");

    assertThat(monitors.metrics().alerts())
        .containsExactly(new AlertSample("fraud", "page", "shift", "acknowledged", 1));
  }

  /** A store whose disk fails for a while. */
  private static final class FailingStore extends PassingAlertStore {
    private volatile boolean isFailing;

    @Override
    public List<Alert> find(AlertFilter filter) {
      if (isFailing) {
        throw new ServingException(ErrorCode.UNAVAILABLE, "no disk", new IOException());
      }
      return super.find(filter);
    }
  }

  @Test
  void alertsThatCouldNotBeCountedAtTheStartAreCountedOnceTheDiskIsBack() {
    monitors.close();
    FailingStore store = new FailingStore();
    monitors = monitors(store);
    watch(Optional.of(baseline()));
    monitors.closed(profile(KEY, 0, .5));
    monitors.close();
    store.isFailing = true;
    monitors = monitors(store);
    watch(Optional.of(baseline()));
    assertThat(monitors.metrics().alerts()).isEmpty();

    store.isFailing = false;
    now.addAndGet(HOUR);

    await(() -> !monitors.metrics().alerts().isEmpty());
  }

  @Test
  void whatJudgesRememberIsSavedWithinAMinute() {
    watch(Optional.empty());
    JudgeStates states = new JudgeStates(database);
    monitors.closed(profile(KEY, 0, 0));
    await(() -> states.load(KEY.model()).isPresent());
    byte[] first = states.load(KEY.model()).orElseThrow();

    monitors.closed(profile(KEY, 1, 0));
    await(() -> verdict(KEY, 1).isPresent());
    now.addAndGet(60_000);

    await(() -> states.load(KEY.model()).orElseThrow().length > first.length);
  }

  @Test
  void aVersionGoesOnInTheBinsOfItsLastFullWindowAndANewOneInThoseOfItsInputs() {
    watch(Optional.empty());
    monitors.closed(profile(KEY, 0, 0));
    monitors.close();

    assertThat(monitors.earlierBins("fraud", 1)).containsExactly(Map.entry(AMOUNT, BINS));
    assertThat(monitors.earlierBins("fraud", 2)).containsExactly(Map.entry(AMOUNT, BINS));
    assertThat(monitors.earlierBins("other", 1)).isEmpty();
  }

  @Test
  void binsThatDoNotFitAnyMoreAreLearntAnew() {
    watch(Optional.empty());
    monitors.closed(profile(KEY, 0, 5));
    monitors.close();

    assertThat(monitors.earlierBins("fraud", 1)).isEmpty();
  }

  /** Holds up the judge at the first window until the monitor ends. */
  private static final class SlowStore extends PassingAlertStore {
    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);

    @Override
    public void update(
        ProfileKey key, ClearedAlerts cleared, Function<List<Alert>, List<Alert>> change) {
      reached.countDown();
      try {
        goOn.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      super.update(key, cleared, change);
    }
  }

  @Test
  void whatJudgesRememberIsSavedThoughMoreWindowsWaitThanThereIsTimeFor() throws Exception {
    monitors.close();
    SlowStore store = new SlowStore();
    monitors = monitors(store);
    watch(Optional.empty());
    for (int hour = 0; hour < 50; hour++) {
      monitors.closed(profile(KEY, hour, 0));
    }
    store.reached.await();

    Thread closing = Thread.ofVirtual().start(() -> monitors.close(Duration.ZERO));
    await(monitors::isEnding);
    store.goOn.countDown();
    closing.join();

    assertThat(new JudgeStates(database).load(KEY.model())).isPresent();
    assertThat(monitors.metrics().unjudged()).isEqualTo(49);
  }

  private static Profile empty(int hour) {
    return new Profile(
        KEY, window(hour), RowCounts.NONE, List.of(FeatureProfile.empty(AMOUNT, BINS)));
  }

  @Test
  void peopleAreShownTheLastWindowWithRowsAndProgramsTheLatest() {
    MonitorReader.Query latest = new MonitorReader.Query(KEY.model(), "", "", "", "");
    watch(Optional.of(baseline()));
    for (int hour = 0; hour < 4; hour++) {
      monitors.closed(hour < 2 ? profile(KEY, hour, 0) : empty(hour));
      int closed = hour + 1;
      await(() -> archive.windowsOf(KEY).size() == closed);
      now.addAndGet(1);
    }
    MonitorReader reader = new MonitorReader(monitors);

    MonitorReader.Found.At shown = new MonitorReader.Found.At(KEY, window(1));
    assertThat(reader.findToShow(latest)).isEqualTo(shown);
    assertThat(reader.view(shown).orElseThrow().emptyAfter()).isEqualTo(2);
    MonitorReader.Found.At before = new MonitorReader.Found.At(KEY, window(0));
    assertThat(reader.view(before).orElseThrow().emptyAfter()).isZero();
    assertThat(reader.find(latest)).isEqualTo(new MonitorReader.Found.At(KEY, window(3)));
    FeatureVerdict verdict = verdict(KEY, 3).orElseThrow();
    assertThat(verdict.state()).isEqualTo(DriftState.INSUFFICIENT);
    String third = Long.toString(window(3).startMillis());
    assertThat(reader.findToShow(new MonitorReader.Query(KEY.model(), "", "", "", third)))
        .isEqualTo(new MonitorReader.Found.At(KEY, window(3)));
  }

  @Test
  void aVersionThatNeverHadRowsIsShownAsItIs() {
    watch(Optional.of(baseline()));
    monitors.closed(empty(0));
    monitors.close();

    assertThat(
            new MonitorReader(monitors)
                .findToShow(new MonitorReader.Query(KEY.model(), "", "", "", "latest")))
        .isEqualTo(new MonitorReader.Found.At(KEY, window(0)));
  }

  @Test
  void theWindowThatClosedLastIsTheLatestWhateverItsTime() {
    watch(Optional.empty());
    Profile ahead = profile(KEY, 2_000, 0);
    monitors.closed(ahead);
    await(() -> archive.windowsOf(KEY).size() == 1);
    now.addAndGet(1);
    monitors.closed(profile(KEY, 1, 0));
    await(() -> archive.windowsOf(KEY).size() == 2);
    now.addAndGet(1);
    monitors.closed(profile(SEGMENT, 1, 0));
    monitors.close();

    assertThat(
            new MonitorReader(monitors)
                .find(new MonitorReader.Query(KEY.model(), "", "", "", "latest")))
        .isEqualTo(new MonitorReader.Found.At(KEY, window(1)));
  }
}
