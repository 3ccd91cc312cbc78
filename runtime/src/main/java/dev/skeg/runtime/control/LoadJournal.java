package dev.skeg.runtime.control;

/**
 * Where it is written down which versions are being loaded, so that a later process knows what this
 * one died of.
 *
 * <p><b>Threads.</b> Any; may write to the disk. Never throws.
 */
@FunctionalInterface
public interface LoadJournal {
  /** For loads of which nothing need be known later. */
  LoadJournal NONE = _ -> () -> {};

  /** A load begins; not earlier, as one that waits for another cannot end the process. */
  Entry begin(VersionPlan.Load load);

  /** A load under way; closed once the version is ready or has failed. */
  @FunctionalInterface
  interface Entry extends AutoCloseable {
    @Override
    void close();
  }
}
