package dev.skeg.runtime.backend;

/**
 * Ends runs from outside. <b>Threads.</b> {@link #terminate} may be called by any; the rest by
 * whoever runs.
 */
public interface RunControl extends AutoCloseable {
  /** Makes the run that was given this control end soon, in failure, and every later one too. */
  void terminate();

  /** Lets runs go on again after {@link #terminate}. */
  void clear();

  /** Frees it; no run uses it any more. */
  @Override
  void close();
}
