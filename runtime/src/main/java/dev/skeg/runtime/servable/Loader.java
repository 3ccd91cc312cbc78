package dev.skeg.runtime.servable;

import dev.skeg.runtime.backend.Backend;
import dev.skeg.runtime.backend.BackendModel;
import dev.skeg.runtime.backend.LoadOptions;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.os.Pace;
import dev.skeg.runtime.ragged.RaggedModel;
import dev.skeg.runtime.ragged.RaggedPlan;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Turns a model file into a {@link Servable}. <b>Threads.</b> Any; blocks while the engine loads
 * and while the batch dimension is probed.
 */
public final class Loader {
  private final Backend backend;

  public Loader(Backend backend) {
    this.backend = backend;
  }

  /**
   * Loads a version.
   *
   * @param pace on which the engine works, unless it makes threads of its own as it loads: those
   *     serve later, and would have inherited what the pace's thread is to the system
   * @throws ServingException with the engine's message as it is, or with what the configuration
   *     says that the model does not bear out
   */
  public Servable load(LoadRequest request, Pace pace) {
    LoadOptions options =
        new LoadOptions(request.modelFile(), request.intraOpThreads(), request.sharesWeights());
    Pace loading = request.intraOpThreads() == 1 ? pace : Pace.AT_ONCE;
    BackendModel loaded = loading.call(() -> backend.load(options));
    try {
      Optional<RaggedPlan> ragged =
          RaggedPlan.of(request.declared(), request.declaresMaxBatchSize(), loaded.signature());
      // Nothing else knows of it, and no other model has anything between it and its engine.
      BackendModel model = ragged.isEmpty() ? loaded : new RaggedModel(loaded, ragged.get());
      OptionalInt oneByOne =
          ragged.isEmpty() ? OptionalInt.empty() : OptionalInt.of(ragged.get().maxBatchSize());
      ConfigCompletion completion = ConfigCompletion.of(request, model, oneByOne, backend, pace);
      return new Servable(request.version(), model, completion);
    } catch (RuntimeException | Error e) {
      loaded.close();
      throw e;
    }
  }
}
