package dev.skeg.runtime.os;

import java.util.function.Supplier;

/** On which thread work is done, and so what it takes from others. <b>Threads.</b> Any. */
public interface Pace {
  /** On the thread of the caller. */
  Pace AT_ONCE =
      new Pace() {
        @Override
        public <T> T call(Supplier<T> work) {
          return work.get();
        }
      };

  /**
   * Does work and returns its result; blocks until then. An interrupt does not end it: it is passed
   * on to the caller when the work has ended.
   *
   * @param work throws only what is unchecked; starts no threads
   */
  <T> T call(Supplier<T> work);
}
