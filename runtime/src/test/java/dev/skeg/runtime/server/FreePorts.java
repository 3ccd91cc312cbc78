package dev.skeg.runtime.server;

import dev.skeg.runtime.config.ServerConfig;
import java.nio.file.Path;
import java.util.Map;

/** Configurations of servers on ports that are free, for tests. */
final class FreePorts {
  private FreePorts() {}

  /** Returns that of a server of the models in a directory, with its data beside them. */
  static ServerConfig config(Path directory) {
    return config(directory.resolve("models"), directory.resolve("data"));
  }

  static ServerConfig config(Path models, Path data) {
    return ServerConfig.of(
        Map.of(
            "models-dir", models.toString(),
            "data-dir", data.toString(),
            "http.port", "0",
            "grpc.port", "0",
            "metrics.port", "0",
            "admin.port", "0"));
  }
}
