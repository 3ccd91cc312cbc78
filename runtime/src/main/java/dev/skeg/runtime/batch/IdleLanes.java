package dev.skeg.runtime.batch;

import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The lanes whose baton nobody holds, as a stack: the one last used is the next, while its slot is
 * still in the cache.
 *
 * <p><b>Threads.</b> Any, without locks: the top carries the number of idle lanes and a count of
 * changes beside the lane's number, so that a lane that left and came back in between is noticed.
 * Taking a lane from here is taking its baton; whoever puts it back publishes all that was done
 * with it.
 */
final class IdleLanes {
  static final int NONE = -1;

  /** More lanes than any machine has processors. */
  static final int MAX_LANES = 0x7fff;

  private static final long LANE = 0xffff;
  private static final int SIZE_SHIFT = 16;
  private static final int CHANGES_SHIFT = 32;

  private final AtomicIntegerArray below;
  private final AtomicLong top = new AtomicLong(NONE & LANE); // Changes, size, lane.

  /**
   * @param count lanes, 1 to {@value #MAX_LANES}; all of them idle
   */
  IdleLanes(int count) {
    this.below = new AtomicIntegerArray(count);
    for (int lane = count - 1; lane >= 0; lane--) {
      push(lane);
    }
  }

  /** Returns how many are idle at this moment. */
  int size() {
    return size(top.get());
  }

  /** Takes a lane's baton; {@link #NONE} if all are held. */
  int pop() {
    while (true) {
      long seen = top.get();
      int lane = (short) seen;
      if (lane == NONE) {
        return NONE;
      }
      if (top.compareAndSet(seen, next(seen, size(seen) - 1, below.get(lane)))) {
        return lane;
      }
    }
  }

  /** Gives a lane's baton back. */
  void push(int lane) {
    while (true) {
      long seen = top.get();
      below.set(lane, (short) seen);
      if (top.compareAndSet(seen, next(seen, size(seen) + 1, lane))) {
        return;
      }
    }
  }

  private static int size(long seen) {
    return (int) (seen >>> SIZE_SHIFT & 0xffff);
  }

  private static long next(long seen, int size, int lane) {
    return ((seen >>> CHANGES_SHIFT) + 1) << CHANGES_SHIFT
        | (long) size << SIZE_SHIFT
        | (lane & LANE);
  }
}
