package dev.skeg.runtime.cli;

import dev.skeg.runtime.config.ModelConfigFile;
import dev.skeg.runtime.model.ModelVersion;
import dev.skeg.runtime.model.ServingException;
import java.nio.file.Path;
import java.util.List;

/** Loads versions to see whether they can be served, and frees them again. */
public interface ModelChecker extends AutoCloseable {
  /**
   * Loads one version.
   *
   * @param modelFile exists
   * @param intraOpThreads threads that one run may use, 1 or more
   * @return what an operator should know of a model that can be served
   * @throws ServingException if it cannot be served, with the reason that the server would give
   */
  List<String> check(
      ModelVersion version, Path modelFile, ModelConfigFile config, int intraOpThreads);

  @Override
  void close();
}
