package dev.skeg.monitor.baseline;

import dev.skeg.monitor.record.CategoryHash;
import java.util.ArrayList;
import java.util.List;

/**
 * How often each category of a column comes, by hash.
 *
 * <p><b>Threads.</b> Any; one at a time is let in.
 */
final class CategoryCounts {
  /** Categories that are counted; a column of more is no feature. */
  static final int MOST = 1_000_000;

  /** A category and how many rows have it. */
  record Counted(long hash, long rows) {}

  // Guarded by this: open addressing by the hashes' low bits; 0 is free, since no category has it.
  private long[] hashes = new long[1 << 10];
  private long[] counts = new long[1 << 10];
  private int size;
  private boolean overflown;

  synchronized void add(long[] batch, int rows) {
    for (int row = 0; row < rows; row++) {
      if (batch[row] != CategoryHash.MISSING) {
        add(batch[row]);
      }
    }
  }

  private void add(long hash) {
    int mask = hashes.length - 1;
    int slot = (int) hash & mask;
    while (hashes[slot] != hash) {
      if (hashes[slot] == 0) {
        if (size == MOST) {
          overflown = true;
          return;
        }
        hashes[slot] = hash;
        size++;
        if (size > hashes.length / 2) {
          counts[slot]++;
          grow();
          return;
        }
        break;
      }
      slot = slot + 1 & mask;
    }
    counts[slot]++;
  }

  private void grow() {
    long[] oldHashes = hashes;
    long[] oldCounts = counts;
    hashes = new long[2 * oldHashes.length];
    counts = new long[hashes.length];
    int mask = hashes.length - 1;
    for (int i = 0; i < oldHashes.length; i++) {
      if (oldHashes[i] != 0) {
        int slot = (int) oldHashes[i] & mask;
        while (hashes[slot] != 0) {
          slot = slot + 1 & mask;
        }
        hashes[slot] = oldHashes[i];
        counts[slot] = oldCounts[i];
      }
    }
  }

  /** Returns whether there are more than can be counted. */
  synchronized boolean isOverflown() {
    return overflown;
  }

  /** Returns the categories, the most frequent first. */
  synchronized List<Counted> descending() {
    List<Counted> all = new ArrayList<>(size);
    for (int i = 0; i < hashes.length; i++) {
      if (hashes[i] != 0) {
        all.add(new Counted(hashes[i], counts[i]));
      }
    }
    all.sort((a, b) ->
        a.rows() != b.rows() ? Long.compare(b.rows(), a.rows()) : Long.compare(a.hash(), b.hash()));
    return all;
  }
}
