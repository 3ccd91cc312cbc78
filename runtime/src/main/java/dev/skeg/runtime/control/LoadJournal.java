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
  LoadJournal NONE = _ -> _ -> {};

  /**
   * A load begins; not earlier, as one that waits for another cannot end the process. May have it
   * wait until others have ended.
   */
  Entry begin(VersionPlan.Load load);

  /** A load under way. */
  @FunctionalInterface
  interface Entry {
    /**
     * It has ended; told once, whatever came of it.
     *
     * @param isSurvived whether that shows that the version does not end the process: it was run,
     *     or refused for what it is. What the system lacked shows nothing
     */
    void end(boolean isSurvived);
  }
}
