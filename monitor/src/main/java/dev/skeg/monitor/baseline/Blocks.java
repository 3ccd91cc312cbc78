package dev.skeg.monitor.baseline;

import dev.skeg.monitor.data.RowBatch;
import java.util.Arrays;

/**
 * The blocks of time whose counts are kept.
 *
 * <p>Immutable.
 */
final class Blocks {
  /** What a row has that belongs to none of them. */
  static final int NONE = -1;

  private final long blockMillis;
  private final long[] blocks; // Ascending.

  /**
   * @param blocks as times divided by the length; copied
   */
  Blocks(long blockMillis, long[] blocks) {
    this.blockMillis = blockMillis;
    this.blocks = blocks.clone();
    Arrays.sort(this.blocks);
  }

  int count() {
    return blocks.length;
  }

  long millis() {
    return blockMillis;
  }

  long startMillis(int index) {
    return blocks[index] * blockMillis;
  }

  /** Writes each row's block, by its index, or {@link #NONE}. */
  void find(long[] times, int rows, int[] indexes) {
    long from = Long.MAX_VALUE; // Rows that follow one another are mostly of one block.
    long to = Long.MIN_VALUE;
    int index = NONE;
    for (int row = 0; row < rows; row++) {
      long time = times[row];
      if (time < from || time >= to) {
        if (time == RowBatch.NO_TIME) {
          indexes[row] = NONE;
          continue;
        }
        long block = Math.floorDiv(time, blockMillis);
        from = block * blockMillis;
        to = from + blockMillis;
        index = Math.max(NONE, Arrays.binarySearch(blocks, block));
      }
      indexes[row] = index;
    }
  }
}
