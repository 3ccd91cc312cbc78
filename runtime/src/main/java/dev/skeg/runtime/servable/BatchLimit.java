package dev.skeg.runtime.servable;

/** How many rows one request to a version may have, and whether its tensors have rows at all. */
public sealed interface BatchLimit {
  /** The first dimension means nothing to the server: every request is run by itself. */
  record NotBatchable() implements BatchLimit {}

  /** Found by a probe at load: rows are independent; any number of them is served. */
  record Found() implements BatchLimit {}

  /**
   * Declared in config.pbtxt.
   *
   * @param maxRows 1 or more; a request with more rows is refused
   */
  record Declared(int maxRows) implements BatchLimit {}
}
