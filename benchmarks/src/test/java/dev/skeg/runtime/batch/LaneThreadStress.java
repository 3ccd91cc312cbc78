package dev.skeg.runtime.batch;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * What is given to a lane's thread is done, whatever the thread was about to do.
 *
 * <p>The work gives the baton back as its last act, and whoever takes it starts the thread anew:
 * while that looks for more work, parks or ends.
 */
public final class LaneThreadStress {
  /** Longer than any delay but a wake-up that was lost. */
  private static final long PATIENCE_SECONDS = 10;

  private LaneThreadStress() {}

  /** Counts how often it was done. */
  private static final class Work implements Runnable {
    private final AtomicBoolean baton = new AtomicBoolean(true);
    private final AtomicInteger times = new AtomicInteger();
    private final CountDownLatch done = new CountDownLatch(2);

    @Override
    public void run() {
      times.incrementAndGet();
      done.countDown();
      baton.set(true);
    }

    /** Takes the baton, as soon as there is one, and starts the thread with it. */
    void start(LaneThread thread) {
      while (!baton.compareAndSet(true, false)) {
        Thread.onSpinWait();
      }
      thread.start();
    }

    /** Returns how often it was done, once that is twice; fewer if it never is. */
    int await() {
      try {
        var _ = done.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return times.get();
    }
  }

  private static LaneThread thread(Work work) {
    return new LaneThread("lane-stress", work);
  }

  /** Work comes as the thread has done what it had, and is about to park. */
  @JCStressTest
  @Outcome(id = "2", expect = ACCEPTABLE, desc = "done both times")
  @Outcome(expect = FORBIDDEN, desc = "1: the wake-up was lost; 3: done once too often")
  @State
  public static class AboutToPark {
    private final Work work = new Work();
    private final LaneThread thread = thread(work);

    @Actor
    public void first() {
      work.start(thread);
    }

    @Actor
    public void second() {
      work.start(thread);
    }

    @Arbiter
    public void count(I_Result r) {
      r.r1 = work.await();
      thread.close();
    }
  }

  /**
   * Work comes as the thread is about to end: one whose lane is closed does so as soon as it has
   * nothing to do, another after a minute.
   */
  @JCStressTest
  @Outcome(id = "2", expect = ACCEPTABLE, desc = "done both times, by one thread or by two")
  @Outcome(expect = FORBIDDEN, desc = "1: left to a thread that is gone; 3: done once too often")
  @State
  public static class AboutToEnd {
    private final Work work = new Work();
    private final LaneThread thread = thread(work);

    public AboutToEnd() {
      thread.close();
    }

    @Actor
    public void first() {
      work.start(thread);
    }

    @Actor
    public void second() {
      work.start(thread);
    }

    @Arbiter
    public void count(I_Result r) {
      r.r1 = work.await();
    }
  }
}
