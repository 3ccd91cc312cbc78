package dev.skeg.runtime.os;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Work that has the processor as serving has it, for callers on threads that give way: what it
 * takes is to be measured. A thread that they started would give way as well, so there is one from
 * the beginning.
 *
 * <p><b>Threads.</b> Any; one call at a time, the others wait. It is to be made on a thread that
 * does not give way.
 */
public final class FullPace implements Pace, AutoCloseable {
  private final ThreadPoolExecutor thread =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(),
          Thread.ofPlatform().daemon().name("full-pace").factory());

  public FullPace() {
    thread.prestartAllCoreThreads();
  }

  @Override
  public <T> T call(Supplier<T> work) {
    return GivingWay.await(thread.submit(work::get));
  }

  /** Lets the thread end. */
  @Override
  public void close() {
    thread.shutdown();
  }
}
