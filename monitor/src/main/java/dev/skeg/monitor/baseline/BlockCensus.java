package dev.skeg.monitor.baseline;

import dev.skeg.monitor.data.RowBatch;
import dev.skeg.monitor.data.SplitMix;
import java.util.stream.LongStream;

/**
 * Which blocks of time have rows, and how many; and the times' range.
 *
 * <p>Of very many blocks only those with the least hashes are kept, as many as could ever be
 * chosen.
 *
 * <p><b>Threads.</b> Any; one at a time is let in.
 */
final class BlockCensus {
  private static final int MOST = 1 << 18;
  private static final long DAY_MILLIS = 86_400_000;

  private final long blockMillis;

  // Guarded by this.
  private final LongCounts counts = new LongCounts(); // Rows by block.
  private long limit = -1; // The greatest hash of a block that is kept, unsigned.
  private long firstMillis = Long.MAX_VALUE;
  private long lastMillis = Long.MIN_VALUE;
  private long withoutTime;
  private boolean areDates = true;

  BlockCensus(long blockMillis) {
    this.blockMillis = blockMillis;
  }

  synchronized void add(long[] times, int rows) {
    for (int i = 0; i < rows && areDates; i++) {
      areDates = times[i] == RowBatch.NO_TIME || times[i] % DAY_MILLIS == 0;
    }
    int row = 0;
    while (row < rows) {
      long time = times[row];
      if (time == RowBatch.NO_TIME) {
        withoutTime++;
        row++;
        continue;
      }
      long block = Math.floorDiv(time, blockMillis);
      int from = row;
      do {
        firstMillis = Math.min(firstMillis, times[row]);
        lastMillis = Math.max(lastMillis, times[row]);
        row++;
      } while (row < rows
          && times[row] >= block * blockMillis
          && times[row] < (block + 1) * blockMillis);
      add(block, row - from);
    }
  }

  private void add(long block, int rows) {
    if (isOver(block, limit) || counts.addIfPresent(block, rows)) {
      return;
    }
    counts.put(block, rows);
    if (counts.size() > MOST) {
      long[] hashes = hashes(1);
      limit = hashes[hashes.length / 4] ^ Long.MIN_VALUE;
      counts.keepOnly(each -> !isOver(each, limit));
    }
  }

  private static boolean isOver(long block, long limit) {
    return Long.compareUnsigned(SplitMix.hash(block), limit) > 0;
  }

  /** Returns the hashes of blocks with so many rows, ascending, with their first bit turned. */
  private long[] hashes(long fewestRows) {
    LongStream.Builder hashes = LongStream.builder();
    counts.forEach((block, rows) -> {
      if (rows >= fewestRows) {
        hashes.add(SplitMix.hash(block) ^ Long.MIN_VALUE);
      }
    });
    return hashes.build().sorted().toArray();
  }

  /** Returns whether any row has a time. */
  synchronized boolean hasTimes() {
    return lastMillis >= firstMillis;
  }

  /** Returns whether all times are midnights. */
  synchronized boolean areDates() {
    return areDates;
  }

  synchronized long firstMillis() {
    return firstMillis;
  }

  synchronized long lastMillis() {
    return lastMillis;
  }

  /** Returns how many rows have no time. */
  synchronized long withoutTime() {
    return withoutTime;
  }

  /** Returns at most so many blocks that have enough rows, a fair sample of all that have. */
  synchronized Blocks choose(int most) {
    long[] hashes = hashes(BlockVariation.FEWEST_ROWS);
    int chosen = Math.min(hashes.length, most);
    LongStream.Builder found = LongStream.builder();
    if (chosen > 0) {
      long greatest = hashes[chosen - 1] ^ Long.MIN_VALUE;
      counts.forEach((block, rows) -> {
        if (rows >= BlockVariation.FEWEST_ROWS && !isOver(block, greatest)) {
          found.add(block);
        }
      });
    }
    return new Blocks(blockMillis, found.build().toArray());
  }
}
