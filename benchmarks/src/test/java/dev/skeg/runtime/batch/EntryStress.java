package dev.skeg.runtime.batch;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.skeg.runtime.batch.StressFixture.Control;
import dev.skeg.runtime.batch.StressFixture.Ends;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Whatever a client and the batcher do at once, a request ends exactly once. */
public final class EntryStress {
  private static final Batcher BATCHER = StressFixture.batcher(2);

  private EntryStress() {}

  private static Entry entry(Ends ends) {
    return StressFixture.entry(BATCHER, StressFixture.CHEAP, 0, ends);
  }

  private static Entry takenEntry(Ends ends) {
    Entry entry = entry(ends);
    if (!entry.take()) {
      throw new IllegalStateException("nobody else has it yet");
    }
    return entry;
  }

  private static void end(Entry entry) {
    BATCHER.endings().ended(entry, 0, 1, StressFixture.answer());
  }

  /** A lane takes it, joins it to its run and answers, while the client goes away. */
  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "one end, and the next run is not ended")
  @Outcome(expect = FORBIDDEN, desc = "none or two, or a termination left behind")
  @State
  public static class CancelAgainstRun {
    private final Ends ends = new Ends();
    private final Control control = new Control();
    private final Entry entry = entry(ends);

    @Actor
    public void run() {
      if (entry.take()) {
        RunToken token = new RunToken(control, 1);
        entry.joins(token);
        token.end();
        end(entry);
      }
    }

    @Actor
    public void cancel() {
      entry.cancel();
    }

    @Arbiter
    public void count(II_Result r) {
      r.r1 = ends.await();
      r.r2 = control.isTerminating() ? 1 : 0;
    }
  }

  /** A client that gives up a request twice, while it waits. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "one end")
  @Outcome(expect = FORBIDDEN, desc = "none or two")
  @State
  public static class TwoCancelsWhileItWaits {
    private final Ends ends = new Ends();
    private final Entry entry = entry(ends);

    @Actor
    public void first() {
      entry.cancel();
    }

    @Actor
    public void second() {
      entry.cancel();
    }

    @Arbiter
    public void count(I_Result r) {
      r.r1 = ends.await();
    }
  }

  /** A client that gives up a request twice, while it runs with another one. */
  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "one end, and the other request runs on")
  @Outcome(expect = FORBIDDEN, desc = "none or two, or the run has lost both")
  @State
  public static class TwoCancelsWhileItRuns {
    private final Ends ends = new Ends();
    private final RunToken token = new RunToken(new Control(), 2);
    private final Entry entry = takenEntry(ends);

    public TwoCancelsWhileItRuns() {
      entry.joins(token);
    }

    @Actor
    public void first() {
      entry.cancel();
    }

    @Actor
    public void second() {
      entry.cancel();
    }

    @Arbiter
    public void count(II_Result r) {
      r.r2 = token.isLost() ? 1 : 0;
      end(entry);
      r.r1 = ends.await();
    }
  }

  /** A request is given up at the moment at which it joins a run. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "the run knows, and is ended once")
  @Outcome(expect = FORBIDDEN, desc = "the run does not know that it serves nobody")
  @State
  public static class CancelAgainstJoin {
    private final Control control = new Control();
    private final RunToken token = new RunToken(control, 1);
    private final Entry entry = takenEntry(new Ends());

    @Actor
    public void join() {
      entry.joins(token);
    }

    @Actor
    public void cancel() {
      entry.cancel();
    }

    @Arbiter
    public void count(II_Result r) {
      r.r1 = token.isLost() ? 1 : 0;
      r.r2 = control.terminations();
      end(entry);
    }
  }

  /** Two believe that the end is theirs. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "one end")
  @Outcome(expect = FORBIDDEN, desc = "none or two")
  @State
  public static class TwoEnds {
    private final Ends ends = new Ends();
    private final Entry entry = takenEntry(ends);

    @Actor
    public void first() {
      end(entry);
    }

    @Actor
    public void second() {
      end(entry);
    }

    @Arbiter
    public void count(I_Result r) {
      r.r1 = ends.await();
    }
  }
}
