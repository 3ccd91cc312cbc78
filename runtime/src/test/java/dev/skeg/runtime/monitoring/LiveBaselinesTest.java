package dev.skeg.runtime.monitoring;

import static dev.skeg.runtime.monitoring.TestWindows.HOUR;
import static dev.skeg.runtime.monitoring.TestWindows.KEY;
import static dev.skeg.runtime.monitoring.TestWindows.START;
import static dev.skeg.runtime.monitoring.TestWindows.window;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.monitor.alert.AlertPolicy;
import dev.skeg.monitor.alert.MemoryAlertStore;
import dev.skeg.monitor.baseline.Baseline;
import dev.skeg.monitor.baseline.BlockVariation;
import dev.skeg.monitor.baseline.FeatureBaseline;
import dev.skeg.monitor.baseline.Seasons;
import dev.skeg.monitor.drift.DriftConfig;
import dev.skeg.monitor.profile.DistinctEstimate;
import dev.skeg.monitor.profile.FeatureProfile;
import dev.skeg.monitor.profile.HeavyValues;
import dev.skeg.monitor.profile.Moments;
import dev.skeg.monitor.profile.NumericBins;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.Reservoir;
import dev.skeg.monitor.profile.RowCounts;
import dev.skeg.monitor.record.Centroid;
import dev.skeg.monitor.record.FeatureSpec;
import dev.skeg.monitor.record.FeatureSpec.Kind;
import dev.skeg.monitor.record.FeatureSpec.Role;
import dev.skeg.monitor.record.VectorSummary;
import dev.skeg.runtime.state.JudgeStates;
import dev.skeg.runtime.state.StateDatabase;
import dev.skeg.runtime.state.WindowArchive;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Baselines of windows with an embedding's summary. */
final class LiveBaselinesTest {
  private static final int ROWS = 600;
  private static final NumericBins BINS = new NumericBins(new double[0], new double[] {0, 1, 2});
  private static final NumericBins OTHER = new NumericBins(new double[0], new double[] {0, .5, 2});

  @TempDir static Path libraries;

  @TempDir Path directory;

  private final Centroid centroid = centroid("e");
  private StateDatabase database;
  private WindowArchive archive;
  private Monitors monitors;

  @BeforeEach
  void open() {
    database = new StateDatabase(directory, libraries);
    archive = new WindowArchive(directory.resolve("profiles"), 100, 1 << 24, 1 << 26);
    monitors =
        new Monitors(
            new MemoryAlertStore(10),
            new JudgeStates(database),
            archive,
            () -> Instant.ofEpochMilli(START + 100 * HOUR));
  }

  @AfterEach
  void close() {
    monitors.close();
    database.close();
  }

  private static Centroid centroid(String tensor) {
    float[] mean = new float[16];
    Arrays.fill(mean, .5f);
    return new Centroid(Role.INPUT, tensor, mean);
  }

  private static FeatureProfile feature(String name, NumericBins bins) {
    double[] values = new double[ROWS];
    Arrays.setAll(values, i -> (i + .5) / ROWS);
    long[] counts = new long[bins.size()];
    for (double value : values) {
      counts[bins.binOf(value)]++;
    }
    return new FeatureProfile(
        new FeatureSpec(name, Role.INPUT, Kind.NUMERIC),
        bins,
        counts,
        Moments.of(values),
        DistinctEstimate.EMPTY,
        HeavyValues.NONE,
        Reservoir.EMPTY);
  }

  private static List<FeatureProfile> features(boolean hasDistance) {
    return VectorSummary.names("e", hasDistance).stream().map(name -> feature(name, BINS)).toList();
  }

  private static Baseline baseline(List<FeatureProfile> features, Centroid... centroids) {
    return new Baseline(
        ROWS,
        Optional.empty(),
        HOUR,
        features.stream()
            .map(whole -> new FeatureBaseline(whole, Seasons.NONE, BlockVariation.NONE))
            .toList(),
        List.of(centroids));
  }

  /** A baseline of one window, of a version that has this one. */
  private Baseline live(Optional<Baseline> now, List<FeatureProfile> window, Centroid... soFar) {
    monitors.watch(
        KEY.model(),
        KEY.version(),
        new Judging(DriftConfig.ofWindow(Duration.ofHours(1)), AlertPolicy.DEFAULT, Duration.ZERO),
        now,
        () -> 0,
        () -> List.of(soFar));
    monitors.closed(new Profile(KEY, window(0), RowCounts.of(ROWS), window));
    monitors.close();
    return new LiveBaselines(monitors).of(KEY.model(), KEY.version(), 0).orElseThrow();
  }

  @Test
  void goOnWithTheCentroidThatDistancesWereMeasuredFrom() {
    Baseline live =
        live(Optional.of(baseline(features(true), centroid)), features(true), centroid("other"));

    assertThat(live.centroids()).containsExactly(centroid, centroid("other"));
    assertThat(live.feature(Role.INPUT, "e.distance")).isPresent();
  }

  @Test
  void leaveDistancesOutThatWereMeasuredFromAnotherOne() {
    List<FeatureProfile> known = List.of(feature("e.norm", BINS), feature("e.distance", OTHER));

    Baseline live = live(Optional.of(baseline(known, centroid)), features(true));

    assertThat(live.centroids()).containsExactly(centroid);
    assertThat(live.feature(Role.INPUT, "e.norm")).isPresent();
    assertThat(live.feature(Role.INPUT, "e.distance")).isEmpty();
  }

  @Test
  void haveTheCentroidOfTheFirstRowsWhereThereWasNone() {
    Baseline live = live(Optional.empty(), features(false), centroid);

    assertThat(live.centroids()).containsExactly(centroid);
    assertThat(live.features()).hasSize(VectorSummary.SIZE);
  }

  @Test
  void haveTheCentroidOfTheFirstRowsWhereTheKnownOneIsOfOtherRows() {
    Centroid shorter = new Centroid(Role.INPUT, "e", new float[] {1, 1, 1, 1, 1, 1, 1, 1});

    Baseline live = live(Optional.of(baseline(features(true), shorter)), features(false), centroid);

    assertThat(live.centroids()).containsExactly(centroid);
    assertThat(live.features()).hasSize(VectorSummary.SIZE);
  }
}
