package dev.skeg.monitor.baseline;

import dev.skeg.monitor.data.RowBatch;
import dev.skeg.monitor.data.SplitMix;
import java.util.Arrays;

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

  // Guarded by this: open addressing; a slot is free where no row is counted.
  private long[] blocks = new long[1 << 10];
  private long[] counts = new long[1 << 10];
  private int size;
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
    long hash = SplitMix.hash(block);
    if (Long.compareUnsigned(hash, limit) > 0) {
      return;
    }
    int mask = blocks.length - 1;
    int slot = (int) hash & mask;
    while (counts[slot] != 0 && blocks[slot] != block) {
      slot = slot + 1 & mask;
    }
    if (counts[slot] == 0) {
      blocks[slot] = block;
      size++;
    }
    counts[slot] += rows;
    if (size > blocks.length / 2) {
      rebuild();
    }
  }

  private void rebuild() {
    if (size > MOST) {
      long[] hashes = new long[size];
      int next = 0;
      for (int i = 0; i < blocks.length; i++) {
        if (counts[i] != 0) {
          hashes[next++] = SplitMix.hash(blocks[i]) ^ Long.MIN_VALUE;
        }
      }
      Arrays.sort(hashes);
      limit = hashes[size / 4] ^ Long.MIN_VALUE;
    }
    long[] oldBlocks = blocks;
    long[] oldCounts = counts;
    int capacity = size > MOST ? oldBlocks.length : 2 * oldBlocks.length;
    blocks = new long[capacity];
    counts = new long[capacity];
    size = 0;
    int mask = capacity - 1;
    for (int i = 0; i < oldBlocks.length; i++) {
      long hash = SplitMix.hash(oldBlocks[i]);
      if (oldCounts[i] != 0 && Long.compareUnsigned(hash, limit) <= 0) {
        int slot = (int) hash & mask;
        while (counts[slot] != 0) {
          slot = slot + 1 & mask;
        }
        blocks[slot] = oldBlocks[i];
        counts[slot] = oldCounts[i];
        size++;
      }
    }
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
    long[] hashes = new long[size];
    int next = 0;
    for (int i = 0; i < blocks.length; i++) {
      if (counts[i] >= BlockVariation.FEWEST_ROWS) {
        hashes[next++] = SplitMix.hash(blocks[i]) ^ Long.MIN_VALUE;
      }
    }
    hashes = Arrays.copyOf(hashes, next);
    Arrays.sort(hashes);
    int chosen = Math.min(next, most);
    long greatest = chosen == 0 ? 0 : hashes[chosen - 1] ^ Long.MIN_VALUE;
    long[] found = new long[chosen];
    int count = 0;
    for (int i = 0; i < blocks.length && count < chosen; i++) {
      if (counts[i] >= BlockVariation.FEWEST_ROWS
          && Long.compareUnsigned(SplitMix.hash(blocks[i]), greatest) <= 0) {
        found[count++] = blocks[i];
      }
    }
    return new Blocks(blockMillis, found);
  }
}
