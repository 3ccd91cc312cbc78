package dev.skeg.runtime.cli;

import dev.skeg.runtime.config.ServerConfig;

/** Runs a server until it is told to stop. */
@FunctionalInterface
public interface ServeAction {
  /**
   * Starts the server, says that it is ready, and waits for its end.
   *
   * @param config has a models directory or a model's source
   * @return the process's exit code
   * @throws RuntimeException whose message says what prevented the start; the command line prints
   *     it and exits with 1
   */
  int run(ServerConfig config);
}
