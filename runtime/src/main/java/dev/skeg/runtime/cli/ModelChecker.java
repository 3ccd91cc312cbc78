package dev.skeg.runtime.cli;

import dev.skeg.runtime.config.MonitorConfig;
import dev.skeg.runtime.model.ServingException;
import dev.skeg.runtime.servable.LoadRequest;
import java.util.List;

/** Loads versions to see whether they can be served, and frees them again. */
public interface ModelChecker extends AutoCloseable {
  /**
   * Loads one version.
   *
   * @param request for a model's file that exists
   * @param monitor how the model is to be watched
   * @return what an operator should know of a model that can be served
   * @throws ServingException if it cannot be served, with the reason that the server would give
   */
  List<String> check(LoadRequest request, MonitorConfig monitor);

  @Override
  void close();
}
