package dev.skeg.runtime.batch;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.skeg.runtime.batch.StressFixture.Ends;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * A request that comes in while a lane falls idle is never left lying, and ends once.
 *
 * <p>Each state has a batcher of its own with one lane: a request that was forgotten would be found
 * by the next one to come, and here none comes.
 */
public final class BatcherStress {
  private BatcherStress() {}

  /** Two event loops have a request each; the lane is one's, and falls idle as the other waits. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "each ends once")
  @Outcome(expect = FORBIDDEN, desc = "0: left lying; 2: ended twice")
  @State
  public static class TwoEventLoops {
    private final Batcher batcher = StressFixture.batcher(2);
    private final Ends one = new Ends();
    private final Ends other = new Ends();
    private final Entry oneEntry = StressFixture.entry(batcher, StressFixture.CHEAP, 0, one);
    private final Entry otherEntry = StressFixture.entry(batcher, StressFixture.CHEAP, 1, other);

    @Actor
    public void first() {
      StressFixture.turn(batcher, oneEntry);
    }

    @Actor
    public void second() {
      StressFixture.turn(batcher, otherEntry);
    }

    @Arbiter
    public void count(II_Result r) {
      r.r1 = one.await();
      r.r2 = other.await();
      batcher.free();
    }
  }

  /** An event loop's lane falls idle as a request is put into the ring from elsewhere. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "each ends once")
  @Outcome(expect = FORBIDDEN, desc = "0: left lying; 2: ended twice")
  @State
  public static class EventLoopAndRing {
    private final Batcher batcher = StressFixture.batcher(2);
    private final Ends one = new Ends();
    private final Ends other = new Ends();
    private final Entry oneEntry = StressFixture.entry(batcher, StressFixture.CHEAP, 0, one);

    @Actor
    public void first() {
      StressFixture.turn(batcher, oneEntry);
    }

    @Actor
    public void second() {
      StressFixture.submit(batcher, other);
    }

    @Arbiter
    public void count(II_Result r) {
      r.r1 = one.await();
      r.r2 = other.await();
      batcher.free();
    }
  }

  /** Two requests are put into the ring at once, and the lane's thread runs them. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "each ends once")
  @Outcome(expect = FORBIDDEN, desc = "0: left lying; 2: ended twice")
  @State
  public static class TwoIntoTheRing {
    private final Batcher batcher = StressFixture.batcher(2);
    private final Ends one = new Ends();
    private final Ends other = new Ends();

    @Actor
    public void first() {
      StressFixture.submit(batcher, one);
    }

    @Actor
    public void second() {
      StressFixture.submit(batcher, other);
    }

    @Arbiter
    public void count(II_Result r) {
      r.r1 = one.await();
      r.r2 = other.await();
      batcher.free();
    }
  }

  /** A request is put into the ring as the lane's thread has answered the last one and may park. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "each ends once")
  @Outcome(expect = FORBIDDEN, desc = "0: left lying; 2: ended twice")
  @State
  public static class RingAgainstPark {
    private final Batcher batcher = StressFixture.batcher(2);
    private final Ends one = new Ends();
    private final Ends other = new Ends();

    @Actor
    public void first() {
      StressFixture.submit(batcher, one);
    }

    @Actor
    public void second() {
      while (!one.hasEnded()) {
        Thread.onSpinWait();
      }
      StressFixture.submit(batcher, other);
    }

    @Arbiter
    public void count(II_Result r) {
      r.r1 = one.await();
      r.r2 = other.await();
      batcher.free();
    }
  }

  /** A client goes away as an event loop runs its request. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "ended once, and the lane is free")
  @Outcome(expect = FORBIDDEN, desc = "ended never or twice, or the lane is not given back")
  @State
  public static class CancelAgainstEventLoop {
    private final Batcher batcher = StressFixture.batcher(1);
    private final Ends ends = new Ends();
    private final Entry entry = StressFixture.entry(batcher, StressFixture.CHEAP, 0, ends);

    @Actor
    public void run() {
      StressFixture.turn(batcher, entry);
    }

    @Actor
    public void cancel() {
      entry.cancel();
    }

    @Arbiter
    public void count(II_Result r) {
      r.r1 = ends.await();
      r.r2 = isServed(batcher) ? 1 : 0;
      batcher.free();
    }
  }

  /** A client goes away as its request is admitted, waits and is given to a lane's thread. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "ended once, and its place is free")
  @Outcome(expect = FORBIDDEN, desc = "ended never or twice, or its place is still taken")
  @State
  public static class CancelAgainstQueue {
    private final Batcher batcher = StressFixture.batcher(1);
    private final Ends ends = new Ends();
    private final Entry entry = StressFixture.entry(batcher, StressFixture.unknown(), 0, ends);

    @Actor
    public void enqueue() {
      StressFixture.turn(batcher, entry);
    }

    @Actor
    public void cancel() {
      entry.cancel();
    }

    @Arbiter
    public void count(II_Result r) {
      r.r1 = ends.await();
      r.r2 = isServed(batcher) ? 1 : 0;
      batcher.free();
    }
  }

  /** Returns whether one more request finds the queue's one place and the lane. */
  private static boolean isServed(Batcher batcher) {
    Ends next = new Ends();
    StressFixture.submit(batcher, next);
    return next.await() == 1 && next.isAnswered();
  }
}
