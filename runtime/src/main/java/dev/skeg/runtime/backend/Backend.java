package dev.skeg.runtime.backend;

import dev.skeg.runtime.model.ServingException;

/** An engine that runs models. <b>Threads.</b> Safe for use by any number of threads. */
public interface Backend extends AutoCloseable {
  /** Returns the name used in configuration, as {@code onnxruntime}. */
  String name();

  /** Returns the platform that clients see in a model's metadata, as {@code onnxruntime_onnx}. */
  String platform();

  /** Returns the engine's own version, as {@code 1.28.0}. */
  String version();

  /**
   * Loads a model. Blocks until it is ready to run.
   *
   * @throws ServingException if the file cannot be read or is not a model this engine runs; the
   *     message carries the engine's own as it is
   */
  BackendModel load(LoadOptions options);

  /** Frees the engine; every model of it must have been closed before. */
  @Override
  void close();
}
