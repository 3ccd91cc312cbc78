package dev.skeg.runtime.socket;

import dev.skeg.runtime.os.ReadPause;
import io.netty.channel.SelectStrategy;
import io.netty.util.IntSupplier;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;

/**
 * Has an event loop make the {@link ReadPause} that its work has asked for, when there is no more
 * work and before it looks at its sockets.
 *
 * <p><b>Threads.</b> The event loop's own.
 */
final class PausingSelect implements SelectStrategy {
  private final LongConsumer pause;

  PausingSelect() {
    this(LockSupport::parkNanos);
  }

  /**
   * @param pause lets so many nanoseconds pass
   */
  PausingSelect(LongConsumer pause) {
    this.pause = pause;
  }

  @Override
  public int calculateStrategy(IntSupplier ready, boolean hasTasks) throws Exception {
    if (hasTasks) {
      return ready.get();
    }
    long nanos = ReadPause.own().take();
    if (nanos == 0) {
      return SELECT;
    }
    pause.accept(nanos);
    return ready.get();
  }
}
