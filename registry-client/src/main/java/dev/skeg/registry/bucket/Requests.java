package dev.skeg.registry.bucket;

import dev.skeg.registry.RegistryException;
import dev.skeg.registry.transport.Attempts;
import dev.skeg.registry.transport.HttpFailures;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Function;

/**
 * Sends the requests of a {@link Bucket}: again where that may help, and with failures that say
 * what, where and what would do. <b>Threads.</b> Immutable; any.
 */
public final class Requests {
  /** One request by the store's client. */
  @FunctionalInterface
  public interface Request<T> {
    T send() throws IOException;
  }

  private final Attempts attempts;
  private final Function<Exception, Optional<Bucket.Trouble>> explain;

  Requests(Attempts attempts, Function<Exception, Optional<Bucket.Trouble>> explain) {
    this.attempts = attempts;
    this.explain = explain;
  }

  /**
   * Sends a request.
   *
   * @param call names it in messages
   * @param repeatable whether it may be sent again when nobody knows if it arrived
   */
  public <T> T send(String call, boolean repeatable, Request<T> request) {
    return send(call, repeatable, request, answered -> Optional.empty());
  }

  /**
   * Sends a request some of whose refusals are answers.
   *
   * @param answers what a refusal means; empty if it is a failure
   */
  public <T> T send(
      String call,
      boolean repeatable,
      Request<T> request,
      Function<Bucket.Trouble.Answered, Optional<T>> answers) {
    return attempts.run(
        repeatable,
        () -> {
          try {
            return request.send();
          } catch (IOException e) {
            rethrowOurs(e);
            return afterTrouble(
                call, explain.apply(e).orElseGet(() -> new Bucket.Trouble.Broken(e)), answers);
          } catch (RuntimeException e) {
            rethrowOurs(e);
            return afterTrouble(call, explain.apply(e).orElseThrow(() -> e), answers);
          }
        });
  }

  /** Clients wrap what the suppliers of credentials that they were given throw. */
  private static void rethrowOurs(Exception e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof RegistryException ours) {
        throw ours;
      }
    }
  }

  private static <T> T afterTrouble(
      String call, Bucket.Trouble trouble, Function<Bucket.Trouble.Answered, Optional<T>> answers)
      throws Attempts.Failed {
    switch (trouble) {
      case Bucket.Trouble.Broken(IOException cause) -> throw HttpFailures.ofBroken(call, cause);
      case Bucket.Trouble.Answered answered -> {
        Optional<T> answer = answers.apply(answered);
        if (answer.isPresent()) {
          return answer.get();
        }
        throw HttpFailures.ofStatus(
            call, answered.status(), answered.code(), answered.retryAfter());
      }
    }
  }
}
