package dev.skeg.runtime.backend;

import dev.skeg.runtime.model.ServingException;
import java.lang.foreign.MemorySegment;

/**
 * Memory for one batch, allocated once, and the means to run the model on it without allocating
 * anything more: the rows of every input one behind the other, and room for the rows of every
 * output, each tensor at an address that is a multiple of 64.
 *
 * <p><b>Threads.</b> One at a time; whoever gives a slot on publishes it.
 */
public interface BatchSlot extends AutoCloseable {
  /** Returns the rows of an input, for the whole capacity; to be written before a run. */
  MemorySegment input(int index);

  /** Returns the rows of an output, for the whole capacity; what the last run wrote. */
  MemorySegment output(int index);

  /**
   * Runs the model on the first rows of its inputs.
   *
   * @param rows 1 to the capacity
   * @param control by which the run can be ended
   * @throws ServingException if the engine failed, with the engine's message
   */
  void run(int rows, RunControl control);

  /** Frees the memory. */
  @Override
  void close();
}
