package dev.skeg.runtime.source;

import dev.skeg.registry.RegistryException;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a watch's thread is asked to do, by others; at most {@value #MAX} wait. <b>Threads.</b>
 * {@link #run} is the watch's; the others any.
 */
final class Commands {
  private static final Logger LOG = LoggerFactory.getLogger(Commands.class);

  private static final int MAX = 64;

  /** Something happens again and again; the ones that come together make one look. */
  private static final Duration BETWEEN_HINTS = Duration.ofMillis(50);

  private final BlockingQueue<Runnable> queue = new ArrayBlockingQueue<>(MAX);
  private final AtomicBoolean isHinted = new AtomicBoolean();

  /**
   * Asks for something.
   *
   * @throws ServingException of code UNAVAILABLE if too much is waiting
   */
  void add(Runnable command) {
    if (!queue.offer(command)) {
      throw new ServingException(
          ErrorCode.UNAVAILABLE,
          "more than " + MAX + " commands wait for this source (expected: fewer at a time)");
    }
  }

  /** Something done on the watch's thread for somebody who waits. */
  @FunctionalInterface
  interface Answering<T> {
    T run() throws InterruptedException;
  }

  /**
   * Asks for something, and its result.
   *
   * @param done what the result completes, or a {@link ServingException} that says for clients why
   *     there is none
   * @throws ServingException as {@link #add} does
   */
  <T> void ask(CompletableFuture<T> done, Answering<T> work) {
    add(() -> {
      try {
        done.complete(work.run());
      } catch (RegistryException e) {
        done.completeExceptionally(
            new ServingException(code(e.kind()), String.valueOf(e.getMessage()), e));
      } catch (InterruptedException e) {
        done.completeExceptionally(
            new ServingException(ErrorCode.UNAVAILABLE, "the server is stopping", e));
        Thread.currentThread().interrupt();
      } catch (RuntimeException | Error e) {
        done.completeExceptionally(e);
      }
    });
  }

  private static ErrorCode code(RegistryException.Kind kind) {
    return switch (kind) {
      case TRANSIENT, DENIED, CONFLICT -> ErrorCode.UNAVAILABLE;
      case NOT_FOUND -> ErrorCode.NOT_FOUND;
      case INVALID -> ErrorCode.INVALID_ARGUMENT;
    };
  }

  /** Asks for something, and waits for its place if too much is waiting. */
  void put(Runnable command) throws InterruptedException {
    queue.put(command);
  }

  /** Asks for a look; if one is asked for already, that is enough. */
  void hint() {
    if (isHinted.compareAndSet(false, true)) {
      boolean _ = queue.offer(() -> {}); // If it is full, there is no need to wake the thread.
    }
  }

  /**
   * Waits for commands and runs those that are there; one that fails hinders none of the others.
   *
   * @return whether a look was asked for
   */
  boolean run(Duration longestWait) throws InterruptedException {
    Runnable command = queue.poll(longestWait.toNanos(), TimeUnit.NANOSECONDS);
    if (isHinted.get()) {
      Thread.sleep(BETWEEN_HINTS);
    }
    while (command != null) {
      try {
        command.run();
      } catch (RuntimeException | Error e) {
        LOG.atError().setCause(e).log("A source's watch could not carry a command out");
      }
      command = queue.poll();
    }
    return isHinted.getAndSet(false);
  }
}
