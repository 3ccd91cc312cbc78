package dev.skeg.runtime.tap;

import dev.skeg.monitor.record.Centroid;
import dev.skeg.monitor.record.RecordRing;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
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
  private final List<LaneSums> sums = new CopyOnWriteArrayList<>();
  private volatile @Nullable TapLayout watched;
  private final AtomicLong lost = new AtomicLong();
  private final AtomicLong failures = new AtomicLong();
  private volatile long wallOffsetNanos = offset();

  /** What a lane has summed for a layout. */
  private record LaneSums(TapLayout layout, List<RowSums> sums) {}

  /** Returns the tap of one more lane. */
  public LaneTap lane() {
    return new LaneTap(this, ThreadLocalRandom.current().nextLong());
  }

  /** Has every row recorded from now on as a layout says. */
  public synchronized void watch(TapLayout layout) {
    rings.clear();
    sums.clear();
    watched = layout;
  }

  /** Has nothing recorded any more, unless another layout is watched by now. */
  synchronized void unwatch(TapLayout layout) {
    if (watched == layout) {
      watched = null;
      rings.clear();
      sums.clear();
    }
  }

  @Nullable TapLayout watched() {
    return watched;
  }

  /** Returns the rings there are so far: a lane has none before its first row. */
  public List<RecordRing> rings() {
    return rings;
  }

  void opened(TapLayout layout, RecordRing ring, List<RowSums> laneSums) {
    if (layout == watched) {
      rings.add(ring);
      sums.add(new LaneSums(layout, laneSums));
    }
  }

  /**
   * Returns the centroids of the first rows of those tensors that are summarised without one; none
   * where there are too few rows.
   */
  public List<Centroid> centroids() {
    TapLayout layout = watched;
    List<LaneSums> lanesSums = sums.stream().filter(lane -> lane.layout() == layout).toList();
    List<Centroid> centroids = new ArrayList<>();
    for (int i = 0; layout != null && i < layout.summed().size(); i++) {
      int index = i;
      List<RowSums> lanes = lanesSums.stream().map(lane -> lane.sums().get(index)).toList();
      Centroid centroid = RowSums.centroid(layout.summed().get(i), lanes);
      if (centroid != null) {
        centroids.add(centroid);
      }
    }
    return centroids;
  }

  /**
   * Rows could not be recorded, or not be taken into a profile, which is a mistake of ours: they
   * count as dropped, and why is said, less and less often.
   *
   * @param rows that are lost by it, as far as anybody knows
   */
  public void failed(Throwable cause, long rows) {
    lost.addAndGet(rows);
    long count = failures.incrementAndGet();
    if (Long.bitCount(count) == 1) {
      LOG.atError()
          .setCause(cause)
          .addKeyValue("failures", count)
          .log("Rows could not be recorded and count as dropped; the answers are not affected");
    }
  }

  /** Returns how often recording failed; 0 of a version that is well. */
  public long failures() {
    return failures.get();
  }

  /** Returns how many rows were lost by failures since this was asked last. */
  long takeLost() {
    return lost.getAndSet(0);
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
