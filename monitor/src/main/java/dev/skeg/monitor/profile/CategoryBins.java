package dev.skeg.monitor.profile;

import dev.skeg.monitor.record.CategoryHash;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;

/**
 * Bins of categories, which are known by their {@link CategoryHash}.
 *
 * <p>In this order: {@link Bins#MISSING}, {@link #UNSEEN}, the named categories in the order given,
 * and, if the baseline has more than those, {@link #TAIL_BUCKETS} buckets for the others, by the
 * upper four bits of their hash.
 */
public final class CategoryBins implements Bins {
  /** Categories that the baseline does not have. */
  public static final int UNSEEN = 1;

  public static final int FIRST_NAMED = 2;

  /** Named categories at most. */
  public static final int MAX_NAMED = 128;

  /** Buckets of the categories that have no bin of their own. */
  public static final int TAIL_BUCKETS = 16;

  private static final int TAIL_SHIFT = Long.SIZE - 4;

  private final List<String> names;
  private final long[] hashes;
  private final CategoryTail tail;
  private final long[] slots; // Open addressing by the hashes' low bits; 0 is free.
  private final byte[] slotNames;

  /**
   * @param names categories with a bin of their own, the most frequent first
   * @param tail the baseline's other categories
   */
  public CategoryBins(List<String> names, CategoryTail tail) {
    this(names, names.stream().mapToLong(CategoryHash::of).toArray(), tail);
  }

  private CategoryBins(List<String> names, long[] hashes, CategoryTail tail) {
    this.names = List.copyOf(names);
    this.hashes = hashes;
    this.tail = tail;
    if (names.size() > MAX_NAMED) {
      throw new IllegalArgumentException(
          "names: " + names.size() + " (expected: at most " + MAX_NAMED + ")");
    }
    if (new HashSet<>(names).size() < names.size() || names.contains("")) {
      throw new IllegalArgumentException(
          "names: " + names + " (expected: each only once, none empty)");
    }
    int capacity = Integer.highestOneBit(Math.max(1, names.size())) * 4;
    this.slots = new long[capacity];
    this.slotNames = new byte[capacity];
    for (int i = 0; i < names.size(); i++) {
      long hash = hashes[i];
      int slot = (int) hash & capacity - 1;
      while (slots[slot] != 0) {
        slot = slot + 1 & capacity - 1;
      }
      slots[slot] = hash;
      slotNames[slot] = (byte) i;
    }
  }

  /**
   * Returns bins of categories whose names nobody knows: they are called by their hash, as {@code
   * #44bc2cf5ad770999}.
   *
   * @param hashes of categories with a bin of their own, the most frequent first
   */
  public static CategoryBins ofHashes(long[] hashes, CategoryTail tail) {
    List<String> names =
        Arrays.stream(hashes).mapToObj(hash -> String.format("#%016x", hash)).toList();
    return new CategoryBins(names, hashes.clone(), tail);
  }

  /** Returns the hashes of the categories that have a bin of their own. */
  long[] hashes() {
    return hashes.clone();
  }

  /** Returns whether its categories are called by their names. */
  boolean hasNames() {
    for (int i = 0; i < hashes.length; i++) {
      if (hashes[i] != CategoryHash.of(names.get(i))) {
        return false;
      }
    }
    return true;
  }

  /** Returns the bin of a category by its hash. */
  public int binOf(long hash) {
    if (hash == CategoryHash.MISSING) {
      return MISSING;
    }
    int mask = slots.length - 1;
    for (int slot = (int) hash & mask; slots[slot] != 0; slot = slot + 1 & mask) {
      if (slots[slot] == hash) {
        return FIRST_NAMED + (slotNames[slot] & 0xFF);
      }
    }
    if (tail.contains(hash)) {
      return firstTail() + (int) (hash >>> TAIL_SHIFT);
    }
    return UNSEEN;
  }

  /** Returns the categories that have a bin of their own; their bins start at 2. */
  public List<String> names() {
    return names;
  }

  /** Returns the baseline's other categories. */
  public CategoryTail tail() {
    return tail;
  }

  /** Returns the bin of the first bucket, if the tail is not empty. */
  public int firstTail() {
    return FIRST_NAMED + names.size();
  }

  @Override
  public int size() {
    return firstTail() + (tail.isEmpty() ? 0 : TAIL_BUCKETS);
  }

  @Override
  public String label(int bin) {
    if (bin == MISSING) {
      return "missing";
    }
    if (bin == UNSEEN) {
      return "unseen";
    }
    return bin < firstTail()
        ? names.get(bin - FIRST_NAMED)
        : "other (" + (bin - firstTail() + 1) + " of " + TAIL_BUCKETS + ")";
  }

  @Override
  public boolean equals(Object other) {
    return other == this
        || (other instanceof CategoryBins that
            && names.equals(that.names)
            && Arrays.equals(hashes, that.hashes)
            && tail.equals(that.tail));
  }

  @Override
  public int hashCode() {
    return 31 * names.hashCode() + tail.hashCode();
  }

  @Override
  public String toString() {
    return "CategoryBins[names=" + names + ", tail=" + tail + "]";
  }
}
