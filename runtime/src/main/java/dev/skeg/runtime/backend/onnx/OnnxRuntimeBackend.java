package dev.skeg.runtime.backend.onnx;

import dev.skeg.runtime.backend.Backend;
import dev.skeg.runtime.backend.BackendModel;
import dev.skeg.runtime.backend.LoadOptions;
import dev.skeg.runtime.model.ErrorCode;
import dev.skeg.runtime.model.ServingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * ONNX Runtime. One environment, one session for each model loaded.
 *
 * <p>If the process ends while a model is being loaded or still runs, the environment is left to
 * the end of the process: to free it under a session would crash.
 *
 * <p><b>Threads.</b> Any.
 */
public final class OnnxRuntimeBackend implements Backend {
  private final OrtApi api;
  private final long env;
  private final long memoryInfo;
  private final AtomicInteger models = new AtomicInteger(); // Loaded or being loaded.
  private boolean closed;

  /**
   * Loads the library.
   *
   * @param nativeDirectory where the library has been unpacked, or is to be
   * @throws ServingException if it cannot be loaded
   */
  public OnnxRuntimeBackend(Path nativeDirectory) {
    this.api = OrtApi.load(OnnxRuntimeLibrary.unpack(nativeDirectory));
    this.env = api.createEnv();
    this.memoryInfo = api.createCpuMemoryInfo();
  }

  @Override
  public String name() {
    return "onnxruntime";
  }

  @Override
  public String platform() {
    return "onnxruntime_onnx";
  }

  @Override
  public String version() {
    return api.version();
  }

  @Override
  public BackendModel load(LoadOptions options) {
    if (!Files.isReadable(options.file())) {
      throw new ServingException(
          ErrorCode.NOT_FOUND, "cannot read the model file " + options.file());
    }
    models.incrementAndGet();
    try {
      return open(options);
    } catch (RuntimeException | Error e) {
      models.decrementAndGet();
      throw e;
    }
  }

  private OnnxModel open(LoadOptions options) {
    long sessionOptions = api.createSessionOptions(options.intraOpThreads());
    long session;
    try {
      if (options.sharesWeights()) {
        api.disablePrepacking(sessionOptions);
      }
      session = api.createSession(env, options.file(), sessionOptions);
    } finally {
      api.releaseSessionOptions(sessionOptions);
    }
    try {
      SessionSignature described = SessionSignature.read(api, session);
      List<String> warnings =
          GraphFile.read(options.file()).map(IntegerTraps::find).orElse(List.of());
      return new OnnxModel(api, session, memoryInfo, described, warnings, models::decrementAndGet);
    } catch (RuntimeException | Error e) {
      api.releaseSession(session);
      throw e;
    }
  }

  @Override
  public synchronized void close() {
    if (!closed && models.get() == 0) {
      closed = true;
      api.releaseMemoryInfo(memoryInfo);
      api.releaseEnv(env);
    }
  }
}
