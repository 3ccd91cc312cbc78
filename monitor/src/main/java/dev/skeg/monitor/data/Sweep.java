package dev.skeg.monitor.data;

/**
 * One reading of a file from its beginning to its end, shared by threads.
 *
 * <p><b>Threads.</b> Any. Each asks for a {@link RowReader} of its own; which of them gets which
 * rows is left to chance, where a batch begins and ends is not.
 */
public interface Sweep extends AutoCloseable {
  /** Returns a reader for one thread. */
  RowReader reader();

  /** Returns how many bytes of the file have been read so far, for showing progress. */
  long bytesRead();

  /** Hands out nothing any more: readers end with what they have begun. */
  void stop();

  /** Returns how many values of a wanted column, by its index, were unreadable and so missing. */
  long badValues(int column);

  @Override
  void close();
}
