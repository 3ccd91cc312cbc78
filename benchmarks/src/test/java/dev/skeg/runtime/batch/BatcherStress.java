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

  /** A batcher of one lane, and how two requests to it end. */
  private static final class TwoRequests {
    final Batcher batcher = StressFixture.batcher(2);
    final Ends one = new Ends();
    final Ends other = new Ends();
    private long next;

    /** Returns a request that an event loop may run by itself. */
    Entry cheapEntry(Ends ends) {
      return StressFixture.entry(batcher, StressFixture.CHEAP, next++, ends);
    }

    /** Says how often each has ended. */
    void count(II_Result r) {
      r.r1 = one.await();
      r.r2 = other.await();
      batcher.free();
    }
  }

  /** A batcher of one lane and one place in its queue, and how a request to it ends. */
  private static final class OneRequest {
    final Batcher batcher = StressFixture.batcher(1);
    final Entry entry;
    private final Ends ends = new Ends();

    OneRequest(ShapeClass shape) {
      entry = StressFixture.entry(batcher, shape, 0, ends);
    }

    /**
     * Says how often it has ended, and whether one more finds the queue's one place and the lane.
     */
    void count(II_Result r) {
      Ends next = new Ends();
      r.r1 = ends.await();
      StressFixture.submit(batcher, next);
      r.r2 = next.await() == 1 && next.isAnswered() ? 1 : 0;
      batcher.free();
    }
  }

  /** Two event loops have a request each; the lane is one's, and falls idle as the other waits. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "each ends once")
  @Outcome(expect = FORBIDDEN, desc = "0: left lying; 2: ended twice")
  @State
  public static class TwoEventLoops {
    private final TwoRequests two = new TwoRequests();
    private final Entry one = two.cheapEntry(two.one);
    private final Entry other = two.cheapEntry(two.other);

    @Actor
    public void first() {
      StressFixture.turn(two.batcher, one);
    }

    @Actor
    public void second() {
      StressFixture.turn(two.batcher, other);
    }

    @Arbiter
    public void count(II_Result r) {
      two.count(r);
    }
  }

  /** An event loop's lane falls idle as a request is put into the ring from elsewhere. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "each ends once")
  @Outcome(expect = FORBIDDEN, desc = "0: left lying; 2: ended twice")
  @State
  public static class EventLoopAndRing {
    private final TwoRequests two = new TwoRequests();
    private final Entry one = two.cheapEntry(two.one);

    @Actor
    public void first() {
      StressFixture.turn(two.batcher, one);
    }

    @Actor
    public void second() {
      StressFixture.submit(two.batcher, two.other);
    }

    @Arbiter
    public void count(II_Result r) {
      two.count(r);
    }
  }

  /** Two requests are put into the ring at once, and the lane's thread runs them. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "each ends once")
  @Outcome(expect = FORBIDDEN, desc = "0: left lying; 2: ended twice")
  @State
  public static class TwoIntoTheRing {
    private final TwoRequests two = new TwoRequests();

    @Actor
    public void first() {
      StressFixture.submit(two.batcher, two.one);
    }

    @Actor
    public void second() {
      StressFixture.submit(two.batcher, two.other);
    }

    @Arbiter
    public void count(II_Result r) {
      two.count(r);
    }
  }

  /** A request is put into the ring as the lane's thread has answered the last one and may park. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "each ends once")
  @Outcome(expect = FORBIDDEN, desc = "0: left lying; 2: ended twice")
  @State
  public static class RingAgainstPark {
    private final TwoRequests two = new TwoRequests();

    @Actor
    public void first() {
      StressFixture.submit(two.batcher, two.one);
    }

    @Actor
    public void second() {
      while (!two.one.hasEnded()) {
        Thread.onSpinWait();
      }
      StressFixture.submit(two.batcher, two.other);
    }

    @Arbiter
    public void count(II_Result r) {
      two.count(r);
    }
  }

  /** A client goes away as an event loop runs its request. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "ended once, and the lane is free")
  @Outcome(expect = FORBIDDEN, desc = "ended never or twice, or the lane is not given back")
  @State
  public static class CancelAgainstEventLoop {
    private final OneRequest request = new OneRequest(StressFixture.CHEAP);

    @Actor
    public void run() {
      StressFixture.turn(request.batcher, request.entry);
    }

    @Actor
    public void cancel() {
      request.entry.cancel();
    }

    @Arbiter
    public void count(II_Result r) {
      request.count(r);
    }
  }

  /** A client goes away as its request is admitted, waits and is given to a lane's thread. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "ended once, and its place is free")
  @Outcome(expect = FORBIDDEN, desc = "ended never or twice, or its place is still taken")
  @State
  public static class CancelAgainstQueue {
    private final OneRequest request = new OneRequest(StressFixture.unknown());

    @Actor
    public void enqueue() {
      StressFixture.turn(request.batcher, request.entry);
    }

    @Actor
    public void cancel() {
      request.entry.cancel();
    }

    @Arbiter
    public void count(II_Result r) {
      request.count(r);
    }
  }
}
