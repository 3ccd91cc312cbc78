package dev.skeg.monitor.profile;

/**
 * Says when a window is over and which rows come too late for theirs.
 *
 * <p>A window is over when the watermark, the latest time of any row, has passed its end by the
 * allowed lateness. Since records of one moment come through several rings, the watermark of one
 * round takes effect in the next. Rows without a time of their own arrive while they are being
 * served: a window that has such rows waits half a second of the clock, too. And a window is over,
 * whatever the watermark, when the clock has passed its end and the arrival of its last row by
 * three quarters of a second and the allowed lateness: so the last window of a stream that stops
 * closes.
 *
 * <p>A window of rows that come after its end, as when recorded traffic is played back, is over
 * when for five seconds no row of it has come.
 *
 * <p>Times come from clients. One that is ahead of the clock by more than a window, and by more
 * than an hour, is taken for a mistake, and so is one before 1970; and no time that is ahead closes
 * a window before the clock has passed its end. So one row of a client whose clock is wrong does
 * not make the others late.
 *
 * <p><b>Threads.</b> One at a time.
 */
final class WindowClock {
  private static final long HOUR_MILLIS = 3_600_000;
  private static final long ARRIVAL_GRACE_MILLIS = 500;
  private static final long SILENCE_MILLIS = 750;
  private static final long PAST_SILENCE_MILLIS = 5_000;

  private final CollectorConfig config;
  private final long mostAheadMillis;
  private long beganMillis = Long.MIN_VALUE; // By the wall clock.
  private long closedUpTo = Long.MIN_VALUE;
  private long watermark = Long.MIN_VALUE;
  private long seen = Long.MIN_VALUE; // The watermark of the next round.
  private long late;

  WindowClock(CollectorConfig config) {
    this.config = config;
    this.mostAheadMillis = Math.max(HOUR_MILLIS, config.windowMillis());
  }

  /** Returns a clock that began when this one did, and has seen nothing yet. */
  WindowClock anew() {
    WindowClock other = new WindowClock(config);
    other.beganMillis = beganMillis;
    return other;
  }

  /** Notes what the wall clock says; the first time is when watching began. */
  void tick(long nowMillis) {
    if (beganMillis == Long.MIN_VALUE) {
      beganMillis = nowMillis;
    }
  }

  /** Returns whether the window had begun when nobody watched yet, and had not ended. */
  boolean beganWithin(Window window) {
    return beganMillis > window.startMillis() && beganMillis < window.endMillis();
  }

  /** Notes a row's time; returns false if nobody can believe it. */
  boolean see(long timeMillis, long nowMillis) {
    if (timeMillis < 0 || timeMillis > nowMillis + mostAheadMillis) {
      return false;
    }
    seen = Math.max(seen, timeMillis);
    return true;
  }

  void endRound() {
    watermark = seen;
  }

  void closed(Window window) {
    closedUpTo = Math.max(closedUpTo, window.endMillis());
  }

  /** Returns the time before which all windows have closed. */
  long closedUpTo() {
    return closedUpTo;
  }

  /** Counts rows that came too late, or whose time nobody can believe. */
  void late(long rows) {
    late += rows;
  }

  /** Returns how many such rows came since this was asked last. */
  long takeLate() {
    long rows = late;
    late = 0;
    return rows;
  }

  /**
   * Returns whether a window is over.
   *
   * @param hasArrivals whether it has rows whose time is when they arrived
   * @param lastArrivalMillis when its latest row came, by the wall clock
   */
  boolean isOver(Window window, boolean hasArrivals, long lastArrivalMillis, long nowMillis) {
    long lateness = config.allowedLatenessMillis();
    long due = window.endMillis() + lateness;
    boolean passed =
        Math.min(watermark, nowMillis) >= due
            && (!hasArrivals || nowMillis >= due + ARRIVAL_GRACE_MILLIS);
    // Rows of a past that comes in now may pause between requests: nothing else drives them.
    boolean isPast = !hasArrivals && lastArrivalMillis > window.endMillis();
    long silent = Math.max(window.endMillis(), lastArrivalMillis) + lateness;
    return passed || nowMillis >= silent + (isPast ? PAST_SILENCE_MILLIS : SILENCE_MILLIS);
  }
}
