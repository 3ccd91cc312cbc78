package dev.skeg.runtime.endpoint;

import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;

/**
 * Loads and unloads models on request, which is for the mode {@code explicit} alone.
 *
 * <p><b>Threads.</b> Any that may block: calls last as long as a load does.
 */
public interface ModelRepository {
  /** A repository that loads and unloads nothing. */
  ModelRepository NONE =
      new ModelRepository() {
        @Override
        public void load(String model) {
          throw refused();
        }

        @Override
        public void unload(String model) {
          throw refused();
        }

        private static ServingException refused() {
          return new ServingException(
              ErrorCode.UNAVAILABLE, "explicit model load / unload is not allowed");
        }
      };

  /**
   * Loads the versions of a model that its policy chooses, or that its source's pointer means.
   *
   * @throws ServingException with the text for the client, if it is not allowed or does not succeed
   */
  void load(String model);

  /**
   * Takes all versions of a model out.
   *
   * @throws ServingException as {@link #load} does
   */
  void unload(String model);
}
