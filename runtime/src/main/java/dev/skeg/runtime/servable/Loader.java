package dev.skeg.runtime.servable;

import dev.skeg.runtime.backend.Backend;
import dev.skeg.runtime.backend.BackendModel;
import dev.skeg.runtime.backend.LoadOptions;
import dev.skeg.runtime.model.ServingException;

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
   * @throws ServingException with the engine's message as it is, or with what the configuration
   *     says that the model does not bear out
   */
  public Servable load(LoadRequest request) {
    BackendModel model =
        backend.load(new LoadOptions(request.modelFile(), request.intraOpThreads()));
    try {
      ConfigCompletion completion =
          ConfigCompletion.of(request, model, backend.name(), backend.platform());
      return new Servable(
          request.version(),
          model,
          completion.config(),
          completion.signature(),
          completion.limit());
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }
}
