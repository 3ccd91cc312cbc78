package dev.skeg.runtime.batch;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.skeg.runtime.batch.StressFixture.Control;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** A run that serves nobody is ended, and the next one of the same lane is not. */
public final class RunTokenStress {
  private RunTokenStress() {}

  /** The last request is lost at the moment at which the run is over. */
  @JCStressTest
  @Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "the run was over first")
  @Outcome(id = "1, 0, 0", expect = ACCEPTABLE, desc = "it was made to end")
  @Outcome(expect = FORBIDDEN, desc = "the next run finds itself ended")
  @State
  public static class LossAgainstEnd {
    private final Control control = new Control();
    private final RunToken token = new RunToken(control, 1);

    @Actor
    public void end(III_Result r) {
      r.r1 = token.end() ? 1 : 0;
      r.r2 = control.isTerminating() ? 1 : 0;
    }

    @Actor
    public void lose() {
      token.lose();
    }

    @Arbiter
    public void nextRun(III_Result r) {
      r.r3 = control.isTerminating() ? 1 : 0;
    }
  }

  /** The last two requests are lost at once. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "ended once")
  @Outcome(expect = FORBIDDEN, desc = "never, or twice")
  @State
  public static class TwoLosses {
    private final Control control = new Control();
    private final RunToken token = new RunToken(control, 2);

    @Actor
    public void first() {
      token.lose();
    }

    @Actor
    public void second() {
      token.lose();
    }

    @Arbiter
    public void count(I_Result r) {
      r.r1 = control.terminations();
    }
  }
}
