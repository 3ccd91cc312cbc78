package dev.skeg.monitor.profile;

import dev.skeg.monitor.profile.OpenWindow.BuilderPool;
import dev.skeg.monitor.record.RecordLayout;
import java.util.List;
import java.util.TreeMap;

/**
 * Puts records into the windows that their times lie in, and closes windows that are over, as
 * {@link WindowClock} says. Rows that come too late are counted and nothing else.
 *
 * <p>So many windows are open at once as rows may be late for, and {@value #SPARE_WINDOWS} more.
 * When one more is needed, one that lies ahead of the clock is given up, its rows being late; or,
 * where there is none, the earliest closes, as it does when recorded traffic is played back faster
 * than rounds go by.
 *
 * <p><b>Threads.</b> One at a time.
 */
final class WindowAssembler {
  private static final int SPARE_WINDOWS = 4;
  static final int MAX_OPEN = CollectorConfig.MAX_LATE_WINDOWS + SPARE_WINDOWS;

  private final CollectorConfig config;
  private final ProfileConsumer consumer;
  private final BuilderPool pool;
  private final TreeMap<Long, OpenWindow> open = new TreeMap<>(); // By start.
  private final int[] same = new int[ProfileBuilder.MAX_BATCH];
  private final int[] left = new int[ProfileBuilder.MAX_BATCH]; // Those of other groups.
  private final WindowClock clock;
  private final QuietWindows quiet;
  private long dropped;

  WindowAssembler(
      CollectorConfig config, List<Bins> bins, WindowClock clock, ProfileConsumer consumer) {
    this.config = config;
    this.consumer = consumer;
    this.pool = new BuilderPool(config, bins);
    this.clock = clock;
    this.quiet = new QuietWindows(config, bins);
  }

  void dropped(long rows) {
    dropped += rows;
  }

  void late(long rows) {
    clock.late(rows);
  }

  /**
   * Adds records.
   *
   * @param offsets the first {@code count} are where they begin; not changed
   */
  void add(long[] words, int[] offsets, int count, long nowMillis) {
    int leftCount = 0;
    for (int i = 0; i < count; i++) {
      if (clock.see(words[offsets[i] + RecordLayout.TIME], nowMillis)) {
        left[leftCount++] = offsets[i];
      }
    }
    clock.late(count - leftCount);
    while (leftCount > 0) {
      long time = words[left[0] + RecordLayout.TIME];
      long group = words[left[0] + RecordLayout.GROUP] & RecordLayout.WHOSE;
      Window window = Window.at(time, config.windowMillis());
      long arrivals = 0;
      int taken = 0;
      int kept = 0;
      for (int i = 0; i < leftCount; i++) {
        int offset = left[i];
        long its = words[offset + RecordLayout.TIME];
        long mark = words[offset + RecordLayout.GROUP];
        if (its >= window.startMillis()
            && its < window.endMillis()
            && (mark & RecordLayout.WHOSE) == group) {
          same[taken++] = offset;
          arrivals |= mark;
        } else {
          left[kept++] = offset;
        }
      }
      if (window.endMillis() <= clock.closedUpTo() || !hasRoom(window, nowMillis)) {
        clock.late(taken);
      } else {
        OpenWindow target =
            open.computeIfAbsent(window.startMillis(), start -> new OpenWindow(window));
        target.lastArrivalMillis = nowMillis;
        target.hasArrivals |= arrivals < 0;
        target.builder(group, pool).add(words, same, taken);
      }
      leftCount = kept;
    }
  }

  /** Returns whether a window is open or may be; makes room for it. */
  private boolean hasRoom(Window window, long nowMillis) {
    if (open.size() < MAX_OPEN || open.containsKey(window.startMillis())) {
      return true;
    }
    if (window.startMillis() > nowMillis) {
      return false;
    }
    if (open.lastKey() > nowMillis) {
      clock.late(open.pollLastEntry().getValue().rows());
      return true;
    }
    if (open.firstKey() > window.startMillis()) {
      return false;
    }
    close(true);
    return true;
  }

  /** Returns whether a window has ended that may turn out to have no row. */
  boolean isQuiet(long nowMillis) {
    Window next = quiet.next();
    return next != null && nowMillis >= next.endMillis();
  }

  void superseded() {
    quiet.superseded();
  }

  /** Ends a round: hands over the windows that are over. */
  void advance(long nowMillis) {
    quiet.tick(nowMillis);
    boolean goesOn = true;
    while (goesOn) {
      Window next = quiet.next();
      if (next != null && (open.isEmpty() || open.firstKey() > next.startMillis())) {
        goesOn = clock.isOver(next, true, next.endMillis(), nowMillis);
        if (goesOn) {
          clock.closed(next);
          quiet.close(takeLost()).forEach(consumer::closed);
        }
      } else if (!open.isEmpty()) {
        OpenWindow first = open.firstEntry().getValue();
        goesOn = clock.isOver(first.window, first.hasArrivals, first.lastArrivalMillis, nowMillis);
        if (goesOn) {
          close(true);
        }
      } else {
        goesOn = false;
      }
    }
    clock.endRound();
  }

  /** Hands over all that is open, as windows that have ended. */
  void endAll() {
    while (!open.isEmpty()) {
      close(true);
    }
  }

  /** Hands over all that is open; those windows that may have had more rows are partial. */
  void stop(long nowMillis) {
    clock.endRound(); // Nothing comes any more that the watermark would have to wait for.
    advance(nowMillis);
    while (!open.isEmpty()) {
      close(false);
    }
  }

  private void close(boolean isOver) {
    OpenWindow window = open.pollFirstEntry().getValue();
    clock.closed(window.window);
    boolean isPartial = !isOver || clock.beganWithin(window.window);
    RowCounts lost = takeLost();
    List<Profile> profiles;
    try {
      profiles = window.close(config, pool, lost, isPartial);
    } catch (RuntimeException | Error e) {
      dropped += window.rows() + lost.dropped(); // For the next window to say.
      clock.late(lost.late());
      throw e;
    }
    quiet.closed(window, profiles);
    profiles.forEach(consumer::closed);
  }

  private RowCounts takeLost() {
    RowCounts lost = new RowCounts(0, 0, dropped, clock.takeLate());
    dropped = 0;
    return lost;
  }
}
