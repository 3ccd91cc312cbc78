package dev.skeg.runtime.batch;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.NoSuchElementException;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** The scheduler's queue, whose requests are cancelled while it looks at them. */
public final class RequestQueueStress {
  private static final Batcher BATCHER = StressFixture.batcher(2);
  private static final int THREW = -1;

  private RequestQueueStress() {}

  /** The only request that waits is cancelled as a batch is put together. */
  @JCStressTest
  @Outcome(id = "0", expect = ACCEPTABLE, desc = "cancelled first: no batch")
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "taken first: a batch of it")
  @Outcome(expect = FORBIDDEN, desc = "-1: the scheduler fell over it")
  @State
  public static class CancelAgainstFill {
    private final RequestQueue queue = StressFixture.queue();
    private final Batch batch = new Batch();
    private final Entry entry =
        StressFixture.entry(BATCHER, StressFixture.CHEAP, 0, new StressFixture.Ends());

    public CancelAgainstFill() {
      queue.add(entry);
    }

    @Actor
    public void fill(I_Result r) {
      try {
        r.r1 = queue.fill(batch, 0, 0) ? batch.size() : 0;
      } catch (NoSuchElementException e) {
        r.r1 = THREW;
      }
    }

    @Actor
    public void cancel() {
      entry.cancel();
    }
  }
}
