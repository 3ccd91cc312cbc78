package dev.skeg.runtime.backend;

import java.nio.file.Path;

/**
 * What to load and how.
 *
 * @param file the model's file
 * @param intraOpThreads threads that one run may use, 1 or more
 * @param sharesWeights whether weights that lie in files beside the model's are read where they
 *     lie, so that all who have the same file share the memory, rather than rearranged in memory of
 *     the model's own, which makes large batches quicker
 */
public record LoadOptions(Path file, int intraOpThreads, boolean sharesWeights) {
  /** A model with weights of its own. */
  public LoadOptions(Path file, int intraOpThreads) {
    this(file, intraOpThreads, false);
  }

  public LoadOptions {
    if (intraOpThreads < 1) {
      throw new IllegalArgumentException(
          "intraOpThreads: " + intraOpThreads + " (expected: 1 or more)");
    }
  }
}
