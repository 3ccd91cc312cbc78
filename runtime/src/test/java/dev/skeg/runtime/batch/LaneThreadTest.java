package dev.skeg.runtime.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A {@link LaneThread} whose threads die, or are not to be had. */
final class LaneThreadTest {
  private final Semaphore done = new Semaphore(0);
  private final Queue<Thread> workers = new ConcurrentLinkedQueue<>();
  private final Queue<Throwable> deaths = new ConcurrentLinkedQueue<>();

  /** Makes threads whose death is seen. */
  private Thread made(Runnable work) {
    Thread thread = new Thread(work);
    thread.setDaemon(true);
    thread.setUncaughtExceptionHandler((dead, cause) -> deaths.add(cause));
    return thread;
  }

  private void awaitDone(int times) throws InterruptedException {
    assertThat(done.tryAcquire(times, 20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void oneThreadDoesAllTheWork() throws InterruptedException {
    LaneThread lane =
        new LaneThread(
            () -> {
              workers.add(Thread.currentThread());
              done.release();
            },
            this::made);
    for (int i = 0; i < 100; i++) {
      lane.start();
      awaitDone(1);
    }
    lane.close();

    assertThat(workers).hasSize(100);
    assertThat(List.copyOf(workers).stream().distinct()).hasSize(1);
  }

  @Test
  void aThreadThatDiesIsReplacedByTheNextStart() throws InterruptedException {
    List<Thread> made = new ArrayList<>();
    LaneThread lane =
        new LaneThread(
            () -> {
              workers.add(Thread.currentThread());
              done.release();
              if (workers.size() == 1) {
                throw new IllegalStateException("dies");
              }
            },
            work -> {
              Thread thread = made(work);
              made.add(thread);
              return thread;
            });
    lane.start();
    awaitDone(1);
    made.getFirst().join();

    lane.start();
    awaitDone(1);
    lane.close();

    assertThat(made).hasSize(2);
    assertThat(workers).containsExactlyElementsOf(made);
    assertThat(deaths).singleElement().isInstanceOf(IllegalStateException.class);
  }

  @Test
  void workThatComesWhileTheThreadDiesIsDoneByItsSuccessor() throws InterruptedException {
    LaneThread[] lane = new LaneThread[1];
    lane[0] =
        new LaneThread(
            () -> {
              workers.add(Thread.currentThread());
              if (workers.size() == 1) {
                lane[0].start(); // By another thread, as it may be, before this one is gone.
                throw new IllegalStateException("dies");
              }
              done.release();
            },
            this::made);

    lane[0].start();
    awaitDone(1);
    lane[0].close();

    assertThat(List.copyOf(workers).stream().distinct()).hasSize(2);
  }

  @Test
  void aStartForWhichThereIsNoThreadSaysSoAndTheNextOneWorks() throws InterruptedException {
    List<Thread> made = new ArrayList<>();
    ThreadFactory scarce =
        work -> {
          Thread thread = made(work);
          made.add(thread);
          if (made.size() == 1) {
            throw new OutOfMemoryError("no thread, says the test");
          }
          return thread;
        };
    LaneThread lane = new LaneThread(done::release, scarce);

    assertThat(catchThrowable(lane::start)).isInstanceOf(OutOfMemoryError.class);
    lane.start();
    awaitDone(1);
    lane.close();

    assertThat(done.availablePermits()).as("work done for the start that failed").isZero();
    assertThat(made).hasSize(2);
  }
}
