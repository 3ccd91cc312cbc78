package dev.skeg.runtime.model;

/** A request that was handed over. <b>Threads.</b> Any. */
@FunctionalInterface
public interface InFlight {
  /** A request of which nothing is left to cancel. */
  InFlight DONE = () -> {};

  /**
   * Says that nobody waits for the answer any more. The request's place in a queue is free at once;
   * a run that serves nobody else ends early. The completion is called all the same, with whatever
   * became of the request. Does nothing once that has happened.
   */
  void cancel();
}
