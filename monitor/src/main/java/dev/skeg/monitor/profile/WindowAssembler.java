package dev.skeg.monitor.profile;

import dev.skeg.monitor.profile.OpenWindow.BuilderPool;
import dev.skeg.monitor.record.RecordLayout;
import java.util.List;
import java.util.TreeMap;

/**
 * Puts records into the windows that their times lie in, and closes windows that are over, as
 * {@link WindowClock} says. Rows that come too late are counted and nothing else.
 *
 * <p><b>Threads.</b> One at a time.
 */
final class WindowAssembler {
  private final CollectorConfig config;
  private final BuilderPool pool;
  private final TreeMap<Long, OpenWindow> open = new TreeMap<>(); // By start.
  private final int[] same = new int[ProfileBuilder.MAX_BATCH];
  private final int[] left = new int[ProfileBuilder.MAX_BATCH]; // Those of other groups.
  private final WindowClock clock;
  private long dropped;

  WindowAssembler(CollectorConfig config, List<Bins> bins, WindowClock clock) {
    this.config = config;
    this.pool = new BuilderPool(config, bins);
    this.clock = clock;
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
    System.arraycopy(offsets, 0, left, 0, count);
    int leftCount = count;
    while (leftCount > 0) {
      long time = words[left[0] + RecordLayout.TIME];
      long group = words[left[0] + RecordLayout.GROUP] & ~RecordLayout.ARRIVAL;
      Window window = Window.at(time, config.windowMillis());
      boolean isBelieved = true;
      long arrivals = 0;
      int taken = 0;
      int kept = 0;
      for (int i = 0; i < leftCount; i++) {
        int offset = left[i];
        long its = words[offset + RecordLayout.TIME];
        long mark = words[offset + RecordLayout.GROUP];
        if (its >= window.startMillis()
            && its < window.endMillis()
            && (mark & ~RecordLayout.ARRIVAL) == group) {
          same[taken++] = offset;
          arrivals |= mark;
          isBelieved &= clock.see(its, nowMillis);
        } else {
          left[kept++] = offset;
        }
      }
      if (window.endMillis() <= clock.closedUpTo() || !isBelieved) {
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

  /** Ends a round: hands over the windows that are over. */
  void advance(long nowMillis, ProfileConsumer consumer) {
    while (!open.isEmpty()) {
      OpenWindow first = open.firstEntry().getValue();
      if (!clock.isOver(first.window, first.hasArrivals, first.lastArrivalMillis, nowMillis)) {
        break;
      }
      close(consumer, true);
    }
    clock.endRound();
  }

  /** Hands over all that is open, as windows that have ended. */
  void endAll(ProfileConsumer consumer) {
    while (!open.isEmpty()) {
      close(consumer, true);
    }
  }

  /** Hands over all that is open; those windows that may have had more rows are partial. */
  void stop(long nowMillis, ProfileConsumer consumer) {
    clock.endRound(); // Nothing comes any more that the watermark would have to wait for.
    advance(nowMillis, consumer);
    while (!open.isEmpty()) {
      close(consumer, false);
    }
  }

  private void close(ProfileConsumer consumer, boolean isOver) {
    OpenWindow window = open.pollFirstEntry().getValue();
    clock.closed(window.window);
    boolean isPartial = !isOver || clock.beganWithin(window.window);
    RowCounts lost = new RowCounts(0, 0, dropped, clock.takeLate());
    dropped = 0;
    window.close(config, pool, lost, isPartial).forEach(consumer::closed);
  }
}
