package dev.skeg.benchmarks;

import io.netty.channel.SelectStrategy;
import io.netty.util.IntSupplier;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * Has an event loop look at its sockets and its timers no more often than once in a tick, so that
 * it takes little of a processor that the server needs too.
 *
 * <p><b>Threads.</b> The event loop's own.
 */
final class TickingSelect implements SelectStrategy {
  private final long tickNanos;
  private final LongSupplier clock;
  private final LongConsumer pause;
  private long lookedAt;

  TickingSelect(Duration tick) {
    this(tick, System::nanoTime, LockSupport::parkNanos);
  }

  /**
   * @param clock nanoseconds of any origin
   * @param pause lets so many nanoseconds pass, or fewer
   */
  TickingSelect(Duration tick, LongSupplier clock, LongConsumer pause) {
    this.tickNanos = tick.toNanos();
    this.clock = clock;
    this.pause = pause;
    this.lookedAt = clock.getAsLong();
  }

  @Override
  public int calculateStrategy(IntSupplier ready, boolean hasTasks) throws Exception {
    if (!hasTasks) {
      long left = lookedAt + tickNanos - clock.getAsLong();
      if (left > 0) {
        pause.accept(left);
      }
      lookedAt = clock.getAsLong();
    }
    return ready.get();
  }
}
