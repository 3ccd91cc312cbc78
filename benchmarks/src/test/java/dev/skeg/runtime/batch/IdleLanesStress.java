package dev.skeg.runtime.batch;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** No lane is lost, and none given to two. */
public final class IdleLanesStress {
  private static final int EACH_ONCE = 0;
  private static final int LOST = 1;
  private static final int TWICE = 2;

  private IdleLanesStress() {}

  /** Takes what is left and returns what became of the lanes as a whole. */
  private static int audit(IdleLanes idle, int lanes, int... held) {
    int[] seen = new int[lanes];
    for (int lane : held) {
      if (lane != IdleLanes.NONE) {
        seen[lane]++;
      }
    }
    int left = 0;
    for (int lane = idle.pop(); lane != IdleLanes.NONE && left <= lanes; lane = idle.pop()) {
      seen[lane]++;
      left++;
    }
    for (int times : seen) {
      if (times != 1) {
        return times == 0 ? LOST : TWICE;
      }
    }
    return EACH_ONCE;
  }

  /** Two take at once what is there for both. */
  @JCStressTest
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "one each")
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "one each")
  @Outcome(expect = FORBIDDEN, desc = "the same lane, or none")
  @State
  public static class TwoTake {
    private final IdleLanes idle = new IdleLanes(2);

    @Actor
    public void first(II_Result r) {
      r.r1 = idle.pop();
    }

    @Actor
    public void second(II_Result r) {
      r.r2 = idle.pop();
    }
  }

  /** Two give back at once. */
  @JCStressTest
  @Outcome(id = "0", expect = ACCEPTABLE, desc = "both are there")
  @Outcome(expect = FORBIDDEN, desc = "1: a lane is lost; 2: one is there twice")
  @State
  public static class TwoGiveBack {
    private final IdleLanes idle = new IdleLanes(2);
    private final int one = idle.pop();
    private final int other = idle.pop();

    @Actor
    public void first() {
      idle.push(one);
    }

    @Actor
    public void second() {
      idle.push(other);
    }

    @Arbiter
    public void audit(I_Result r) {
      r.r1 = IdleLanesStress.audit(idle, 2);
    }
  }

  /** One takes while the top leaves and comes back over another lane: what a bare CAS misses. */
  @JCStressTest
  @Outcome(id = "0", expect = ACCEPTABLE, desc = "each lane once")
  @Outcome(expect = FORBIDDEN, desc = "1: a lane is lost; 2: one is there twice")
  @State
  public static class TopComesBack {
    private final IdleLanes idle = new IdleLanes(3);
    private int held;
    private int taken;

    @Actor
    public void leaveAndComeBack() {
      int top = idle.pop();
      held = idle.pop();
      idle.push(top);
    }

    @Actor
    public void take() {
      taken = idle.pop();
    }

    @Arbiter
    public void audit(I_Result r) {
      r.r1 =
          held == IdleLanes.NONE || taken == IdleLanes.NONE
              ? LOST
              : IdleLanesStress.audit(idle, 3, held, taken);
    }
  }

  /** Whoever takes a lane sees all that was done with it. */
  @JCStressTest
  @Outcome(id = "-1, 0", expect = ACCEPTABLE, desc = "not there yet")
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "the lane with what was done")
  @Outcome(expect = FORBIDDEN, desc = "the lane without what was done")
  @State
  public static class Publishes {
    private final IdleLanes idle = new IdleLanes(1);
    private final int lane = idle.pop();
    private int done;

    @Actor
    public void giveBack() {
      done = 1;
      idle.push(lane);
    }

    @Actor
    public void take(II_Result r) {
      r.r1 = idle.pop();
      r.r2 = r.r1 == IdleLanes.NONE ? 0 : done;
    }
  }
}
