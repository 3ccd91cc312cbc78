package dev.skeg.registry;

/** Is told how far a transfer has come; called often, so it must be cheap. */
@FunctionalInterface
public interface Progress {
  /** Tells nobody. */
  Progress NONE = (path, doneBytes, totalBytes) -> {};

  /**
   * Something moved.
   *
   * @param path of the file on its way
   * @param totalBytes -1 if unknown
   */
  void moved(String path, long doneBytes, long totalBytes);
}
