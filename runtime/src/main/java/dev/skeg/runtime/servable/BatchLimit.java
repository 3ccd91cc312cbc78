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

  /**
   * Declared in config.pbtxt of a version that takes one request in a run, whatever rows it has.
   *
   * @param maxRows 1 or more; a request with more rows is refused
   */
  record OneByOne(int maxRows) implements BatchLimit {}

  /** Returns whether the first dimension of every tensor is rows. */
  default boolean hasRows() {
    return !(this instanceof NotBatchable);
  }

  /** Returns whether rows of several requests may run together. */
  default boolean isBatchable() {
    return switch (this) {
      case NotBatchable _, OneByOne _ -> false;
      case Found _, Declared _ -> true;
    };
  }
}
