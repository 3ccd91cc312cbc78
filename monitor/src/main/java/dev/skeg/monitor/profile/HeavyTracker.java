package dev.skeg.monitor.profile;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Finds the values that hold more than half a percent of a column's rows.
 *
 * <p>Every value is counted in one of 1,024 buckets by its hash, which costs next to nothing. Only
 * values whose bucket holds more than 0.15 % of the rows so far are looked at more closely, in a
 * table of frequent items; values that all differ fill no bucket that much. The table keeps credits
 * as J. Misra and D. Gries do ("Finding repeated elements", 1982), all taken down together when it
 * is full, so at most one value in 384 of those that came can be lost. While a column is short,
 * every value goes into the table.
 *
 * <p>So of {@code n} rows a value with {@code 0.005 n} of them has at least {@code 0.0035 n - 3} in
 * the table, more than the {@code n / 384} that it can lose. What the table counts of a value is
 * the least that it can have; the most is that and whatever its bucket has that no value in the
 * table accounts for.
 *
 * <p><b>Threads.</b> One at a time. <b>Allocation.</b> 4 KiB, and 20 KiB when the first value is
 * looked at; none after.
 */
final class HeavyTracker {
  private static final int BUCKET_BITS = 10;
  private static final int BUCKETS = 1 << BUCKET_BITS;
  private static final int CAPACITY = 1024;
  private static final int MOST = 768;
  private static final int LEAVES = MOST / 2;

  /** Up to so many rows, every value goes into the table. */
  private static final int SHORT = 4096;

  private final int[] buckets = new int[BUCKETS];
  private long[] keys = new long[0]; // Open addressing; a place is free where credit is 0.
  private int[] credits = new int[0];
  private int[] counts = new int[0];
  private int[] sorted = new int[0];
  private int used;
  private int threshold;

  /** Tells how many rows the column has before the values that come next. */
  void begin(long rows) {
    threshold = rows < SHORT ? 0 : (int) Math.min(Integer.MAX_VALUE, rows * 3 / 2000 + 2);
  }

  /** Counts a value that has no bin of its own; returns whether it is to be tracked too. */
  boolean count(long bits) {
    return ++buckets[bucket(bits)] > threshold;
  }

  /** Tracks a value that was counted just now. */
  void track(long bits) {
    if (keys.length == 0) {
      keys = new long[CAPACITY];
      credits = new int[CAPACITY];
      counts = new int[CAPACITY];
      sorted = new int[CAPACITY];
    }
    int slot = slot(bits);
    while (credits[slot] != 0) {
      if (keys[slot] == bits) {
        credits[slot]++;
        counts[slot]++;
        return;
      }
      slot = (slot + 1) & (CAPACITY - 1);
    }
    keys[slot] = bits;
    credits[slot] = 1;
    counts[slot] = 1;
    used++;
    if (used == MOST) {
      purge();
    }
  }

  /** Not the bits that choose the bucket: values of one full bucket spread over the table. */
  private static int slot(long bits) {
    long mixed = bits * 0x9E3779B97F4A7C15L;
    return (int) ((mixed ^ (mixed >>> 29)) >>> 12) & (CAPACITY - 1);
  }

  /** Takes from every credit what half of them have at most. */
  private void purge() {
    int size = 0;
    for (int credit : credits) {
      if (credit != 0) {
        sorted[size++] = credit;
      }
    }
    Arrays.sort(sorted, 0, size);
    int taken = sorted[LEAVES - 1];
    long[] oldKeys = keys.clone();
    int[] oldCredits = credits.clone();
    int[] oldCounts = counts.clone();
    Arrays.fill(credits, 0);
    used = 0;
    for (int i = 0; i < CAPACITY; i++) {
      if (oldCredits[i] > taken) {
        int slot = slot(oldKeys[i]);
        while (credits[slot] != 0) {
          slot = (slot + 1) & (CAPACITY - 1);
        }
        keys[slot] = oldKeys[i];
        credits[slot] = oldCredits[i] - taken;
        counts[slot] = oldCounts[i];
        used++;
      }
    }
  }

  /**
   * Returns the frequent values of the column.
   *
   * @param rows of the column
   */
  HeavyValues values(long rows) {
    if (used == 0) {
      return rows == 0 ? HeavyValues.NONE : new HeavyValues(List.of(), rows / 200);
    }
    int[] unknown = buckets.clone(); // What nobody in the table has: any of the bucket may have it.
    for (int i = 0; i < CAPACITY; i++) {
      if (credits[i] != 0) {
        unknown[bucket(keys[i])] -= counts[i];
      }
    }
    List<HeavyValue> values = new ArrayList<>();
    for (int i = 0; i < CAPACITY; i++) {
      if (credits[i] != 0) {
        long atMost = (long) counts[i] + unknown[bucket(keys[i])];
        // Those that may hold a fifth of a percent: the others are of no interest to anybody.
        if (atMost > rows / 500) {
          values.add(new HeavyValue(keys[i], counts[i], atMost));
        }
      }
    }
    return new HeavyValues(values, rows / 200);
  }

  private static int bucket(long bits) {
    return (int) ((bits * 0x9E3779B97F4A7C15L) >>> (Long.SIZE - BUCKET_BITS));
  }

  void clear() {
    Arrays.fill(buckets, 0);
    if (used > 0) {
      Arrays.fill(credits, 0);
      used = 0;
    }
  }
}
