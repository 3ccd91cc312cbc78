package dev.skeg.runtime.batch;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.skeg.runtime.batch.SlotPool.PooledSlot;
import dev.skeg.runtime.batch.StressFixture.HeapSlot;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** A slot is never in two hands, and a pool that is closed frees each of its slots once. */
public final class SlotPoolStress {
  private SlotPoolStress() {}

  private static PooledSlot lent(SlotPool pool, int answers) {
    PooledSlot slot = StressFixture.take(pool);
    if (!pool.lend()) {
      throw new IllegalStateException("a new pool has one to spare");
    }
    slot.holdFor(answers);
    return slot;
  }

  /** Two take at once where one slot is free. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "one each")
  @Outcome(expect = FORBIDDEN, desc = "the same slot")
  @State
  public static class TwoTake {
    private final SlotPool pool = StressFixture.pool(2, 1);
    private @Nullable PooledSlot one;
    private @Nullable PooledSlot other;

    public TwoTake() {
      pool.put(StressFixture.take(pool));
    }

    @Actor
    public void first() {
      one = pool.take();
    }

    @Actor
    public void second() {
      other = pool.take();
    }

    @Arbiter
    public void compare(I_Result r) {
      r.r1 = one != other ? 1 : 0;
    }
  }

  /** A slot is taken as the last answer is written that points into it. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "in one hand, and not lost")
  @Outcome(expect = FORBIDDEN, desc = "in two hands, or lost")
  @State
  public static class TakeAgainstRelease {
    private final SlotPool pool = StressFixture.pool(2, 1);
    private final PooledSlot slot = lent(pool, 1);
    private @Nullable PooledSlot taken;

    @Actor
    public void release() {
      slot.release(1);
    }

    @Actor
    public void take() {
      taken = pool.take();
    }

    @Arbiter
    public void audit(II_Result r) {
      PooledSlot next = pool.take();
      r.r1 = next != taken ? 1 : 0;
      r.r2 = slot == taken || slot == next ? 1 : 0;
    }
  }

  /** The last two answers that point into a slot are written at once. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "back once, and one may be lent again")
  @Outcome(expect = FORBIDDEN, desc = "never back, or twice")
  @State
  public static class TwoReleases {
    private final SlotPool pool = StressFixture.pool(2, 1);
    private final PooledSlot slot = lent(pool, 2);

    @Actor
    public void first() {
      slot.release(1);
    }

    @Actor
    public void second() {
      slot.release(1);
    }

    @Arbiter
    public void audit(II_Result r) {
      r.r1 = (pool.take() == slot ? 1 : 0) + (pool.take() == slot ? 1 : 0);
      r.r2 = (pool.lend() ? 1 : 0) + (pool.lend() ? 1 : 0);
    }
  }

  /** Two would lend the one slot that can be spared. */
  @JCStressTest
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "one may")
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "one may")
  @Outcome(expect = FORBIDDEN, desc = "both may, or neither")
  @State
  public static class TwoLend {
    private final SlotPool pool = StressFixture.pool(1, 1);

    @Actor
    public void first(II_Result r) {
      r.r1 = pool.lend() ? 1 : 0;
    }

    @Actor
    public void second(II_Result r) {
      r.r2 = pool.lend() ? 1 : 0;
    }
  }

  /** The pool is closed as the last answer is written. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "each is freed once")
  @Outcome(expect = FORBIDDEN, desc = "one is freed twice, or never")
  @State
  public static class CloseAgainstRelease {
    private final SlotPool pool = StressFixture.pool(1, 1);
    private final PooledSlot out = lent(pool, 1);
    private final PooledSlot here = StressFixture.take(pool);

    public CloseAgainstRelease() {
      pool.put(here);
    }

    @Actor
    public void release() {
      out.release(1);
    }

    @Actor
    public void close() {
      pool.close();
    }

    @Arbiter
    public void count(II_Result r) {
      r.r1 = HeapSlot.closes(out);
      r.r2 = HeapSlot.closes(here);
    }
  }

  /** Two slots come back at once to a pool that is closed. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "each is freed once")
  @Outcome(expect = FORBIDDEN, desc = "one is freed twice, or never")
  @State
  public static class TwoComeBackTooLate {
    private final SlotPool pool = StressFixture.pool(1, 1);
    private final PooledSlot one = StressFixture.take(pool);
    private final PooledSlot other = StressFixture.take(pool);

    public TwoComeBackTooLate() {
      pool.close();
    }

    @Actor
    public void first() {
      pool.put(one);
    }

    @Actor
    public void second() {
      pool.put(other);
    }

    @Arbiter
    public void count(II_Result r) {
      r.r1 = HeapSlot.closes(one);
      r.r2 = HeapSlot.closes(other);
    }
  }
}
