package dev.skeg.monitor.baseline;

/** Is told how far the building of a baseline has come; by any thread, often. */
@FunctionalInterface
public interface BuildProgress {
  /**
   * Tells.
   *
   * @param pass 1 or 2
   * @param rows of the pass that have been read
   * @param doneBytes of the pass that have been read
   * @param totalBytes of all files
   */
  void moved(int pass, long rows, long doneBytes, long totalBytes);
}
