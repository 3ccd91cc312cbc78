package dev.skeg.runtime.tap;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skeg.monitor.profile.Bins;
import dev.skeg.monitor.profile.CollectorConfig;
import dev.skeg.monitor.profile.NumericBins;
import dev.skeg.monitor.profile.Profile;
import dev.skeg.monitor.profile.ProfileCollector;
import dev.skeg.monitor.profile.ProfileConsumer;
import dev.skeg.runtime.model.DataType;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.RequestMarks;
import dev.skeg.runtime.model.RequestTerms;
import dev.skeg.runtime.model.Shape;
import dev.skeg.runtime.model.Signature;
import dev.skeg.runtime.model.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A version of one number and one answer, whose windows are one second long. */
final class MonitorDrainTest {
  private static final long START = 1_800_000_000_000L;
  private static final Signature SIGNATURE =
      new Signature(
          List.of(new TensorSpec("x", DataType.FP32, Shape.of(-1, 1), false)),
          List.of(new TensorSpec("y", DataType.FP32, Shape.of(-1, 1), false)));
  private static final Optional<Bins> BINS =
      Optional.of(new NumericBins(new double[0], new double[] {0, 5, 10}));

  private final AtomicLong now = new AtomicLong(START);
  private final MonitorDrain drain = new MonitorDrain(() -> Instant.ofEpochMilli(now.get()));
  private final VersionTap version = new VersionTap();
  private final BlockingQueue<Profile> closed = new LinkedBlockingQueue<>();
  private final CountDownLatch gone = new CountDownLatch(1);

  @AfterEach
  void stop() {
    drain.close();
  }

  private static TapLayout layout() {
    return TapPlanner.plan(SIGNATURE, FeatureOptions.NONE).layout();
  }

  private static ProfileCollector collector(TapLayout layout, ProfileConsumer consumer) {
    return new ProfileCollector(
        new CollectorConfig("m", 1, layout.records(), List.of(BINS, BINS), 1_000, 0, 1, List.of()),
        consumer);
  }

  private static void serve(LaneTap tap, TapLayout layout, long... eventMillis) {
    for (long time : eventMillis) {
      InferenceRequest request =
          new InferenceRequest(
              "m",
              "",
              "",
              List.of(),
              List.of(),
              RequestTerms.NONE,
              new RequestMarks(time, List.of()),
              0);
      MemorySegment[] one = {MemorySegment.ofArray(new float[] {3})};
      TapPlan plan = layout.plan(new int[] {0}, new long[] {1}, new int[] {0}, new long[] {1});
      tap.record(plan, request, one, one, 0, 0, 1);
    }
    tap.publish();
  }

  private Profile next() throws InterruptedException {
    Profile profile = closed.poll(20, TimeUnit.SECONDS);
    assertThat(profile).as("a closed window").isNotNull();
    return profile;
  }

  @Test
  void goesOnBehindAWindowThatNobodyCouldTake() throws Exception {
    TapLayout layout = layout();
    CountDownLatch failed = new CountDownLatch(1);
    drain.watch(
        version,
        layout,
        collector(
            layout,
            profile -> {
              if (profile.window().startMillis() == START) {
                failed.countDown();
                throw new IllegalStateException("not this one");
              }
              closed.add(profile);
            }),
        gone::countDown);
    LaneTap tap = version.lane();
    serve(tap, layout, START + 10);
    now.set(START + 3_000);
    serve(tap, layout, START + 2_500);
    assertThat(failed.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(version.watched()).isSameAs(layout);
    drain.forget(version);

    assertThat(next().rows()).isEqualTo(1);
    assertThat(version.failures()).isPositive();
  }

  @Test
  void takesTheGreatestEventTimeThereIs() throws Exception {
    TapLayout layout = layout();
    drain.watch(version, layout, collector(layout, closed::add), gone::countDown);
    LaneTap tap = version.lane();
    serve(tap, layout, Long.MAX_VALUE, START + 10);
    drain.forget(version);

    Profile profile = next();

    assertThat(profile.rows()).isEqualTo(1);
    assertThat(profile.counts().late()).isEqualTo(1);
    assertThat(version.failures()).isZero();
    assertThat(gone.await(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void saysOfRowsThatCouldNotBeRecordedThatTheyWereDropped() throws Exception {
    TapLayout layout = layout();
    drain.watch(version, layout, collector(layout, closed::add), gone::countDown);
    version.failed(new IllegalStateException("no memory"), 7);
    serve(version.lane(), layout, START + 10);
    drain.forget(version);

    assertThat(next().counts().dropped()).isEqualTo(7);
  }

  @Test
  void saysThatAVersionHasGoneAlsoIfItsLastWindowsCouldNotBeTaken() throws Exception {
    TapLayout layout = layout();
    drain.watch(
        version,
        layout,
        collector(
            layout,
            profile -> {
              throw new IllegalStateException("none");
            }),
        gone::countDown);
    serve(version.lane(), layout, START + 10);

    drain.forget(version);

    assertThat(gone.await(20, TimeUnit.SECONDS)).isTrue();
    VersionTap other = new VersionTap();
    drain.watch(other, layout, collector(layout, closed::add), () -> {});
    serve(other.lane(), layout, START + 20);
    drain.forget(other);
    assertThat(next().rows()).isEqualTo(1);
  }

  @Test
  void handsOverWhatWasRecordedBeforeAReloadAsAPartOfTheWindow() throws Exception {
    TapLayout before = layout();
    drain.watch(version, before, collector(before, closed::add), gone::countDown);
    LaneTap tap = version.lane();
    serve(tap, before, START + 10, START + 20);
    drain.forget(version);
    assertThat(gone.await(20, TimeUnit.SECONDS)).isTrue();
    now.set(START + 500);
    TapLayout after = layout();
    drain.watch(version, after, collector(after, closed::add), () -> {});
    serve(tap, after, START + 510);
    drain.forget(version);

    Profile first = next();
    Profile second = next();

    assertThat(List.of(first.rows(), second.rows())).containsExactly(2L, 1L);
    assertThat(first.window()).isEqualTo(second.window());
    assertThat(first.counts().isPartial()).isTrue();
  }
}
