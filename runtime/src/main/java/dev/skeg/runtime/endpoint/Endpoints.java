package dev.skeg.runtime.endpoint;

import dev.skeg.runtime.model.Completion;
import dev.skeg.runtime.model.InFlight;
import dev.skeg.runtime.model.InferenceRequest;
import dev.skeg.runtime.model.ServingException;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** What the transports can ask of the server's models. <b>Threads.</b> Any. */
public interface Endpoints {
  /**
   * Answers a request: finds the version, holds the request against its signature, queues and runs
   * it. Never throws for what a client can cause; every request ends in one call of {@code
   * completion}.
   *
   * @param eventLoop the event loop that calls, which runs a task given to it once all that it has
   *     just read has been handed over: requests read together may so run together; null if the
   *     caller is no event loop
   */
  InFlight infer(InferenceRequest request, @Nullable Executor eventLoop, Completion completion);

  /** Counts a request that its transport refused: it was malformed and no model was asked. */
  void countMalformed();

  /** Returns whether that version, or for an empty {@code version} any, is ready. */
  boolean isReady(String model, String version);

  /**
   * Describes a version.
   *
   * @param version decimal, or one of the model's labels; empty for the newest that is ready
   * @throws ServingException with the text for the client, if there is no such version or it is not
   *     ready
   */
  ModelDescription describe(String model, String version);

  /** Returns every version known, by model name, then number. */
  List<IndexEntry> index(boolean readyOnly);
}
