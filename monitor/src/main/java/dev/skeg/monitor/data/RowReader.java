package dev.skeg.monitor.data;

/** One thread's part of a {@link Sweep}. */
public interface RowReader {
  /**
   * Replaces the batch's rows by the next ones.
   *
   * @return whether there were any; once it is false it stays so
   * @throws DataException if they cannot be read
   */
  boolean next();

  /** Returns the batch, always the same. */
  RowBatch batch();
}
