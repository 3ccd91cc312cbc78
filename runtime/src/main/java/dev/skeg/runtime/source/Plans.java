package dev.skeg.runtime.source;

import dev.skeg.runtime.control.ModelPlan;
import dev.skeg.runtime.endpoint.Endpoint;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What carries plans out. <b>Threads.</b> Any; nothing blocks. */
public interface Plans {
  /**
   * Makes what is loaded of a model equal a plan.
   *
   * @return the endpoint, once every version that is wanted is ready or has failed
   */
  CompletableFuture<Endpoint> apply(ModelPlan plan);

  /** Returns what there is of a model at this moment; empty if it is unknown. */
  Optional<Endpoint> endpoint(String model);

  /**
   * Takes a model out.
   *
   * @return done when its memory is free
   */
  CompletableFuture<@Nullable Void> forget(String model);
}
