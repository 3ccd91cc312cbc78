package dev.skeg.runtime.tap;

import dev.skeg.monitor.profile.ProfileBuilder;
import dev.skeg.monitor.profile.ProfileCollector;
import dev.skeg.monitor.record.RecordRing;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drains the rings of all versions that are watched into their profiles.
 *
 * <p>It looks at the rings every 5 ms while there is something in them, and less and less often, up
 * to ten times a second, while there is nothing. A batch of rows that cannot be taken in is counted
 * as dropped and ends nothing: see {@link VersionTap#failures}.
 *
 * <p><b>Threads.</b> One thread of its own, {@code monitor-drain}, which owns the collectors; any
 * may call.
 */
public final class MonitorDrain implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MonitorDrain.class);

  private static final long SHORTEST_PAUSE_MILLIS = 5;
  private static final long LONGEST_PAUSE_MILLIS = 100;
  private static final long CLOCK_MILLIS = 1_000;
  private static final int STOP_SECONDS = 2;

  /** Batches taken of one ring before it is the next one's turn. */
  private static final int BATCHES = 32;

  private final InstantSource clock;
  private final BlockingQueue<Runnable> commands = new LinkedBlockingQueue<>();
  private final Thread thread;

  // The thread's.
  private final List<Watch> watches = new ArrayList<>();
  private final int[] offsets = new int[ProfileBuilder.MAX_BATCH];
  private long clockAdjustedMillis;
  private boolean isStopping;

  /** A version that is watched, and what its rings had dropped when they were last looked at. */
  private record Watch(
      VersionTap tap,
      TapLayout layout,
      ProfileCollector collector,
      Runnable whenGone,
      Map<RecordRing, Long> dropped) {}

  /**
   * @param clock the wall clock
   */
  public MonitorDrain(InstantSource clock) {
    this.clock = clock;
    this.thread = Thread.ofPlatform().daemon().name("monitor-drain").start(this::work);
  }

  /**
   * Watches a version from now on.
   *
   * @param collector becomes the drain's
   * @param whenGone run on the drain's thread when the version's last window has been handed over
   */
  public void watch(
      VersionTap tap, TapLayout layout, ProfileCollector collector, Runnable whenGone) {
    tap.watch(layout);
    commands.add(
        () -> watches.add(new Watch(tap, layout, collector, whenGone, new IdentityHashMap<>())));
  }

  /** Watches a version no more: what it has recorded is handed over. */
  public void forget(VersionTap tap) {
    commands.add(() -> {
      for (Watch watch : List.copyOf(watches)) {
        if (watch.tap() == tap) {
          watches.remove(watch);
          end(watch);
        }
      }
    });
  }

  private void work() {
    long pause = SHORTEST_PAUSE_MILLIS;
    try {
      while (!isStopping) {
        boolean any = round();
        pause = any ? SHORTEST_PAUSE_MILLIS : Math.min(LONGEST_PAUSE_MILLIS, 2 * pause);
        run(watches.isEmpty() ? commands.take() : commands.poll(pause, TimeUnit.MILLISECONDS));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Runs a command; what it throws ends nothing else. */
  private static void run(@Nullable Runnable command) {
    try {
      if (command != null) {
        command.run();
      }
    } catch (RuntimeException | Error e) {
      LOG.error("A version's monitoring could not be begun or ended", e);
    }
  }

  /** Looks at every ring; returns whether there was anything. */
  private boolean round() {
    long now = clock.millis();
    boolean adjusts = Math.abs(now - clockAdjustedMillis) >= CLOCK_MILLIS;
    boolean any = false;
    for (Watch watch : List.copyOf(watches)) {
      try {
        if (adjusts) {
          watch.tap().adjustClock();
        }
        any |= drain(watch, now);
        if (watch.collector().isQuiet(now) && isSuperseded(watch.collector())) {
          watch.collector().superseded();
        }
        watch.collector().advance(now);
      } catch (RuntimeException | Error e) {
        watch.tap().failed(e, 0); // Whoever lost rows by it has counted them.
      }
    }
    if (adjusts) {
      clockAdjustedMillis = now;
    }
    return any;
  }

  /** Returns whether another version of the same model has later rows. */
  private boolean isSuperseded(ProfileCollector collector) {
    for (Watch watch : watches) {
      ProfileCollector other = watch.collector();
      if (other.lastRowsMillis() > collector.lastRowsMillis()
          && other.model().equals(collector.model())) {
        return true;
      }
    }
    return false;
  }

  private boolean drain(Watch watch, long now) {
    boolean any = false;
    watch.collector().dropped(watch.tap().takeLost());
    for (RecordRing ring : watch.tap().rings()) {
      long before = watch.dropped().getOrDefault(ring, 0L);
      long dropped = ring.dropped();
      if (dropped > before) {
        watch.collector().dropped(dropped - before);
        watch.dropped().put(ring, dropped);
      }
      for (int batch = 0; batch < BATCHES; batch++) {
        int count = ring.read(offsets);
        if (count == 0) {
          break;
        }
        any = true;
        try {
          watch.collector().add(ring.readable(), offsets, count, now);
        } catch (RuntimeException | Error e) {
          watch.tap().failed(e, count); // Those rows and no others.
        }
        ring.free(count);
      }
    }
    return any;
  }

  private void end(Watch watch) {
    try {
      long now = clock.millis();
      boolean goesOn = true;
      while (goesOn) {
        goesOn = drain(watch, now);
      }
      watch.collector().close(now);
    } catch (RuntimeException | Error e) {
      LOG.error("The last windows of a version are lost", e);
    } finally {
      watch.tap().unwatch(watch.layout());
      watch.whenGone().run();
    }
  }

  /** Hands everything over that was recorded, and ends. */
  @Override
  public void close() {
    commands.add(() -> {
      isStopping = true;
      watches.forEach(watch -> run(() -> end(watch)));
      watches.clear();
    });
    try {
      thread.join(TimeUnit.SECONDS.toMillis(STOP_SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
