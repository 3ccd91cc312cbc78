package dev.skeg.monitor.baseline;

import dev.skeg.monitor.data.SplitMix;
import java.util.function.LongPredicate;

/**
 * Counts of numbers, without boxes: open addressing by a number's hash, at most half full.
 *
 * <p><b>Threads.</b> One at a time.
 */
final class LongCounts {
  private static final int FIRST_CAPACITY = 1 << 10;

  private long[] keys = new long[FIRST_CAPACITY];
  private long[] counts = new long[FIRST_CAPACITY]; // 0 is free.
  private int size;

  /** What is done with a number and its count. */
  interface Each {
    void take(long key, long count);
  }

  int size() {
    return size;
  }

  /** Adds to a number's count, if it has one; returns whether it has. */
  boolean addIfPresent(long key, long count) {
    int slot = slot(key);
    if (counts[slot] == 0) {
      return false;
    }
    counts[slot] += count;
    return true;
  }

  /**
   * Counts a number that has no count yet.
   *
   * @param count 1 or more
   */
  void put(long key, long count) {
    int slot = slot(key);
    keys[slot] = key;
    counts[slot] = count;
    size++;
    if (size > keys.length / 2) {
      rebuild(2 * keys.length, _ -> true);
    }
  }

  private int slot(long key) {
    int mask = keys.length - 1;
    int slot = (int) SplitMix.hash(key) & mask;
    while (counts[slot] != 0 && keys[slot] != key) {
      slot = slot + 1 & mask;
    }
    return slot;
  }

  private void rebuild(int capacity, LongPredicate isKept) {
    long[] oldKeys = keys;
    long[] oldCounts = counts;
    keys = new long[capacity];
    counts = new long[capacity];
    size = 0;
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldCounts[i] != 0 && isKept.test(oldKeys[i])) {
        int slot = slot(oldKeys[i]);
        keys[slot] = oldKeys[i];
        counts[slot] = oldCounts[i];
        size++;
      }
    }
  }

  /** Forgets those numbers that are not to be kept; there is as much memory as before. */
  void keepOnly(LongPredicate isKept) {
    rebuild(keys.length, isKept);
  }

  /** Forgets all and gives the memory back. */
  void clear() {
    rebuild(2, _ -> false);
  }

  /** Shows all counts, in no order. */
  void forEach(Each each) {
    for (int i = 0; i < keys.length; i++) {
      if (counts[i] != 0) {
        each.take(keys[i], counts[i]);
      }
    }
  }
}
