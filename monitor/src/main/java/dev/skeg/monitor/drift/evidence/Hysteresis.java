package dev.skeg.monitor.drift.evidence;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * Whether a stream is raised: at once by full evidence, by weaker evidence in 2 of 3 windows;
 * cleared when evidence has been under .7 of what raised it for 3 windows.
 *
 * <p>What holds a raised stream is not its detector, which remembers for long, but the strongest
 * evidence of as many windows back as it took to raise it, two at least: a strong change is found
 * in one window and gone with the next, a weak one takes as long to be cleared as to be found.
 * Windows that there is nothing to hold against, or without rows, say nothing; a stream that has
 * only such for {@value #MISSED_WINDOWS} is cleared, since nobody can say any more that it goes on.
 *
 * <p><b>Threads.</b> One owner.
 */
public final class Hysteresis {
  private static final double LOG_CLEAR = Math.log(.7);
  private static final int CLEAR_WINDOWS = 3;
  private static final int MISSED_WINDOWS = 24; // A day of hours: a model may rest at night.

  private boolean raised;
  private int holdWindows;
  private double logHold;
  private int quietWindows;
  private int missedWindows;
  private int weak; // Bit i: weak evidence i + 1 windows ago.

  /** Returns whether the stream is raised. */
  public boolean isRaised() {
    return raised;
  }

  /**
   * Takes a window's evidence in.
   *
   * @param logThreshold what the detector needs in this window, by its rank
   * @param logWeak what the window's own e-value needs to count as weak evidence
   * @param large whether an effect is over its floor
   * @param stillLarge whether an effect is over .7 of its floor
   * @return whether the stream was raised by this window
   */
  public boolean update(
      Detector.Reading reading,
      double logThreshold,
      double logWeak,
      boolean large,
      boolean stillLarge) {
    missedWindows = 0;
    if (raised) {
      boolean holds =
          stillLarge && reading.logEWithin(Math.max(holdWindows, 2)) >= logHold + LOG_CLEAR;
      quietWindows = holds ? 0 : quietWindows + 1;
      if (quietWindows == CLEAR_WINDOWS) {
        clear();
      }
      return false;
    }
    boolean weakNow = large && reading.logE() >= logWeak;
    boolean full = large && reading.logDetector() >= logThreshold;
    boolean twice = weakNow && weak != 0;
    weak = (weak << 1 | (weakNow ? 1 : 0)) & 0b11;
    if (!full && !twice) {
      return false;
    }
    raised = true;
    quietWindows = 0;
    // The detector may be over the threshold only with all its beginnings together.
    logHold = Math.min(full ? logThreshold : logWeak, reading.logEWithin(Integer.MAX_VALUE));
    holdWindows = full ? reading.strongest().windows() : 1;
    return true;
  }

  /** Takes a window in that says nothing. */
  public void miss() {
    missedWindows++;
    if (raised && missedWindows >= MISSED_WINDOWS) {
      clear();
    }
  }

  private void clear() {
    raised = false;
    quietWindows = 0;
    weak = 0;
  }

  /** Writes the state. */
  public void write(DataOutput out) throws IOException {
    out.writeBoolean(raised);
    out.writeInt(holdWindows);
    out.writeDouble(logHold);
    out.writeInt(quietWindows);
    out.writeInt(missedWindows);
    out.writeByte(weak);
  }

  /** Reads a state that {@link #write} has written, in place of this one's. */
  public void read(DataInput in) throws IOException {
    raised = in.readBoolean();
    holdWindows = in.readInt();
    logHold = in.readDouble();
    quietWindows = in.readInt();
    missedWindows = in.readInt();
    weak = in.readByte();
  }
}
