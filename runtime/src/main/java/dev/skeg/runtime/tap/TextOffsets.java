package dev.skeg.runtime.tap;

import java.lang.foreign.MemorySegment;

/**
 * How far the texts of a request's tensors have been read: only whoever has read those of all rows
 * before knows where a row's begin.
 *
 * <p><b>Threads.</b> One at a time. <b>Allocation.</b> None, once it has met as many tensors.
 */
final class TextOffsets {
  private long[] offsets = new long[0]; // By tensor.
  private int[] rows = new int[0]; // Which row begins there.

  /** Begins with another request's tensors. */
  void begin(int tensors) {
    if (offsets.length < tensors) {
      offsets = new long[tensors];
      rows = new int[tensors];
    }
    for (int i = 0; i < tensors; i++) {
      offsets[i] = 0;
      rows[i] = 0;
    }
  }

  /**
   * Returns where a row's texts begin.
   *
   * @param elements of each row
   * @param row that one or a later one than was asked for before
   */
  long offset(int tensor, MemorySegment data, long elements, int row) {
    if (rows[tensor] < row) {
      long skipped = elements * (row - rows[tensor]);
      next(tensor, TensorColumns.skipTexts(data, offsets[tensor], skipped), row);
    }
    return offsets[tensor];
  }

  /** Notes where a row begins. */
  void next(int tensor, long offset, int row) {
    offsets[tensor] = offset;
    rows[tensor] = row;
  }
}
