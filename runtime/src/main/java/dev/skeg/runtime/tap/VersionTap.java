package dev.skeg.runtime.tap;

import dev.skeg.monitor.record.RecordRing;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a version's answered rows can be had.
 *
 * <p>Whoever watches it says once what is to be recorded ({@link #watch}) and then drains the
 * {@link #rings}, one a lane.
 *
 * <p><b>Threads.</b> Any; one watcher.
 */
public final class VersionTap {
  private static final Logger LOG = LoggerFactory.getLogger(VersionTap.class);

  private final List<RecordRing> rings = new CopyOnWriteArrayList<>();
  private volatile @Nullable TapLayout watched;
  private volatile long wallOffsetNanos = offset();

  /** Returns the tap of one more lane. */
  public LaneTap lane() {
    return new LaneTap(this, ThreadLocalRandom.current().nextLong());
  }

  /** Has every row recorded from now on as a layout says; nothing any more with null. */
  public void watch(@Nullable TapLayout layout) {
    rings.clear();
    watched = layout;
  }

  @Nullable TapLayout watched() {
    return watched;
  }

  /** Returns the rings there are so far: a lane has none before its first row. */
  public List<RecordRing> rings() {
    return rings;
  }

  void opened(TapLayout layout, RecordRing ring) {
    if (layout == watched) {
      rings.add(ring);
    }
  }

  /**
   * Recording failed, which is a mistake of ours: nothing is recorded any more, and why is said.
   */
  public void failed(Throwable cause) {
    watched = null;
    LOG.error("Rows can no longer be recorded; the answers are not affected", cause);
  }

  /** Looks at the wall clock; to be called now and then, for the clock may be set. */
  public void adjustClock() {
    wallOffsetNanos = offset();
  }

  private static long offset() {
    return System.currentTimeMillis() * 1_000_000 - System.nanoTime();
  }

  /**
   * Returns milliseconds since the epoch.
   *
   * @param nanos as of {@link System#nanoTime()}
   */
  long wallMillis(long nanos) {
    return (nanos + wallOffsetNanos) / 1_000_000;
  }
}
