package dev.skeg.runtime.backend.onnx;

import dev.skeg.runtime.backend.RunControl;

/** Options of runs, which hold the flag that the engine looks at between two nodes of the graph. */
final class OnnxRunControl implements RunControl {
  private final OrtApi api;
  private final long options;

  OnnxRunControl(OrtApi api) {
    this.api = api;
    this.options = api.createRunOptions();
  }

  /** Returns the engine's options of a control that this backend made. */
  static long options(RunControl control) {
    return ((OnnxRunControl) control).options;
  }

  @Override
  public void terminate() {
    api.setTerminate(options);
  }

  @Override
  public void clear() {
    api.unsetTerminate(options);
  }

  @Override
  public void close() {
    api.releaseRunOptions(options);
  }
}
