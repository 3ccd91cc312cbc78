package dev.skeg.monitor.record;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.skeg.monitor.record.FeatureSpec.Kind;
import dev.skeg.monitor.record.FeatureSpec.Role;
import java.util.Collections;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** The ring between a lane and the drain. */
public final class RecordRingStress {
  private static final int WIDTH = 256;

  /** Wide records, so that a ring has few of them before it grows. */
  private static final RecordLayout LAYOUT =
      RecordLayout.of(
          Collections.nCopies(
              WIDTH - RecordLayout.HEADER, new FeatureSpec("x", Role.INPUT, Kind.NUMERIC)));

  private static final int FIRST_ROWS =
      Math.max(16, Integer.highestOneBit(RecordRing.FIRST_BYTES / (WIDTH * Long.BYTES)));
  private static final int ROWS = FIRST_ROWS + 4; // More than there is room for at first.

  private RecordRingStress() {}

  /** The producer goes on in a larger ring while the consumer reads the smaller one. */
  @JCStressTest
  @Outcome(id = "0", expect = ACCEPTABLE, desc = "every record, once and in order")
  @Outcome(expect = FORBIDDEN, desc = "the row at which one was lost, torn or out of order")
  @State
  public static class GrowAgainstRead {
    private final RecordRing ring = new RecordRing(LAYOUT);
    private final int[] offsets = new int[4];
    private int next;
    private int wrong;

    @Actor
    public void produce() {
      for (int row = 0; row < ROWS; row++) {
        int at = ring.claim();
        long[] words = ring.words();
        words[at] = row;
        words[at + WIDTH - 1] = row;
        if (row % 3 == 0) {
          ring.publish();
        }
      }
      ring.publish();
    }

    @Actor
    public void consume() {
      for (int i = 0; i < ROWS; i++) {
        read();
      }
    }

    private int read() {
      int count = ring.read(offsets);
      long[] words = ring.readable();
      for (int i = 0; i < count; i++) {
        int at = offsets[i];
        if (words[at] != next || words[at + WIDTH - 1] != next) {
          wrong = wrong == 0 ? next + 1 : wrong;
        }
        next++;
      }
      ring.free(count);
      return count;
    }

    @Arbiter
    public void rest(I_Result r) {
      int count = read();
      while (count > 0) {
        count = read();
      }
      r.r1 = wrong != 0 || ring.dropped() > 0 ? wrong : next == ROWS ? 0 : -1;
    }
  }
}
