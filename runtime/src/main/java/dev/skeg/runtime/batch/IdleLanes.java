package dev.skeg.runtime.batch;

import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The lanes whose baton nobody holds, as a stack: the one last used is the next, while its slot is
 * still in the cache.
 *
 * <p><b>Threads.</b> Any, without locks: the top carries a count of changes beside the lane's
 * number, so that a lane that left and came back in between is noticed. Taking a lane from here is
 * taking its baton; whoever puts it back publishes all that was done with it.
 */
final class IdleLanes {
  static final int NONE = -1;

  private final AtomicIntegerArray below;
  private final AtomicLong top = new AtomicLong(NONE & 0xffff_ffffL);

  /**
   * @param count lanes, 1 or more; all of them idle
   */
  IdleLanes(int count) {
    this.below = new AtomicIntegerArray(count);
    for (int lane = count - 1; lane >= 0; lane--) {
      push(lane);
    }
  }

  /** Takes a lane's baton; {@link #NONE} if all are held. */
  int pop() {
    while (true) {
      long seen = top.get();
      int lane = (int) seen;
      if (lane == NONE) {
        return NONE;
      }
      if (top.compareAndSet(seen, next(seen, below.get(lane)))) {
        return lane;
      }
    }
  }

  /** Gives a lane's baton back. */
  void push(int lane) {
    while (true) {
      long seen = top.get();
      below.set(lane, (int) seen);
      if (top.compareAndSet(seen, next(seen, lane))) {
        return;
      }
    }
  }

  private static long next(long seen, int lane) {
    return ((seen >>> 32) + 1) << 32 | (lane & 0xffff_ffffL);
  }
}
