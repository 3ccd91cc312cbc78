package dev.skeg.monitor.profile;

import dev.skeg.monitor.record.RecordLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Makes profiles of a version's records, window by window.
 *
 * <p>Where a feature's bins are not known, the first rows are held back: bins are made of them when
 * there are 4,096, or when a window is over and there are 1,000. A window that is over before gets
 * bins of its own few rows, which the next one will not have.
 *
 * <p><b>Threads.</b> One at a time: the one that drains.
 */
public final class ProfileCollector {
  private final CollectorConfig config;
  private final WindowClock clock;
  private long lastRowsMillis = Long.MIN_VALUE;
  private @Nullable FirstRows first; // Null once all bins are known.
  private @Nullable WindowAssembler windows; // Null until then.

  public ProfileCollector(CollectorConfig config, ProfileConsumer consumer) {
    this.config = config;
    this.clock = new WindowClock(config);
    if (config.bins().stream().allMatch(Optional::isPresent)) {
      List<Bins> bins = config.bins().stream().map(Optional::orElseThrow).toList();
      windows = new WindowAssembler(config, bins, clock, consumer);
    } else {
      first = new FirstRows(config, clock, consumer);
    }
  }

  /** Returns the layout of the records. */
  public RecordLayout layout() {
    return config.layout();
  }

  /**
   * Adds records.
   *
   * @param words which they are in, as the layout says
   * @param offsets where they begin: the first {@code count}
   * @param count 0 to {@link ProfileBuilder#MAX_BATCH}
   * @param nowMillis by the wall clock, since the epoch
   */
  public void add(long[] words, int[] offsets, int count, long nowMillis) {
    clock.tick(nowMillis);
    lastRowsMillis = nowMillis;
    FirstRows learning = first;
    int taken = 0;
    if (learning != null) {
      taken = learning.add(words, offsets, count, nowMillis);
      if (learning.isFull()) {
        goOn(learning.learnt(nowMillis));
      }
    }
    if (windows != null && taken < count) {
      int[] rest = taken == 0 ? offsets : Arrays.copyOfRange(offsets, taken, count);
      windows.add(words, rest, count - taken, nowMillis);
    }
  }

  private void goOn(WindowAssembler next) {
    windows = next;
    first = null;
  }

  /** Notes that rows were lost before they came here. */
  public void dropped(long rows) {
    if (windows != null) {
      windows.dropped(rows);
    } else if (first != null) {
      first.dropped(rows);
    }
  }

  /** Returns the model that the rows are of. */
  public String model() {
    return config.model();
  }

  /** Returns when rows came last, by the wall clock; {@link Long#MIN_VALUE} if none did. */
  public long lastRowsMillis() {
    return lastRowsMillis;
  }

  /** Returns whether a window has ended that may turn out to have no row. */
  public boolean isQuiet(long nowMillis) {
    return windows != null && windows.isQuiet(nowMillis);
  }

  /**
   * Notes that another version of the model takes the traffic: windows in which this one has no row
   * are no outage, and are not handed over.
   */
  public void superseded() {
    if (windows != null) {
      windows.superseded();
    }
  }

  /**
   * Ends a round in which every ring was read; hands the windows over that are over. To be called
   * at least every quarter of a second.
   *
   * @param nowMillis by the wall clock, since the epoch
   */
  public void advance(long nowMillis) {
    clock.tick(nowMillis);
    if (first != null) {
      WindowAssembler next = first.advance(nowMillis);
      if (next != null) {
        goOn(next);
      }
    }
    if (windows != null) {
      windows.advance(nowMillis);
    }
  }

  /** Hands over what is left; windows that are not over are {@linkplain RowCounts partial}. */
  public void close(long nowMillis) {
    if (first != null) {
      goOn(first.learnt(nowMillis));
    }
    if (windows != null) {
      windows.stop(nowMillis);
    }
  }
}
