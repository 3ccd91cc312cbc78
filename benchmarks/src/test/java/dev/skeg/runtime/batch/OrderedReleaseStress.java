package dev.skeg.runtime.batch;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.skeg.runtime.model.InferenceResult;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Answers leave in the order of their requests, whichever comes first, and each leaves. */
public final class OrderedReleaseStress {
  private static final Batcher BATCHER = StressFixture.batcher(2);

  private OrderedReleaseStress() {}

  /** The second request's answer comes as the first one's does. */
  @JCStressTest
  @Outcome(id = "1, 2", expect = ACCEPTABLE, desc = "in order")
  @Outcome(expect = FORBIDDEN, desc = "out of order, or held back for ever")
  @State
  public static class TwoAtOnce {
    private final OrderedRelease order = new OrderedRelease(BATCHER.endings());
    private final AtomicInteger delivered = new AtomicInteger();
    private volatile int firstPlace;
    private volatile int secondPlace;
    private final Entry first =
        StressFixture.entry(BATCHER, StressFixture.CHEAP, 0, this::deliverFirst);
    private final Entry second =
        StressFixture.entry(BATCHER, StressFixture.CHEAP, 1, this::deliverSecond);

    private void deliverFirst(InferenceResult result) {
      firstPlace = delivered.incrementAndGet();
    }

    private void deliverSecond(InferenceResult result) {
      secondPlace = delivered.incrementAndGet();
    }

    @Actor
    public void endSecond() {
      order.ended(second, StressFixture.answer(), true);
    }

    @Actor
    public void endFirst() {
      order.ended(first, StressFixture.answer(), true);
    }

    @Arbiter
    public void places(II_Result r) {
      r.r1 = firstPlace;
      r.r2 = secondPlace;
    }
  }
}
