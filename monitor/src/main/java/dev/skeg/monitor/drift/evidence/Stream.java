package dev.skeg.monitor.drift.evidence;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * One feature held against one kind of reference, window after window: its detector and whether it
 * is raised.
 *
 * <p><b>Threads.</b> One owner.
 */
public final class Stream {
  private final Detector detector;
  private final Hysteresis hysteresis = new Hysteresis();

  public Stream(BinRoles roles) {
    this.detector = new Detector(roles);
  }

  /**
   * A stream's part in one window.
   *
   * @param large whether an effect is over its floor
   * @param stillLarge whether an effect is over .7 of its floor
   */
  public record Turn(Stream stream, Detector.Reading reading, boolean large, boolean stillLarge) {}

  /** Takes one window's counts in; {@link #decide} is to follow. */
  public Detector.Reading add(double[] counts, Reference reference, EValue.Heavy... heavy) {
    return detector.add(counts, reference, heavy);
  }

  /** Takes a window in that there is nothing to hold against, or without rows: it has no turn. */
  public void miss() {
    boolean was = hysteresis.isRaised();
    hysteresis.miss();
    if (was && !hysteresis.isRaised()) {
      detector.reset();
    }
  }

  /** Returns whether the stream is raised. */
  public boolean isRaised() {
    return hysteresis.isRaised();
  }

  /**
   * Decides which streams one window raises, holds and clears.
   *
   * @param streams how many share the budget, those without a turn in this window too
   * @return the streams that were raised by this window; any number of them is one page
   */
  public static List<Stream> decide(PageBudget budget, int streams, List<Turn> turns) {
    List<Turn> candidates = new ArrayList<>();
    for (Turn turn : turns) {
      if (turn.large() && !turn.stream().isRaised()) {
        candidates.add(turn);
      }
    }
    candidates.sort(Comparator.comparingDouble((Turn turn) -> -turn.reading().logDetector()));
    int rank = 1;
    for (int k = 1; k <= candidates.size(); k++) {
      if (candidates.get(k - 1).reading().logDetector() >= budget.logThreshold(streams, k)) {
        rank = k;
      }
    }
    double logThreshold = budget.logThreshold(streams, rank);
    double logWeak = budget.logWeakThreshold(streams);
    List<Stream> raised = new ArrayList<>();
    for (Turn turn : turns) {
      Stream stream = turn.stream();
      boolean was = stream.isRaised();
      if (stream.hysteresis.update(
          turn.reading(), logThreshold, logWeak, turn.large(), turn.stillLarge())) {
        raised.add(stream);
      }
      if (was && !stream.isRaised()) {
        stream.detector.reset(); // Else what raised it would raise it again.
      }
    }
    return raised;
  }

  /** Writes the state, so that {@link #read} goes on where this one is. */
  public void write(DataOutput out) throws IOException {
    hysteresis.write(out);
    detector.write(out);
  }

  /** Reads a state that {@link #write} has written, in place of this one's. */
  public void read(DataInput in) throws IOException {
    hysteresis.read(in);
    detector.read(in);
  }
}
