package dev.skeg.monitor.profile;

/** Takes the profiles of windows that have closed. */
@FunctionalInterface
public interface ProfileConsumer {
  /**
   * A window has closed; its profile will not change any more. Called in the order in which windows
   * end, on the thread that drains; must not block for long, for meanwhile nothing is drained.
   */
  void closed(Profile profile);
}
