package dev.skeg.registry.transport;

import dev.skeg.registry.Network.Retries;
import dev.skeg.registry.RegistryException;
import dev.skeg.registry.RegistryException.Kind;
import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Makes a request again while it fails in a way that may pass: at most as often as {@link Retries}
 * says, each pause twice the last, less up to a half at random. What a server asks for by
 * Retry-After is honoured if it is short enough, and handed on at once if it is not.
 *
 * <p><b>Threads.</b> Immutable; any.
 */
public final class Attempts {
  /** One attempt. */
  @FunctionalInterface
  public interface Attempt<T> {
    /**
     * Makes it.
     *
     * @throws Failed if it came to nothing
     * @throws RegistryException if another attempt would be of no use
     */
    T make() throws Failed;
  }

  /** An attempt came to nothing. */
  public static final class Failed extends Exception {
    private final RegistryException failure;
    private final boolean mayPass;

    /**
     * @param failure thrown when no other attempt is made
     * @param mayPass whether another may do better
     */
    public Failed(RegistryException failure, boolean mayPass) {
      super(failure);
      this.failure = failure;
      this.mayPass = mayPass;
    }
  }

  /** Waits; tests pass one that only counts. */
  @FunctionalInterface
  interface Pause {
    void pause(Duration time) throws InterruptedException;
  }

  private final Retries retries;
  private final Pause pause;
  private final RandomGenerator random;

  Attempts(Retries retries, Pause pause, RandomGenerator random) {
    this.retries = retries;
    this.pause = pause;
    this.random = random;
  }

  public Attempts(Retries retries) {
    this(retries, Thread::sleep, RandomGenerator.getDefault());
  }

  /**
   * Makes attempts until one succeeds.
   *
   * @param repeatable whether there may be more than one
   * @throws RegistryException the last one's failure
   */
  public <T> T run(boolean repeatable, Attempt<T> attempt) {
    int most = repeatable ? retries.attempts() : 1;
    for (int made = 1; ; made++) {
      try {
        return attempt.make();
      } catch (Failed e) {
        Optional<Duration> wait = wait(made, e.failure);
        if (!e.mayPass || made >= most || wait.isEmpty()) {
          throw e.failure;
        }
        pause(wait.get());
      }
    }
  }

  /** Returns how long to wait before the next attempt; empty if the server wants more patience. */
  private Optional<Duration> wait(int made, RegistryException failure) {
    long longest = retries.longest().toNanos();
    Duration asked = failure.retryAfter().orElse(Duration.ZERO);
    if (asked.compareTo(retries.longest()) > 0) {
      return Optional.empty();
    }
    long full = Math.min(longest, retries.first().toNanos() << Math.min(made - 1, 20));
    long jittered = full / 2 + random.nextLong(full / 2 + 1);
    return Optional.of(Duration.ofNanos(Math.max(asked.toNanos(), jittered)));
  }

  private void pause(Duration time) {
    try {
      pause.pause(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RegistryException(Kind.TRANSIENT, "interrupted", e);
    }
  }
}
