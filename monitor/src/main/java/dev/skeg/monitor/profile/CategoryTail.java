package dev.skeg.monitor.profile;

import dev.skeg.monitor.record.CategoryHash;
import java.util.Arrays;

/**
 * The categories of a baseline that have no bin of their own: a set of hashes, or, where there are
 * more than {@link #MAX_EXACT}, a Bloom filter of them.
 *
 * <p>The filter has 16 bits a category and 11 probes: one unseen category in 2,000 is taken for a
 * known one. Source: B. H. Bloom, "Space/Time Trade-offs in Hash Coding with Allowable Errors",
 * 1970; two hashes stand for all of them after A. Kirsch and M. Mitzenmacher, "Less Hashing, Same
 * Performance", 2006.
 *
 * <p>Immutable.
 */
public final class CategoryTail {
  /** Hashes that are kept as they are, at most. */
  public static final int MAX_EXACT = 100_000;

  /** No other categories. */
  public static final CategoryTail EMPTY = new CategoryTail(false, new long[0], 0);

  private static final int BITS_EACH = 16;
  private static final int PROBES = 11;

  private final boolean isBloom;
  private final long[] words; // The hashes ascending, or the filter's bits.
  private final long count;
  private final long[] table; // Of an exact tail: open addressing by low bits; 0 is free.

  private CategoryTail(boolean isBloom, long[] words, long count) {
    this.isBloom = isBloom;
    this.words = words;
    this.count = count;
    this.table = isBloom ? new long[0] : table(words);
  }

  /**
   * Returns the tail of those hashes.
   *
   * @param hashes each only once, in any order; none {@link CategoryHash#MISSING}
   */
  public static CategoryTail of(long[] hashes) {
    if (hashes.length == 0) {
      return EMPTY;
    }
    if (hashes.length > MAX_EXACT) {
      int size = Math.ceilDiv(Math.multiplyExact(hashes.length, BITS_EACH), Long.SIZE);
      long[] bits = new long[size];
      for (long hash : hashes) {
        for (int i = 0; i < PROBES; i++) {
          long bit = bit(hash, i, size);
          bits[(int) (bit >>> 6)] |= 1L << bit;
        }
      }
      return new CategoryTail(true, bits, hashes.length);
    }
    long[] sorted = hashes.clone();
    Arrays.sort(sorted);
    for (int i = 0; i < sorted.length; i++) {
      if (sorted[i] == CategoryHash.MISSING || (i > 0 && sorted[i] == sorted[i - 1])) {
        throw new IllegalArgumentException(
            "hashes: " + sorted[i] + " (expected: each only once, none 0)");
      }
    }
    return new CategoryTail(false, sorted, sorted.length);
  }

  /**
   * Returns a tail from its file form.
   *
   * @param words as {@link #words()} gave them
   */
  static CategoryTail of(boolean isBloom, long[] words, long count) {
    return isBloom ? new CategoryTail(true, words.clone(), count) : of(words);
  }

  private static long[] table(long[] hashes) {
    int capacity = Integer.highestOneBit(Math.max(1, hashes.length)) * 4;
    long[] table = new long[capacity];
    for (long hash : hashes) {
      int slot = (int) hash & capacity - 1;
      while (table[slot] != 0) {
        slot = slot + 1 & capacity - 1;
      }
      table[slot] = hash;
    }
    return table;
  }

  private static long bit(long hash, int probe, int words) {
    long second = Long.rotateLeft(hash, 32) * 0x9E3779B97F4A7C15L | 1;
    return Long.remainderUnsigned(hash + probe * second, (long) words * Long.SIZE);
  }

  /** Returns whether a category is one of them; of a Bloom filter, whether it may be. */
  public boolean contains(long hash) {
    if (isBloom) {
      for (int i = 0; i < PROBES; i++) {
        long bit = bit(hash, i, words.length);
        if ((words[(int) (bit >>> 6)] & 1L << bit) == 0) {
          return false;
        }
      }
      return true;
    }
    int mask = table.length - 1;
    for (int slot = (int) hash & mask; table[slot] != 0; slot = slot + 1 & mask) {
      if (table[slot] == hash) {
        return true;
      }
    }
    return false;
  }

  public boolean isEmpty() {
    return count == 0;
  }

  /** Returns how many categories there are. */
  public long count() {
    return count;
  }

  /** Returns whether it is a Bloom filter, which takes a few unseen categories for known ones. */
  public boolean isApproximate() {
    return isBloom;
  }

  /** The hashes ascending, or the filter's bits; not to be changed. */
  long[] words() {
    return words;
  }

  @Override
  public boolean equals(Object other) {
    return other == this
        || (other instanceof CategoryTail that
            && isBloom == that.isBloom
            && count == that.count
            && Arrays.equals(words, that.words));
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(words);
  }

  @Override
  public String toString() {
    return count + (isBloom ? " categories in a Bloom filter" : " categories");
  }
}
