package dev.skeg.registry.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * On which thread a store does what keeps a processor busy for long, and waits for nobody:
 * unpacking archives and reading versions again. <b>Threads.</b> Any, several at once.
 */
@FunctionalInterface
public interface HeavyWork {
  /** On the thread of the caller. */
  HeavyWork AT_ONCE = Runnable::run;

  /** Does work; blocks until it has ended, whatever interrupts come. */
  void run(Runnable work);

  /** Work that reads and writes the disk. */
  @FunctionalInterface
  interface OnDisk<T> {
    T run() throws IOException;
  }

  /** Does work, and returns its result. */
  default <T> T call(OnDisk<T> work) throws IOException {
    AtomicReference<@Nullable T> result = new AtomicReference<>();
    try {
      run(() -> {
        try {
          result.set(work.run());
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    T there = result.get();
    if (there == null) {
      throw new IllegalStateException("the work was not done");
    }
    return there;
  }
}
