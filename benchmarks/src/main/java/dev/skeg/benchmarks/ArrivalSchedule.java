package dev.skeg.benchmarks;

/**
 * When requests are meant to be sent at a constant rate: the first at the start, and each a fixed
 * time after the one before, whatever becomes of them.
 *
 * @param startNanos monotonic time of the first
 * @param endNanos monotonic time from which there are no more
 * @param perSecond arrivals a second, more than 0
 */
record ArrivalSchedule(long startNanos, long endNanos, double perSecond) {
  /** Returns the number of arrivals up to a time, that time included. */
  long due(long nowNanos) {
    long until = Math.min(nowNanos - startNanos, endNanos - startNanos - 1);
    if (until < 0) {
      return 0;
    }
    long count = (long) (until * perSecond / 1e9) + 1;
    // Rounding may be off by one either way; what meantAt says holds.
    if (meantAt(count - 1) - startNanos > until) {
      return count - 1;
    }
    return meantAt(count) - startNanos <= until ? count + 1 : count;
  }

  /**
   * Returns when an arrival is meant to be sent.
   *
   * @param index 0 for the first
   */
  long meantAt(long index) {
    return startNanos + (long) (index * 1e9 / perSecond);
  }
}
