package dev.skeg.runtime.os;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Work that lets others have the processor first.
 *
 * <p>Java's thread priorities do nothing on Linux, so it runs on threads with a nice value. A
 * thread that comes from one of those would inherit the value, which a process without privileges
 * can never raise again: so the work must start none, nor wake a virtual thread.
 *
 * <p>At a safepoint all of the virtual machine waits for a thread that is in Java code, even if it
 * has no processor, but not for one in native code. So only calls of an engine run at {@value
 * #LOWEST}, where a busy machine may leave a thread without a processor for tens of milliseconds;
 * Java around them runs at {@value #GENTLE}, where it gets a tenth of one and still gives way at
 * once to whoever wakes up. At 0 its time slices would be milliseconds in which a request waits.
 *
 * <p>Elsewhere than on Linux the work runs on the caller's thread.
 *
 * <p><b>Threads.</b> Any. One thread for each call at a time, kept for {@value #IDLE_SECONDS} s.
 */
public final class GivingWay implements Pace, AutoCloseable {
  /** For calls of an engine. */
  public static final int LOWEST = 19;

  /** For Java code. */
  public static final int GENTLE = 10;

  private static final Logger LOG = LoggerFactory.getLogger(GivingWay.class);
  private static final int IDLE_SECONDS = 10;
  private static final long SLICE_NANOS = 100_000;

  private final int nice;
  private final ExecutorService threads =
      new ThreadPoolExecutor(
          0,
          Integer.MAX_VALUE, // As many as there are callers, all of whom wait.
          IDLE_SECONDS,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          this::thread);
  private final AtomicInteger numbers = new AtomicInteger();
  private final AtomicBoolean hasWarned = new AtomicBoolean();

  /**
   * @param nice {@link #LOWEST} or {@link #GENTLE}
   */
  public GivingWay(int nice) {
    this.nice = nice;
  }

  private Thread thread(Runnable work) {
    return Thread.ofPlatform()
        .daemon()
        .name("nice-" + nice + "-" + numbers.getAndIncrement())
        .unstarted(() -> {
          if (!CLibrary.setNice(nice)) {
            warn("setpriority is refused");
          }
          CLibrary.setSlice(nice, SLICE_NANOS);
          work.run();
        });
  }

  private void warn(String why) {
    if (hasWarned.compareAndSet(false, true)) {
      LOG.atInfo().addKeyValue("reason", why).log("Loading does not give way to serving");
    }
  }

  @Override
  public <T> T call(Supplier<T> work) {
    if (!CLibrary.isLinux()) {
      warn("only Linux has nice values for single threads");
      return work.get();
    }
    return await(threads.submit(work::get));
  }

  /** Waits for work to end, as {@link Pace#call} says. */
  static <T> T await(Future<T> result) {
    boolean isInterrupted = false;
    try {
      while (true) {
        try {
          return result.get();
        } catch (InterruptedException e) {
          isInterrupted = true;
        } catch (ExecutionException e) {
          switch (e.getCause()) {
            case RuntimeException cause -> throw cause;
            case Error cause -> throw cause;
            case null, default -> throw new IllegalStateException(e);
          }
        }
      }
    } finally {
      if (isInterrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Lets the threads end. */
  @Override
  public void close() {
    threads.shutdown();
  }
}
