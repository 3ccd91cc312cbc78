package dev.skeg.runtime.backend;

import java.nio.file.Path;

/**
 * What to load and how.
 *
 * @param file the model's file
 * @param intraOpThreads threads that one run may use, 1 or more
 */
public record LoadOptions(Path file, int intraOpThreads) {
  public LoadOptions {
    if (intraOpThreads < 1) {
      throw new IllegalArgumentException(
          "intraOpThreads: " + intraOpThreads + " (expected: 1 or more)");
    }
  }
}
