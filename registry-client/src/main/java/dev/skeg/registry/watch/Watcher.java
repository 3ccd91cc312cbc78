package dev.skeg.registry.watch;

import dev.skeg.registry.Pointer;
import dev.skeg.registry.Revision;
import dev.skeg.registry.Source;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Watches what one pointer means, on a virtual thread of its own; {@link PointerPoll} tells by
 * which rules.
 *
 * <p><b>Threads.</b> The listener is called on the watcher's thread, one finding after the other;
 * while it works, no look is made. {@link #hint} and {@link #close} from any.
 */
public final class Watcher implements AutoCloseable {
  private static final Duration BETWEEN_HINTS = Duration.ofMillis(50);

  private final PointerPoll poll;
  private final Semaphore hints = new Semaphore(0);
  private final Thread thread;

  private Watcher(PointerPoll poll, String name) {
    this.poll = poll;
    this.thread = Thread.ofVirtual().name("watch-" + name).unstarted(this::run);
  }

  /**
   * Begins to watch; the first look is made at once.
   *
   * @param known what the pointer meant so far, as from the store: not reported again; null if
   *     nothing is known
   * @param listener must not throw
   */
  public static Watcher start(
      Source source,
      Pointer pointer,
      @Nullable Revision known,
      WatchConfig config,
      Consumer<Finding> listener) {
    PointerPoll poll =
        new PointerPoll(
            source,
            pointer,
            config,
            listener,
            InstantSource.system(),
            RandomGenerator.getDefault());
    if (known != null) {
      poll.startFrom(known);
    }
    Watcher watcher = new Watcher(poll, source.uri() + "#" + pointer);
    watcher.thread.start();
    return watcher;
  }

  /** Makes the next look happen now. Hints that come together make one look. */
  public void hint() {
    hints.release();
  }

  private void run() {
    try {
      boolean hinted = false;
      while (!Thread.currentThread().isInterrupted()) {
        Duration wait = poll.look(hinted);
        hinted = hints.tryAcquire(wait.toNanos(), TimeUnit.NANOSECONDS);
        if (hinted) {
          // Whoever floods us with hints gets twenty looks a second and no more.
          Thread.sleep(BETWEEN_HINTS);
          hints.drainPermits();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Stops, and waits until the listener is no longer called. */
  @Override
  public void close() {
    thread.interrupt();
    if (Thread.currentThread() == thread) {
      return;
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
